"""A parameter with bounds, unit and help -> the material widget that shows all of them."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui
import param

from app.look.number_box import NumberBox, NumberSlider
from app.settings import numbers
from app.settings.sections import Section, unit_of

SLIDER_STEPS = 2000  # a slider with more positions than this cannot be set by hand: use a number box


DENSE = {"& .MuiFormLabel-root": {"fontSize": "0.85rem"}, "& .MuiInputBase-input": {"fontSize": "0.9rem"},
         "& .MuiSlider-root": {"py": "6px"}}  # fmt: skip


def widget(section: Section, name: str, **options: Any) -> Any:
    """The control of one parameter, linked both ways; `widget` chooses another kind of control."""
    parameter = section.param[name]
    kind = options.pop("widget", None) or widget_type(parameter)
    options = {"label": title(parameter, name), "sizing_mode": "stretch_width", "margin": (3, 12)} | options
    if issubclass(kind, NumberBox):
        return number_box(section, name, kind, options)
    options = {"description": help_text(parameter, name), "size": "small", "sx": DENSE} | options
    if kind is pmui.Switch:
        options.pop("size")
    if isinstance(parameter, param.Selector):
        options["options"] = parameter.names or parameter.objects
    control = kind(value=getattr(section, name), **options)
    link(section, name, control)
    return control


def number_box(section: Section, name: str, kind: type[NumberBox], options: dict[str, Any]) -> NumberBox:
    """The control of a number; its bounds follow those of the parameter."""
    parameter = section.param[name]
    whole = isinstance(parameter, param.Integer)
    low, high = bounds_of(parameter)
    control = kind(
        value=getattr(section, name), start=low, end=high, step=parameter.step or (1 if whole else 0.1), whole=whole,
        unit=unit_of(parameter), help=help_text(parameter, name), **options,
    )  # fmt: skip

    def limit(event: Any) -> None:
        low, high = bounds_of(parameter)
        value = min(max(control.value, low), high)
        control.param.update(value=value, start=low, end=high, help=help_text(parameter, name))

    def moved(event: Any) -> None:
        try:
            setattr(section, name, control.value)  # not the event's: an answer to it may have come first
        except ValueError:  # a slider can be a moment behind bounds that have just changed
            control.value = getattr(section, name)
            control.refuse(
                f"{event.new}", f"must be {range_text(parameter, name)} (got {numbers.number_text(control.value)})"
            )

    control.param.watch(moved, "value")
    section.param.watch(lambda event: control.param.update(value=getattr(section, name)), name)
    for what in ("bounds", "softbounds"):
        section.param.watch(limit, name, what=what)
    return control


def bounds_of(parameter: param.Number) -> tuple[float, float]:
    """What a number may be now: its soft bounds follow other settings."""
    low, high = parameter.softbounds or parameter.bounds
    return low, high


def link(section: Section, name: str, control: Any) -> None:
    """Keep a parameter and its control equal. What the parameter refuses, the control takes back."""

    def moved(event: Any) -> None:
        try:
            setattr(section, name, event.new)
        except ValueError:
            control.value = getattr(section, name)
            what, got = title(section.param[name], name), "nothing" if event.new is None else repr(event.new)
            raise ValueError(f"{what}: must be one of its choices (got {got}); the old value stays") from None

    control.param.watch(moved, "value")
    section.param.watch(lambda event: control.param.update(value=event.new), name)


def widget_type(parameter: param.Parameter) -> Any:
    if isinstance(parameter, param.Boolean):
        return pmui.Switch
    if isinstance(parameter, param.Selector):
        return pmui.Select
    if isinstance(parameter, param.Number):
        low, high = parameter.bounds
        return NumberSlider if (high - low) / (parameter.step or 1) <= SLIDER_STEPS else NumberBox
    return pmui.TextAreaInput


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
