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
    """The control of one parameter, linked both ways."""
    parameter = section.param[name]
    options = {"label": title(parameter, name), "description": help_text(parameter, name), "size": "small",
               "sizing_mode": "stretch_width", "margin": (3, 12), "sx": DENSE} | options  # fmt: skip
    kind = options.pop("widget", None) or widget_type(parameter)
    if kind in (pmui.EditableIntSlider, pmui.EditableFloatSlider):
        low, high = parameter.bounds
        options = {"inline_layout": True, "fixed_start": low, "fixed_end": high} | options
    if kind is pmui.Switch:
        options.pop("size")
    return kind.from_param(parameter, **options)


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
    if not isinstance(parameter, param.Number) or not parameter.bounds:
        return doc
    low, high = (f"{bound:g}" if abs(bound) < 1e6 else f"{bound:,}" for bound in parameter.bounds)
    unit = UNITS.get(name)
    return f"{doc} From {low} to {high}{' ' + unit if unit else ''}."
