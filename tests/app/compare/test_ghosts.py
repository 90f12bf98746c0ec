"""What is drawn beside a tab's pictures: run A and the selected cells, in every picture, and nothing once they go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import panel as pn
import pytest
from bokeh.models import ColumnDataSource, FactorRange, Range1d
from bokeh.plotting import figure

from app.compare.beside import Beside, Extra
from app.compare.ghosts import Ghosts, in_bins_of, same
from app.compare.numbers import differences
from app.look.tags import MAP
from app.look.theme import Theme
from app.settings.sections import Settings
from app.tabs.registry import TABS
from app.tabs.view import Context
from app.work.chosen import part_of, places_of
from app.work.runs import Run

RULE = "new,range,r_lrs.median,4400,4700"
RENDER = [tab for tab in TABS if tab.of_run and tab.key not in ("data", "explorer")]


@pytest.fixture(scope="module")
def other_run(make_run: Callable[..., Run]) -> Run:
    return make_run(c2c=1.8, seed=7)


def nothing(*arguments: Any, **options: Any) -> Any:
    return SimpleNamespace(layout=pn.Column())


def view_of(key: str) -> tuple[Any, Any]:
    tab = next(tab for tab in TABS if tab.key == key)
    settings = Settings({tab.key: tab.options for tab in TABS})
    ways = {field.name: nothing for field in fields(Context)} | {"theme": Theme(), "options": settings.options[key]}
    context = Context(**ways | {"lines": settings.lines, "work": None})
    return tab, tab.view(context)


def ghosts_in(layout: Any) -> dict[str, int]:
    """Name of a ghost -> how many values it draws, in all pictures together."""
    found: dict[str, int] = {}
    for pane in layout.select(pn.pane.Bokeh):
        for renderer in getattr(pane.object, "renderers", ()):
            if (renderer.name or "").startswith("ghost"):
                found[renderer.name] = found.get(renderer.name, 0) + len(renderer.data_source.data["x"])
    return found


@pytest.mark.parametrize("key", ["overview", "distributions", "c2c", "d2d", "loops", "explorer"])
def test_each_tab_shows_run_a_and_the_selected_cells(key: str, small_run: Run, other_run: Run) -> None:
    tab, view = view_of(key)
    request = replace(small_run.request, group=RULE)
    beside, cancel = Beside(), threading.Event()
    beside.pinned = other_run

    def result_of(run: Run, asked: Any, stop: threading.Event) -> Any:
        return tab.results.compute(run, asked, asked.of_tab(key), stop)

    result = result_of(small_run, request, cancel)
    extra = beside.compute(tab, small_run, request, cancel, result_of)
    assert extra.rows.size == places_of(small_run, RULE)[0].size > 0
    view.update(result)
    before = {r.id: r.data_source.data for pane in view.layout.select(pn.pane.Bokeh) for r in pane.object.renderers}
    ghosts = Ghosts(Theme(), view.layout)
    ghosts.show(view.update, result, extra)
    drawn = ghosts_in(view.layout)
    assert drawn.get("ghost A", 0) > 0
    if key != "loops":
        assert drawn.get("ghost selected", 0) > 0
    maps = [pane.object for pane in view.layout.select(pn.pane.Bokeh) if pane.object and MAP in pane.object.tags]
    assert len(maps) == (key in ("overview", "explorer"))
    for each in maps:
        rings = next(r for r in each.renderers if r.name == "ghost selected")
        assert len(rings.data_source.data["x"]) == extra.rows.size
    for pane in view.layout.select(pn.pane.Bokeh):  # the view shows its own result again
        for renderer in pane.object.renderers:
            if renderer.id in before:
                now = renderer.data_source.data
                assert all(same(now[name], before[renderer.id][name]) for name in now)
    ghosts.show(view.update, result, Extra.none())
    assert sum(ghosts_in(view.layout).values()) == 0, "gone with what was beside"


def test_an_outline_is_that_of_the_other_bars_and_the_axes_hold_it() -> None:
    source = ColumnDataSource({"left": [0.0], "right": [1.0], "top": [1.0]})
    picture = figure(name="bars", x_range=Range1d(0, 1), y_range=Range1d(0, 1))
    picture.quad("left", "right", 0, "top", source=source)
    layout = pn.Column(pn.pane.Bokeh(picture))

    def update(result: tuple[float, float]) -> None:
        source.data = {"left": [0.0, 1.0], "right": [1.0, 2.0], "top": list(result)}
        picture.y_range.update(start=0, end=max(result))

    update((1.0, 2.0))
    ghosts, empty = Ghosts(Theme(), layout), np.empty(0, int)
    ghosts.show(update, (1.0, 2.0), Extra((5.0, 3.0), None, empty, empty))
    line = next(r for r in picture.renderers if r.name == "ghost A").data_source.data
    assert line["x"].tolist()[:4] == [0, 1, 1, 2] and line["y"].tolist()[:4] == [5, 5, 3, 3]
    assert source.data["top"] == [1.0, 2.0] and picture.y_range.end == 5
    ghosts.show(update, (1.0, 2.0), Extra((1.0, 2.0), None, empty, empty))
    assert not len(next(r for r in picture.renderers if r.name == "ghost A").data_source.data["x"]), "no ghost"


def test_a_picture_that_is_made_anew_is_drawn_in_as_well() -> None:
    """Under the name of the one before, as in the Explorer when another picture is chosen; even between two results."""
    pane = pn.pane.Bokeh(None)
    ghosts = Ghosts(Theme(), pn.Column(pane))

    def update(result: float) -> None:
        pane.object = figure(name="one", x_range=Range1d(0, 1), y_range=Range1d(0, 1))
        pane.object.line("x", "y", source=ColumnDataSource({"x": [0.0, 1.0], "y": [result, result]}))

    for _ in range(2):
        update(1.0)
        ghosts.show(update, 1.0, Extra(3.0, None, np.empty(0, int), np.empty(0, int)))
        line = next(r for r in pane.object.renderers if r.name == "ghost A")
        assert line.data_source.data["y"].tolist()[:2] == [3.0, 3.0]


def test_bars_have_the_ends_of_the_other_ones_and_violins_their_outlines() -> None:
    source, shape = ColumnDataSource({"name": ["a", "b"], "end": [1.0, 2.0]}), ColumnDataSource({"xs": [], "ys": []})
    picture = figure(name="bars", y_range=FactorRange("b", "a"), x_range=Range1d(0, 9))
    picture.hbar("name", right="end", height=0.5, source=source)
    picture.multi_polygons("xs", "ys", source=shape)
    layout = pn.Column(pn.pane.Bokeh(picture))

    def update(result: tuple[float, float]) -> None:
        source.data = {"name": ["a", "b"], "end": list(result)}
        shape.data = {"xs": [[[[0.0, result[0], 0.0]]]], "ys": [[[[0.0, 1.0, 2.0]]]]}

    update((1.0, 2.0))
    Ghosts(Theme(), layout).show(update, (1.0, 2.0), Extra((5.0, 2.0), None, np.empty(0, int), np.empty(0, int)))
    line = next(r for r in picture.renderers if r.name == "ghost A").data_source.data
    assert line["x"].tolist()[:5] == [5, 5, pytest.approx(np.nan, nan_ok=True), 2, 2]
    assert line["y"].tolist()[:2] == [1.25, 1.75], "a is the second category from below"
    assert line["x"].tolist()[6:9] == [0, 5, 0] and source.data["end"] == [1.0, 2.0]


def test_shares_are_compared_in_bins_of_one_width() -> None:
    """A law half as wide is twice as high, however its bins were chosen."""
    edges = np.linspace(0, 1, 11)
    ours = {"left": edges[:-1], "right": edges[1:], "top": np.full(10, 10.0)}
    theirs = {"left": edges[:-1] / 2, "right": edges[1:] / 2, "top": np.full(10, 10.0)}
    assert in_bins_of(ours, theirs, log=False)["top"] == pytest.approx(np.full(10, 20.0))
    decades = {"left": 10 ** edges[:-1], "right": 10 ** edges[1:], "top": np.full(10, 10.0)}
    assert in_bins_of(decades, decades, log=True)["top"] == pytest.approx(np.full(10, 10.0))


def test_the_run_of_selected_cells_holds_them_only(small_run: Run) -> None:
    part = part_of(small_run, RULE)
    assert part is not None
    rows, columns = places_of(small_run, RULE)
    assert np.array_equal(part.values("u_set"), small_run.data.u_set.values[:, rows, columns])
    assert np.array_equal(part.of_cells([(2, 3)], "u_set")[:, 0], small_run.data.u_set.values[:, 2, 3])
    assert part_of(small_run, "new,range,row,90,99") is None


def test_the_same_settings_differ_by_chance_only(small_run: Run, make_run: Callable[..., Run], other_run: Run) -> None:
    """Another seed of the same settings stays within what chance does; a wider spread does not."""
    another = make_run(seed=2)
    found = differences(small_run, another, threading.Event())
    assert found.changed == (("seed", "1", "2"),)
    assert sum(each.distance > each.chance for each in found.distances) <= 1  # each of four in one of 20 cases
    wide = differences(small_run, other_run, threading.Event())
    assert [each[0] for each in wide.changed] == ["seed", "c2c"]
    by = {each.words: each for each in wide.numbers}
    spread = by["C2C spread of U_SET"]
    assert spread.b / spread.a == pytest.approx(1.8, rel=0.25) and spread.difference > 4 * spread.error
    assert sum(each.distance > each.chance for each in wide.distances) >= 3
    assert by["Best read threshold"].unit == "Ω" and by["Bit error rate at the best threshold"].b >= 0
