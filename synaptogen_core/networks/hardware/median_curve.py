"""The RESET voltage for a conductance, as the median of a device has it: for cells that nobody verifies."""

from __future__ import annotations

import numpy as np

from synaptogen_core.crossbar.readout.error_budget import median_feature
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import R_HRS, R_LRS, U_RESET
from synaptogen_core.types import F64

STEPS = 400  # voltages of the curve


def reset_voltages(device: DeviceParameters, target: F64, u_read: float) -> F64:
    """Voltages of one RESET pulse after a SET that leave a cell of median features at its target [V].

    Parameters
    ----------
    device : DeviceParameters
    target : ndarray of float64, any shape
        Conductances at `u_read` [S].
    u_read : float
        [V].

    Returns
    -------
    ndarray of float64, shape of `target`

    References
    ----------
    The transition I = a |Umax - U|^eta + c between LRS and HRS: Hennen et al. 2024; docs/model.md, "Switching".
    """
    r_lrs, r_hrs, u_reset = (
        median_feature(device, R_LRS),
        10 ** median_feature(device, R_HRS),
        median_feature(device, U_RESET),
    )
    volts = np.linspace(u_reset, device.u_max, STEPS)
    first = _current(device, 1 / r_lrs, u_reset)
    last = _current(device, 1 / r_hrs, device.u_max)
    share = ((device.u_max - volts) / (device.u_max - u_reset)) ** device.eta
    current = last + (first - last) * share
    low, high = np.polyval(device.llrs, volts), np.polyval(device.hhrs, volts)
    mixing = (current - low) / (high - low)
    read_low, read_high = np.polyval(device.llrs, u_read), np.polyval(device.hhrs, u_read)
    conductance = (read_low + mixing * (read_high - read_low)) / u_read
    falling = np.minimum.accumulate(conductance)[::-1]
    return np.asarray(np.interp(target, falling, volts[::-1]))


def _current(device: DeviceParameters, conductance: float, u: float) -> float:
    """Current at `u` of a cell with a conductance at u_0 [A]."""
    r = (device.g_llrs - conductance) / (device.g_llrs - device.g_hhrs)
    return float((1 - r) * np.polyval(device.llrs, u) + r * np.polyval(device.hhrs, u))
