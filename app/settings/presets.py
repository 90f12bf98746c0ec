"""Whole set-ups of train and device, from where people usually start."""

from __future__ import annotations

from typing import Any

from app.settings.reach import RANGE
from app.settings.sections import Settings
from app.settings.segments import PRESETS as TRAINS

_WEIGHTS = TRAINS["weights"]
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "memory": ("Memory: full cycles", {}),
    "weights": ("Analog weights: partial RESET", {"kind": "lab", "segments": _WEIGHTS[1], "cycles": _WEIGHTS[2]}),
    "levels": ("Multi-level: RESET staircase", {"kind": "staircase", "cycles": 20}),
    "worst": ("Worst case: wide spreads, many outliers", {"c2c": 1.5, "d2d": 1.8, "outlier_share": 20.0}),
    "textbook": ("Textbook: Gaussian, no memory, no correlations",
                 {"shapes": "gaussian", "memory": False, "correlations": False, "outlier_share": 0.0}),
}  # fmt: skip
ITEMS = tuple((key, title) for key, (title, _) in PRESETS.items())


def changes(settings: Settings, key: str) -> dict[str, object]:
    """Settings of a preset by their names in a link: those of train and device, all others of these at their defaults.

    Array and read-out stay, and so does the device; what an own device does not have is left out, and a spread beyond
    what it allows is the widest that it allows.
    """
    wanted = {}
    for section in (settings.train, settings.device):
        for name in section.names():
            if name == "device" or (section is settings.device and name not in section.active()):
                continue
            parameter = section.param[name]
            value = PRESETS[key][1].get(name, parameter.default)
            if name in section.TEXTS and name in PRESETS[key][1]:
                value = section.TEXTS[name](value, settings.reach / RANGE)
            low, high = getattr(parameter, "bounds", None) or (None, None)
            wanted[name] = value if low is None else min(max(value, low), high)
    return wanted
