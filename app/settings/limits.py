"""What the controls may offer for a device that the user brings."""

from __future__ import annotations

import math
import threading

from app.settings.reach import RANGE
from app.settings.sections import DeviceSettings, Limits, Request
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import Cancelled

MOST_CLIPPED = 0.01  # share of the cells whose spread would fall below the model's floor
MOST_COMPONENTS = 3  # for features without correlations: there is a component then for each combination
FINEST = 0.01  # V: step of the voltage controls
FARTHEST = 1000.0  # V: end of the voltage controls, whatever a file says


def limits_of(device: DeviceParameters, cancel: threading.Event | None = None) -> Limits:
    """What may be chosen for a device. Some milliseconds, or half a second for the largest sets: it widens the spread
    to see what clips. Raises Cancelled once `cancel` is set.
    """
    share = round(100 * device.outlier_share, 1)
    low, high = DeviceSettings.param["u_max"].bounds
    small, large = DeviceSettings.param["eta"].bounds
    bounds = {
        "outlier_share": (0.0, max(DeviceSettings.param["outlier_share"].bounds[1], share)),
        "order": (1, max(device.var)),
        "eta": (min(small, device.eta), max(large, device.eta)),
        "u_max": (min(low, max(device.u_max - 0.3, device.u_0 + 0.1), device.u_max), max(high, device.u_max)),
        "d2d": (0.0, widest(device, cancel)),
    }
    values = {"outlier_share": share, "order": device.order, "eta": device.eta, "u_max": device.u_max}
    missing = {
        "outlier_share": not 0 < device.outlier_share < 1,
        "order": max(device.var) == 1,
        "d2d": not device.factors.any() and len(device.weights) == 1,
        "correlations": sum(weight > 0 for weight in device.weights) > MOST_COMPONENTS,
    }
    return Limits(bounds, values, reach(device), tuple(name for name, gone in missing.items() if gone))


def reach(device: DeviceParameters) -> float:
    """How far pulses go [V]: as far as was measured, in steps of the controls if these hold a full RESET."""
    farthest = min(device.valid_range, FARTHEST)
    measured = round(math.floor(farthest / FINEST + 1e-6) * FINEST, 2)
    return measured if measured >= device.u_max else math.ceil(1e3 * max(farthest, device.u_max) - 1e-6) / 1e3


def reach_of(request: Request) -> float:
    """How far pulses go on the device of a request [V]."""
    device = request.device.device
    return RANGE if isinstance(device, str) else reach(device)


def widest(device: DeviceParameters, cancel: threading.Event | None = None) -> float:
    """The largest factor on the device-to-device spread, in tenths from 1 to 3, that hardly clips any cell."""
    found = 1.0
    for tenths in range(11, 31):
        if cancel is not None and cancel.is_set():
            raise Cancelled("the device was not taken")
        if device.vary(d2d=tenths / 10).clipped_share() > MOST_CLIPPED:
            break
        found = tenths / 10
    return found
