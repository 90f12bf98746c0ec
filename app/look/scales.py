"""From a feature's own scale (log10 for r_hrs), or standardised numbers, to what stands on an axis."""

from __future__ import annotations

import numpy as np

from app.look import theme
from synaptogen_core.schema import feature


def on_axis(values: np.ndarray, name: str, standard: bool) -> np.ndarray:
    """Standardised numbers stay; others get their handy unit, r_hrs without its logarithm."""
    if standard:
        return values
    return (10**values if feature(name).scale == "log" else values) * theme.factor(name)


def off_axis(value: float, name: str, standard: bool) -> float:
    """Back again."""
    if standard:
        return value
    own = value / theme.factor(name)
    return float(np.log10(max(own, 1e-300))) if feature(name).scale == "log" else own


def standard_label(name: str, more: str = "") -> str:
    """Axis label of a standardised feature: its distance from the cell's own mean in the cell's own spread."""
    return f"{theme.AXES[name][2]}{more} (σ of its cell)"
