"""Default values that are kept are those that Bokeh works out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.models import Button, ColumnDataSource, Div, Quad, Range1d
from bokeh.plotting import figure
from bokeh.themes import Theme

from app.server import defaults


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[object, object]]:
    monkeypatch.setattr(defaults, "KNOWN", known := {})
    monkeypatch.setattr(PropertyDescriptor, "_get_default", PropertyDescriptor._get_default)  # put back afterwards
    defaults.keep()
    yield known


def models() -> list[Any]:
    plot = figure()
    return [*plot.references(), Button(), Div(), Quad(), Range1d(), ColumnDataSource()]


def test_every_property_has_the_value_that_bokeh_gives_it(kept: dict[object, object]) -> None:
    seen = 0
    for model in models():
        for name in type(model).properties():
            descriptor = type(model).lookup(name)
            if name in model._property_values or descriptor.has_unstable_default(model):
                continue
            ours, bokehs = descriptor._get(model), defaults.BOKEHS(descriptor, model)
            assert type(ours) is type(bokehs) and (ours == bokehs or ours != ours), (model, name)  # or NaN
            seen += 1
    assert seen > 500 and kept


def test_what_is_made_anew_is_shared_by_none(kept: dict[object, object]) -> None:
    first, second = Div(), Div()
    first.css_classes.append("mine")
    first.styles["color"] = "red"
    assert second.css_classes == [] and second.styles == {}
    assert figure().x_range is not figure().x_range
    assert not any(isinstance(value, list | dict | set) for value in kept.values())


def test_a_theme_still_counts(kept: dict[object, object]) -> None:
    plain, dressed = Div(), Div()
    assert plain.width is None
    Theme(json={"attrs": {"Div": {"width": 77}}}).apply_to_model(dressed)
    assert (plain.width, dressed.width, Div().width) == (None, 77, None)
    dressed.width = 5
    assert dressed.width == 5 and plain.width is None
