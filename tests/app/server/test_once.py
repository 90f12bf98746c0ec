"""What is worked out once is what Bokeh works out: of each value, of what is written, and of who refers to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import bokeh.model.util as walking
import panel.io.server as pages
import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.property.dataspec import DataSpec
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.document import Document
from bokeh.models import Button, ColumnDataSource, CustomJS, Div, HoverTool, Quad, Range1d
from bokeh.plotting import figure
from bokeh.settings import settings
from bokeh.themes import Theme, built_in_themes
from panel.io.state import set_curdoc, state

from app.look.theme import GROUND
from app.page.dashboard import Dashboard
from app.server import once

PATCHED: tuple[tuple[Any, str], ...] = (
    (HasProps, "__init__"), (HasProps, "themed_values"), (HasProps, "properties_with_values"),
    (HasProps, "_overridden_defaults"), (PropertyDescriptor, "_get_default"),
    (PropertyDescriptor, "has_unstable_default"), (DataSpec, "to_serializable"),
    (walking, "visit_immediate_value_references"), (pages, "bundle_resources"),
)  # fmt: skip
NAME = r'"((__ref:)?p\d+|[A-Za-z]+\d{5}|\w+[0-9a-f]{32})"'  # other ones on each page
SET = "simple_ids", "serialize_include_defaults", "perform_document_validation", "perform_error_diagnostics"


@pytest.fixture(autouse=True)
def put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for owner, name in PATCHED:
        monkeypatch.setattr(owner, name, vars(owner)[name])
    monkeypatch.setattr(once, "KNOWN", {})
    yield
    for name in SET:
        getattr(settings, name).unset_value()


def models() -> list[Any]:
    plot = figure()
    return [*plot.references(), Button(), Div(), Quad(), Range1d(), ColumnDataSource()]


def test_every_property_has_the_value_that_bokeh_gives_it() -> None:
    once.keep()
    seen = 0
    for model in models():
        for name in type(model).properties():
            descriptor = type(model).lookup(name)
            if name in model._property_values or descriptor.has_unstable_default(model):
                continue
            ours, bokehs = descriptor._get(model), once.DEFAULT(descriptor, model)
            assert type(ours) is type(bokehs) and (ours == bokehs or ours != ours), (model, name)  # or NaN
            seen += 1
    assert seen > 500 and once.KNOWN


def test_what_is_made_anew_is_shared_by_none() -> None:
    once.keep()
    first, second = Div(), Div()
    assert not first._unstable_default_values, "lists that nobody has touched are not made"
    first.css_classes.append("mine")
    first.styles["color"] = "red"
    first.js_on_change("text", code := CustomJS(code="1"))
    assert second.css_classes == [] and second.styles == {} and second.js_property_callbacks == {}
    assert code in first.references() and code not in second.references()
    assert figure().x_range is not figure().x_range
    assert not any(isinstance(value, list | dict | set) for value in once.KNOWN.values())


def test_a_theme_still_counts() -> None:
    once.keep()
    plain, dressed = Div(), Div()
    assert plain.width is None
    Theme(json={"attrs": {"Div": {"width": 77}}}).apply_to_model(dressed)
    assert (plain.width, dressed.width, Div().width) == (None, 77, None)
    dressed.width = 5
    assert dressed.width == 5 and plain.width is None


# ------------------------------------------------------------------------------------------------ a page


def plot(document: Document) -> None:
    """A figure of everything that is written in a way of its own."""
    document.theme = built_in_themes["dark_minimal"]
    drawn = figure(title="one", x_range=["a", "b"])
    drawn.scatter("x", "y", size="y", angle=1.5, angle_units="deg", color="#123456", marker="x", source={"x": ["a"]})
    drawn.quad(left=1, right="x", top=2, bottom=0, fill_color="column", source={"x": [3.0], "column": ["red"]})
    drawn.add_tools(HoverTool(renderers=list(drawn.renderers), tooltips=[("x", "@x")]))
    drawn.js_on_change("width", CustomJS(args={"drawn": drawn}, code="1"))
    document.add_root(drawn)


def dashboard(document: Document) -> None:
    made = Dashboard()
    made.page.server_doc(document, location=False)
    made.session.close()


def written(make: Any) -> tuple[str, list[str]]:
    """A document as it is sent, its names in the order in which they come; its models in the order of a walk."""
    document = Document()
    with set_curdoc(document):
        make(document)
    text = json.dumps(document.to_json().content, default=lambda part: type(part).__name__)
    names: dict[str, str] = {}
    text = re.sub(NAME, lambda name: names.setdefault(name[0], f'"{len(names)}"'), text)
    return text, [type(model).__name__ for model in walking.collect_models(*document.roots)]


@pytest.mark.parametrize("make", [plot, dashboard])
def test_a_document_is_written_as_bokeh_writes_it(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bokehs = written(make)
    once.keep()
    assert written(make) == bokehs
    assert written(make) == bokehs, "now that all is known"

    once.made.cache_clear()
    monkeypatch.setattr(once, "is_empty", lambda value: True)  # not even what holds something is made
    try:
        assert written(make) != bokehs
    finally:
        once.made.cache_clear()


def test_a_page_is_small_and_has_no_faults(caplog: pytest.LogCaptureFixture) -> None:
    """What it costs its server grows with these numbers: 363 models, 360 kB without data when this was written."""
    once.keep()
    text, found = written(dashboard)
    assert 200 < len(found) < 400
    assert len(text) < 450_000
    document = Document()
    with set_curdoc(document):
        dashboard(document)
    document.validate()
    assert not [record for record in caplog.records if record.name.startswith("bokeh")]


def test_the_ground_before_the_page_is_that_of_its_theme() -> None:
    assert f'window.pageIsDark ? "{GROUND[True]}" : "{GROUND[False]}"' in once.LIGHTER


def test_the_scripts_of_a_page_are_sought_once_for_each_place(monkeypatch: pytest.MonkeyPatch) -> None:
    sought = []
    monkeypatch.setattr(once, "BUNDLES", {})

    def seek(roots: Any, resources: Any) -> Any:
        sought.append(resources.root_url)
        scripts = ["panel.min.js", "datatabulator/tabulator.min.js", "es-module-shims@^1.10.0/es-module-shims.min.js"]
        return SimpleNamespace(js_files=scripts, css_files=["a.css", "material-icons.css?v=1"], js_raw=["first"])

    monkeypatch.setattr(once, "bundle_resources", seek)
    here, there = (SimpleNamespace(mode="server", root_url=f"http://{name}/") for name in ("here", "there"))
    for place in (here, there, here):
        found = once.bundle([], place)
        assert (found.js_files, found.css_files) == (["panel.min.js"], ["a.css"])
        assert found.js_raw == ["first", once.LIGHTER], "once a place, too"
    assert sought == [here.root_url, there.root_url]
    assert state.app_url is None, "no page is served in a test"
