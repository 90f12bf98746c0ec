"""Where random pulse voltages come from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.device.model import random_streams

DEFAULTS = {"uniform": {"low": -1.5, "high": 1.5}, "normal": {"mean": 0.0, "sd": 0.5}}


@dataclass(frozen=True)
class RandomSource:
    """A distribution and a seed: each voltage is a function of (seed, cell index, pulse index in the whole train).

    Attributes
    ----------
    distribution : str
        "uniform", between `low` and `high` [V], or "normal", with `mean` and `sd` [V]. The other two are None.
    per_cell : bool
        One voltage a cell, or (False) one for all cells.
    seed : int
        0 to 2**64 - 1; not the seed of the cells.
    """

    distribution: str
    low: float | None
    high: float | None
    mean: float | None
    sd: float | None
    per_cell: bool
    seed: int

    def __post_init__(self) -> None:
        """Check everything and fill in the defaults of the distribution."""
        if not isinstance(self.distribution, str) or self.distribution not in DEFAULTS:
            names = " or ".join(map(repr, DEFAULTS))
            raise ValueError(f"distribution: must be {names} (got {self.distribution!r}); choose one of the two")
        own = DEFAULTS[self.distribution]
        for name in ("low", "high", "mean", "sd"):
            value = getattr(self, name)
            if name in own:
                object.__setattr__(self, name, checks.volts(name, own[name] if value is None else value))
            elif value is not None:
                raise ValueError(
                    f"{name}: has no meaning for the {self.distribution} distribution (got {value!r}); "
                    f"give {' and '.join(own)}"
                )
        if self.low is not None and self.high is not None and not np.float32(self.low) < np.float32(self.high):
            raise ValueError(f"high: must be above low (got low {self.low:g} V, high {self.high:g} V); swap or widen")
        if self.sd is not None and not np.float32(self.sd) > 0:
            raise ValueError(f"sd: must be positive (got {self.sd:g} V); for a fixed voltage use identical")
        object.__setattr__(self, "per_cell", checks.flag("per_cell", self.per_cell))
        object.__setattr__(self, "seed", checks.whole("seed", self.seed, 0, 2**64 - 1))

    def settings(self) -> dict[str, Any]:
        """Return what defines the source, without the numbers of the other distribution."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    @property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest voltage [V]; of the normal distribution, within five standard deviations of the mean."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        mean, reach = self.mean or 0.0, 5 * (self.sd or 0.0)
        return mean - reach, mean + reach

    @property
    def amplitude(self) -> float:
        """Largest |U| [V], likewise."""
        return max(map(abs, self.extremes))

    def draw(self, cell: NDArray[np.integer], pulse: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the voltage at each address.

        Parameters
        ----------
        cell, pulse : ndarray of integers, shape (n,)
            Cell number in its array and pulse number in the whole train. Where `per_cell` is False, `cell` is not
            looked at.

        Returns
        -------
        ndarray of float32, shape (n,)
            Voltages [V].
        """
        where = cell if self.per_cell else np.zeros(len(pulse), np.uint64)
        if self.low is not None and self.high is not None:
            low, high = np.float32(self.low), np.float32(self.high)
            u = random_streams.uniforms(self.seed, random_streams.PULSE, where, pulse)[0]
            drawn: NDArray[np.float32] = np.minimum(low + (high - low) * u, high)  # the sum may round past high
            return drawn
        z = random_streams.normals(self.seed, random_streams.PULSE, where, pulse)[0]
        drawn = np.float32(self.mean or 0.0) + np.float32(self.sd or 0.0) * z
        return drawn
