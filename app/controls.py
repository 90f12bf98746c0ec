"""A parameter with bounds, unit and help -> the material widget that shows all of them."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui
import param

from app.settings import UNITS, Section

SLIDER_STEPS = 2000  # a slider with more positions than this cannot be set by hand: use a number box


DENSE = {"& .MuiFormLabel-root": {"fontSize": "0.85rem"}, "& .MuiInputBase-input": {"fontSize": "0.9rem"},
         "& .MuiSlider-root": {"py": "6px"}}  # fmt: skip


def widget(section: Section, name: str, **options: Any) -> Any:
    """The control of one parameter, linked both ways; `widget` chooses another kind of control."""
    parameter = section.param[name]
    kind = options.pop("widget", None) or widget_type(parameter)
    options = {"label": title(parameter, name), "description": help_text(parameter, name), "size": "small",
               "sizing_mode": "stretch_width", "margin": (3, 12), "sx": DENSE} | options  # fmt: skip
    if kind is pmui.Switch:
        options.pop("size")
    if isinstance(parameter, param.Selector):
        options["options"] = parameter.names or parameter.objects
    if isinstance(parameter, param.Number) and not isinstance(parameter, param.Boolean):
        (low, high), step = parameter.bounds, parameter.step
        options |= {"start": low, "end": high} | ({"step": step} if step else {})
        if kind in (pmui.EditableIntSlider, pmui.EditableFloatSlider):
            options = {"inline_layout": True, "fixed_start": low, "fixed_end": high} | options
    control = kind(value=getattr(section, name), **options)
    link(section, name, control)
    if "start" in options:
        section.param.watch(lambda event: limit(section, name, control), name, what="bounds")
    return control


def limit(section: Section, name: str, control: Any) -> None:
    """Bounds of a control that follow those of its parameter, as another device brings them."""
    low, high = section.param[name].bounds
    ends = {"start": low, "end": high}
    if "fixed_start" in control.param:
        ends |= {"fixed_start": low, "fixed_end": high}
    value = min(max(control.value, low), high)
    control.param.update(value=value, description=help_text(section.param[name], name), **ends)


def link(section: Section, name: str, control: Any) -> None:
    """Keep a parameter and its control equal. What the parameter refuses, the control takes back."""

    def moved(event: Any) -> None:
        try:
            setattr(section, name, event.new)
        except ValueError:
            control.value = getattr(section, name)
            what, allowed = title(section.param[name], name), range_text(section.param[name], name)
            got = "nothing" if event.new is None else repr(event.new)
            raise ValueError(f"{what}: must be {allowed} (got {got}); the old value stays") from None

    control.param.watch(moved, "value")
    section.param.watch(lambda event: control.param.update(value=event.new), name)


def widget_type(parameter: param.Parameter) -> Any:
    if isinstance(parameter, param.Boolean):
        return pmui.Switch
    if isinstance(parameter, param.Selector):
        return pmui.Select
    if isinstance(parameter, param.Number):
        low, high = parameter.bounds
        integer = isinstance(parameter, param.Integer)
        if (high - low) / (parameter.step or 1) <= SLIDER_STEPS:
            return pmui.EditableIntSlider if integer else pmui.EditableFloatSlider
        return pmui.IntInput if integer else pmui.FloatInput
    return pmui.TextAreaInput


def title(parameter: param.Parameter, name: str) -> str:
    """The label with its unit: ``SET pulse (V)``."""
    unit = UNITS.get(name)
    return f"{parameter.label} ({unit})" if unit else parameter.label


def help_text(parameter: param.Parameter, name: str) -> str:
    """One line of help with the range."""
    doc = (parameter.doc or "").strip()
    allowed = range_text(parameter, name)
    return f"{doc} {allowed[0].upper()}{allowed[1:]}." if allowed.startswith("from") else doc


def range_text(parameter: param.Parameter, name: str) -> str:
    """What a parameter may be: ``from -1.5 to -0.1 V``."""
    if not isinstance(parameter, param.Number) or not parameter.bounds:
        return "one of its choices"
    low, high = (f"{bound:g}" if abs(bound) < 1e6 else f"{bound:,}" for bound in parameter.bounds)
    unit = UNITS.get(name)
    return f"from {low} to {high}{' ' + unit if unit else ''}".replace("-", "−")
