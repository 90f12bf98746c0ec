"""How features are read off loops."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import xarray as xr

from synaptogen_core import checks

SET_METHODS = ("level", "steepest", "peak")
RESET_METHODS = ("peak", "steepest", "level", "kink")
POLARITIES = ("auto", "negative", "positive")


@dataclass(frozen=True)
class FeatureOptions:
    """How features are read off loops.

    Attributes
    ----------
    set_method : {"level", "steepest", "peak"}
        U_SET is where the current first reaches half of its limit (without a limit: half of what the cell carries at
        the same voltage afterwards), where it rises most steeply, or the largest ``|V|`` before it reaches that level.
        Where the high-resistance branch passes that level by itself, an edge further on decides, if there is one.
    reset_method : {"peak", "steepest", "level", "kink"}
        U_RESET is the first maximum of current with enough prominence, where it falls most steeply, where it has
        fallen to half of its maximum, or where it leaves the line of the low-resistance state: the one that a gradual
        RESET has, whose current may never fall.
    smoothing : int
        Samples of the running mean that finds the thresholds, odd; 1 for none.
    series_resistance : float
        Resistance in series with the cell [ohm]; its voltage I R is taken off.
    polarity : {"auto", "negative", "positive"}
        Sign of the SET voltage in the data. Features always have U_SET < 0.
    prominence : float or None
        How far the current must fall after a maximum [A]; None: 1.5 % of the largest RESET current of each loop.
    read_voltage : float
        At which resistances are read [V], on the side of RESET. Where sweeps end below 5/3 of it, about
        40 % of their end is taken instead.
    degrees : (int, int)
        Of the polynomials through the high- and the low-resistance branches.
    fit_range : (float, float)
        Largest ``|V|`` of the two fits [V]. Wider averages more noise; narrower bends less. At least `read_voltage`.
        Wider by itself where fewer steps of the sweep than the degree and one lie in it.
    current_offset : float or None
        What the instrument shows at 0 V [A], in the data's own sign; it is taken off. None: found from the
        high-resistance branches of many loops, and 0 unless they agree that there is one.
    """

    set_method: str = "level"
    reset_method: str = "peak"
    smoothing: int = 5
    series_resistance: float = 0.0
    polarity: str = "auto"
    prominence: float | None = None
    read_voltage: float = 0.2
    degrees: tuple[int, int] = (5, 3)
    fit_range: tuple[float, float] = (0.6, 0.4)
    current_offset: float | None = None

    def __post_init__(self) -> None:
        """Check everything."""
        for name, known in (("set_method", SET_METHODS), ("reset_method", RESET_METHODS), ("polarity", POLARITIES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: must be one of {', '.join(known)} (got {getattr(self, name)!r}); choose one")
        self._keep("smoothing", checks.whole("smoothing", self.smoothing, 1, 501))
        if self.smoothing % 2 == 0:
            raise ValueError(f"smoothing: must be odd (got {self.smoothing}); a mean has a sample in its middle")
        self._keep("series_resistance", checks.number("series_resistance", self.series_resistance))
        if not 0 <= self.series_resistance <= 1e9:
            raise ValueError(
                f"series_resistance: must be from 0 to 1e9 ohm (got {self.series_resistance:g}); 0 corrects nothing"
            )
        if self.prominence is not None:
            self._keep("prominence", checks.number("prominence", self.prominence))
            if not self.prominence > 0:
                raise ValueError(
                    f"prominence: must be above 0 A (got {self.prominence:g}); None adapts it to each loop"
                )
        self._keep("read_voltage", checks.number("read_voltage", self.read_voltage))
        if not 1e-6 <= self.read_voltage <= 100:
            raise ValueError(f"read_voltage: must be from 1e-6 to 100 V (got {self.read_voltage:g}); usual is 0.2 V")
        for name in ("degrees", "fit_range"):
            if not isinstance(getattr(self, name), (tuple, list)) or len(getattr(self, name)) != 2:
                raise TypeError(f"{name}: must be two numbers, of HRS and LRS (got {getattr(self, name)!r}); give both")
        if self.current_offset is not None:
            self._keep("current_offset", checks.number("current_offset", self.current_offset))
        self._keep("degrees", tuple(checks.whole("degrees", degree, 1, 9) for degree in self.degrees))
        self._keep("fit_range", tuple(checks.number("fit_range", largest) for largest in self.fit_range))
        if not self.read_voltage <= min(self.fit_range) or not max(self.fit_range) <= 100:
            raise ValueError(
                f"fit_range: must be from the read voltage, {self.read_voltage:g} V, to 100 V (got {self.fit_range}); "
                "resistances are read inside the fit"
            )

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def to_json(self) -> str:
        """The options as JSON, as a Dataset of features carries them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> FeatureOptions:
        """Options out of `to_json`.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        FeatureOptions
            All checks made again.

        Raises
        ------
        ValueError, TypeError
            If the text holds other or bad options.
        """
        return cls(**json.loads(text))

    @classmethod
    def of(cls, features: xr.Dataset) -> FeatureOptions | None:
        """The options with which features were extracted; None where the Dataset does not say.

        Parameters
        ----------
        features : xarray.Dataset
            Its attribute ``feature_options`` is JSON, or missing.

        Returns
        -------
        FeatureOptions or None
            All checks made again.
        """
        text = features.attrs.get("feature_options")
        return cls.from_json(text) if text else None
