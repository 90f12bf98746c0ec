"""What a control says of its parameter: label, bounds, help."""

from __future__ import annotations

import param

from app.settings import numbers
from app.settings.sections import unit_of

SLIDER_STEPS = 2000  # a slider with more positions than this cannot be set by hand: use a number box


def bounds_of(parameter: param.Number) -> tuple[float, float]:
    """What a number may be now: its soft bounds follow other settings."""
    low, high = parameter.softbounds or parameter.bounds
    return low, high


def title(parameter: param.Parameter, name: str) -> str:
    """The label with its unit: ``SET pulse (V)``."""
    unit = unit_of(parameter)
    return f"{parameter.label} ({unit})" if unit else parameter.label


def help_text(parameter: param.Parameter, name: str) -> str:
    """One line of help with the range."""
    doc = (parameter.doc or "").strip()
    allowed = range_text(parameter, name)
    return f"{doc} {allowed[0].upper()}{allowed[1:]}." if allowed.startswith("from") else doc


def range_text(parameter: param.Parameter, name: str) -> str:
    """What a parameter may be: ``from −1.5 to −0.1 V``."""
    if not isinstance(parameter, param.Number) or not parameter.bounds:
        return "one of its choices"
    return numbers.range_text(*bounds_of(parameter), unit_of(parameter))
