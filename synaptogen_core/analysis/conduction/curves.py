"""What is known of a device's conduction, fitted or taken from another device."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.types import F64

PUBLISHED_ETA = 3.0567  # Hennen et al. 2024, doi 10.1109/TED.2024.3427616
GRID = 121


@dataclass(frozen=True, eq=False)
class Curves(Frozen):
    """Conduction of a device, as `DeviceParameters` wants it; SI units.

    Attributes
    ----------
    hhrs, llrs : ndarray, shape (degree + 1,)
        Two members of the family, highest power first, the last coefficient 0: one below nearly all measured
        conductances, one above. Any two give the same model.
    hhrs_interval, llrs_interval : ndarray, shape (degree + 1, 2)
        Lower and upper ends for each coefficient; NaN where nothing was fitted.
    u_0 : float
        Voltage at which resistances are defined [V].
    eta : float
        Curvature of the RESET transition.
    eta_interval : tuple of float
        Its lower and upper end; NaN if it was not fitted.
    u_max : float
        Voltage of a full RESET [V].
    valid_range : float
        Largest absolute voltage over the cell [V].
    current : xarray.Dataset
        For pictures, on ``level`` (classes of conductance) and ``voltage``: ``measured`` (mean; NaN where the state was
        not seen), ``fitted``, ``lower``, ``upper`` [A]; coordinates ``conductance`` [S] and ``state``.
    residual : float
        Relative deviation (root mean square) of the median branch from the family at its own features.
    assumed, warnings : tuple of str
        Sentences: what was assumed rather than fitted, and what to be careful with.
    """

    hhrs: F64
    llrs: F64
    hhrs_interval: F64
    llrs_interval: F64
    u_0: float
    eta: float
    eta_interval: tuple[float, float]
    u_max: float
    valid_range: float
    current: xr.Dataset
    residual: float
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self)


def currents(
    grid: F64, levels: F64, states: list[str], measured: F64, fitted: F64, lower: F64, upper: F64
) -> xr.Dataset:
    """Currents as a Dataset, for pictures.

    Parameters
    ----------
    grid : ndarray, shape (points,)
        [V]
    levels : ndarray, shape (levels,)
        Static conductances [S].
    states : list of str
        One a level.
    measured, fitted, lower, upper : ndarray, shape (levels, points)
        [A]

    Returns
    -------
    xarray.Dataset
    """
    words = {"measured": "mean measured current", "fitted": "current of the fitted family",
             "lower": "lower end of its interval", "upper": "upper end of its interval"}  # fmt: skip
    values = zip(words.items(), (measured, fitted, lower, upper), strict=True)
    return xr.Dataset(
        {name: (("level", "voltage"), v, {"long_name": text, "units": "A"}) for (name, text), v in values},
        coords={
            "voltage": ("voltage", grid, {"long_name": "voltage", "units": "V"}),
            "conductance": ("level", levels, {"long_name": "static conductance at the read voltage", "units": "S"}),
            "state": ("level", states, {"long_name": "resistance state", "units": "1"}),
        },
    )
