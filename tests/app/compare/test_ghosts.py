"""What is drawn beside a tab's pictures: run A and the selected cells, in every picture, and nothing once they go."""

from __future__ import annotations

import re
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

from app.compare.beside import Beside, Extra, Pinned, of_pinned
from app.compare.ghosts import Ghosts, in_bins_of, places_on, same
from app.compare.numbers import changed, differences, of_difference
from app.look.cell_map import CellMap, Scale, Shown
from app.look.tags import MAP, PLACES
from app.look.theme import Theme
from app.settings.choices import Choices
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
    beside.pinned = Pinned(other_run, other_run.request)

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


def numbers_in(key: str, view: Any) -> np.ndarray:
    """What a tab's picture with room for one run shows."""
    if key == "c2c":
        return np.array([float(re.search(r"600\">([^<]+)<", pane.object)[1].replace("−", "-"))
                         for pane in view.matrix.numbers.values()])  # fmt: skip
    if key == "d2d":
        return np.array(view.correlations.cells.data["value"])
    map_ = view.map.image if key == "overview" else view.cards[1].live.glyphs["all"].data_source
    return np.array(map_.data["image"][0], float)


@pytest.mark.parametrize("key", ["overview", "c2c", "d2d", "explorer"])
def test_where_there_is_room_for_one_run_it_is_a_b_or_their_difference(
    key: str, small_run: Run, other_run: Run
) -> None:
    tab, view = view_of(key)
    results = [tab.results.compute(run, run.request, run.request.of_tab(key), threading.Event())
               for run in (other_run, small_run)]  # fmt: skip
    alone = []
    for each in results:
        view.update(each)
        alone.append(numbers_in(key, view))
    a, b = alone
    ghosts, empty = Ghosts(Theme(), view.layout, view.of_one_run), np.empty(0, int)
    expected = b / a if key == "explorer" else b - a  # its colours are logarithmic
    for side, shown in (("b", b), ("a", a), ("difference", expected), ("difference", expected)):
        view.update(results[1])
        ghosts.show(view.update, results[1], Extra(results[0], None, empty, empty, side=side))
        assert numbers_in(key, view) == pytest.approx(
            shown, rel=1e-5, abs=2e-3 if key == "c2c" else 1e-6, nan_ok=True
        ), side
        assert ghosts.alone == 1 and not ghosts.unlike
    ghosts.show(view.update, results[1], Extra.none())
    assert numbers_in(key, view) == pytest.approx(b, nan_ok=True) and not ghosts.alone


def test_a_difference_is_of_like_maps_and_codes_differ_or_not() -> None:
    made = CellMap(Theme(), "some map", nothing, lambda: False)
    scale = Scale("Cividis256", 0.0, 1.0, "Read current (µA)", "Read current", "0.00", "µA")
    a, b = (Shown(np.array([[0.1, 0.5]]) + shift, 0, (1, 2), scale) for shift in (0.0, -0.25))
    found = made.of_two(a, b, "difference")
    assert found is not None and found.values == pytest.approx(np.array([[-0.25, -0.25]]))
    assert found.scale.high == -found.scale.low == pytest.approx(0.25)
    assert found.scale.title == "B − A: Read current (µA)" and found.scale.format == "+0.00"
    assert made.of_two(a, replace(b, shape=(2, 2)), "difference") is None
    assert made.of_two(a, replace(b, scale=replace(scale, name="Voltage")), "difference") is None
    states = replace(scale, words=("HRS", "IRS", "LRS"), title="")
    codes = [Shown(np.array(values), 0, (1, 2), states) for values in ([[0, 2]], [[0, 1]])]
    found = made.of_two(*codes, "difference")
    assert found is not None and found.values.tolist() == [[0, 1]] and found.scale.words[1] == "not as in A"


def test_run_a_keeps_its_settings_but_what_is_looked_at(small_run: Run) -> None:
    """Of one run with two line resistances: another map is shown of both, and only the lines are said to differ."""
    tab, view = view_of("crossbar")
    b = small_run.request
    options = b.of_tab("crossbar")
    lines = Choices({**b.lines, "word_ohm": 40.0})
    a = replace(b, lines=lines, options=((*[each for each in b.options if each[0] != "crossbar"],
                                          ("crossbar", Choices({**options, "quantity": "lost"})))))  # fmt: skip
    asked = of_pinned(b, a, tab)
    assert asked.lines == lines and asked.of_tab("crossbar") == options
    assert changed(a, b, tab) == (("word_ohm", "40", "1"),)
    beside = Beside()

    def result_of(run: Run, request: Any, stop: threading.Event) -> Any:
        return tab.results.compute(run, request, request.of_tab("crossbar"), stop)

    result = result_of(small_run, b, threading.Event())
    beside.pinned = Pinned(small_run, b)
    assert beside.compute(tab, small_run, b, threading.Event(), result_of).nothing, "the same settings: nothing"
    beside.pinned, beside.side = Pinned(small_run, a), "difference"
    view.update(result)
    ghosts = Ghosts(Theme(), view.layout, view.of_one_run)
    ghosts.show(view.update, result, beside.compute(tab, small_run, b, threading.Event(), result_of))
    assert ghosts_in(view.layout)["ghost A"] > 0
    assert (view.map.image.data["image"][0] >= 0).all() and view.map.bar.title == "B − A: Cell voltage (V)"


def test_selected_cells_are_marked_where_a_chip_has_them() -> None:
    """A chip has the page's cells in rows of its own; one of other cells has none."""
    extra = Extra(None, None, rows=np.array([0, 1, 3]), columns=np.array([7, 2, 0]), of=8)  # cells 7, 10 and 24
    chip = SimpleNamespace(tags=[MAP, PLACES, 6, 4, 3])  # cells 6 to 17 in rows of three
    column, row = places_on(chip, extra)
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == [(0, 1), (1, 1)]
    assert not places_on(SimpleNamespace(tags=[MAP, PLACES, -1, 4, 3]), extra)[0].size
    assert places_on(SimpleNamespace(tags=[MAP]), extra)[0] is extra.columns


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


def test_the_interval_of_a_difference_is_as_uneven_as_those_of_its_parts() -> None:
    """For even ones it is the usual one; of no error in either run, as far up as down."""
    low, high = of_difference((1.0, (0.7, 1.3)), (3.0, (2.6, 3.4)))
    assert (low, high) == pytest.approx((1.5, 2.5))  # 0.3 and 0.4 in quadrature
    assert of_difference((0.0, (0.0, 0.03)), (0.0, (0.0, 0.04))) == pytest.approx((-0.03, 0.04))
    assert np.isnan(of_difference((1.0, (np.nan, np.nan)), (3.0, (2.6, 3.4)))).all()


def test_the_same_settings_differ_by_chance_only(small_run: Run, make_run: Callable[..., Run], other_run: Run) -> None:
    """Another seed of the same settings stays within what chance does; a wider spread does not."""
    another = make_run(seed=2)
    found = differences(small_run, another, threading.Event())
    overview = view_of("overview")[0]
    assert changed(small_run.request, another.request, overview) == (("seed", "1", "2"),)
    assert sum(each.distance > each.chance for each in found.distances) <= 1  # each of four in one of 20 cases
    wide = differences(small_run, other_run, threading.Event())
    assert [each[0] for each in changed(small_run.request, other_run.request, overview)] == ["seed", "c2c"]
    by = {each.words: each for each in wide.numbers}
    spread = by["C2C spread of U_SET"]
    assert spread.b / spread.a == pytest.approx(1.8, rel=0.25) and spread.interval[0] > 0
    assert sum(each.distance > each.chance for each in wide.distances) >= 3
    assert by["Best read threshold"].unit == "Ω" and by["Bit error rate at the best threshold"].b >= 0
