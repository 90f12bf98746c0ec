"""Explorable pictures: what is drawn, what lights up, and that only what changes is replaced."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Chosen, choose, read_rule
from synaptogen_core.plots.exploring.draw import draw, read_spec
from synaptogen_core.plots.exploring.drawing import Drawing
from synaptogen_core.plots.exploring.live import Live, columns_of

RULE = "new,box,r_lrs.median,u_reset.median,4400,4700,0.7,0.8"
CYCLES = "new,box,r_lrs,u_reset,4400,4700,0.7,0.8"
EACH = ("scatter r_lrs.median u_reset.median", "scatter r_hrs u_set", "density r_hrs u_reset", "histogram r_hrs",
        "histogram r_hrs.std", "violin r_lrs", "violin r_lrs.median", "map r_hrs.last", "trace u_set")  # fmt: skip


@pytest.fixture(scope="module")
def ds(device: sc.DeviceParameters) -> xr.Dataset:
    return sc.simulate(sc.CellArray((40, 30), device, seed=4), sc.PulseTrain.cycling(20))


@pytest.fixture(scope="module")
def table(ds: xr.Dataset) -> CellTable:
    return CellTable(ds)


def drawn(table: CellTable, words: str, rule: str = "", color: str = "") -> Drawing:
    return draw(table, read_spec(words, table), choose(table, read_rule(rule)), color)


def chosen_of(table: CellTable, rule: str) -> Chosen:
    found = choose(table, read_rule(rule))
    assert found is not None
    return found


def test_the_same_cells_light_up_in_every_picture(ds: xr.Dataset, table: CellTable) -> None:
    cells = chosen_of(table, RULE).cells
    assert 20 < cells.sum() < 1000
    points = drawn(table, EACH[0], RULE, "component").layers["chosen"].columns
    assert sorted(points["row"] * 30 + points["column"]) == np.flatnonzero(cells).tolist()
    np.testing.assert_allclose(
        np.sort(points["x"]), np.sort(np.median(ds.r_lrs, axis=0).ravel()[cells] / 1e3), rtol=1e-6
    )
    for words in EACH[3], EACH[4]:
        top = drawn(table, words, RULE).layers["chosen"].columns["top"]
        assert top.sum() == pytest.approx(cells.sum() * (20 if words == EACH[3] else 1), rel=0.01)
    shown = drawn(table, "map r_hrs.last", RULE).layers["chosen"].columns["image"][0]
    assert np.array_equal(shown.astype(bool), cells.reshape(40, 30))
    assert drawn(table, EACH[6], RULE).layers["marks"].columns["x"].size == cells.sum()


def test_chosen_cycles_are_counted_pixel_by_pixel(table: CellTable) -> None:
    """The image counts the points that a box holds, and loses at most those beyond its edges."""
    chosen = chosen_of(table, CYCLES)
    assert chosen.cycles is not None
    image = drawn(table, EACH[1], CYCLES).layers["chosen"].columns["image"][0]
    assert image.sum() == pytest.approx(chosen.cycles.sum(), rel=2e-3)
    base = drawn(table, EACH[1]).layers["all"].columns["image"][0]
    assert (image <= base).all() and base.sum() == pytest.approx(24_000, rel=2e-3)
    bars = drawn(table, EACH[3], CYCLES).layers["chosen"].columns["top"]
    assert bars.sum() == pytest.approx(chosen.cycles.sum(), rel=2e-3)


def test_a_pixel_is_where_its_point_is(ds: xr.Dataset, table: CellTable) -> None:
    picture = drawn(table, "scatter r_lrs u_reset")
    image = picture.layers["all"].columns["image"][0]
    height, width = image.shape
    x, y = ds.r_lrs.values.ravel() / 1e3, ds.u_reset.values.ravel()
    edges = (
        np.linspace(picture.x.low, picture.x.high, width + 1),
        np.linspace(picture.y.low, picture.y.high, height + 1),
    )
    expected, _, _ = np.histogram2d(y, x, bins=[edges[1], edges[0]])
    assert np.abs(image - expected).sum() < 0.01 * x.size, "float32 may move a point on an edge"
    assert np.abs(image - expected[::-1]).sum() > x.size / 2, "the negative control: upside down"


@pytest.mark.parametrize("words", EACH)
def test_a_figure_made_once_shows_new_data_and_another_choice(
    words: str, table: CellTable, device: sc.DeviceParameters
) -> None:
    other = CellTable(sc.simulate(sc.CellArray((40, 30), device, seed=5), sc.PulseTrain.cycling(20)))
    live = Live(drawn(table, words, "", "component"))
    sources = {name: glyph.data_source for name, glyph in live.glyphs.items()}
    before = {name: source.data for name, source in sources.items()}
    chosen = drawn(table, words, RULE, "component")
    assert live.fits(chosen)
    live.show(chosen, chosen=True)
    changed = {name for name, source in sources.items() if source.data is not before[name]}
    assert "all" not in changed and "middle" not in changed and changed, "only what lies on top is sent"
    again = drawn(other, words, "", "component")
    live.show(again, chosen=False)
    for name, layer in again.layers.items():
        for key, column in columns_of(layer).items():
            np.testing.assert_equal(list(sources[name].data[key]), list(column))


def test_another_picture_does_not_fit(table: CellTable) -> None:
    live = Live(drawn(table, EACH[0]))
    assert not live.fits(drawn(table, EACH[4])) and not live.fits(drawn(table, EACH[0], color="component"))


def test_explore_links_the_pictures(ds: xr.Dataset) -> None:
    small = ds.isel(row=slice(0, 8), column=slice(0, 8))
    layout = sc.plots.explore(small, color="component", select=RULE)
    median = small.r_lrs.median("cycle").values.ravel(), small.u_reset.median("cycle").values.ravel()
    expected = ((median[0] >= 4400) & (median[0] <= 4700) & (median[1] >= 0.7) & (median[1] <= 0.8)).sum()
    plot = hv.renderer("bokeh").get_plot(layout)
    lengths = sorted({len(p.handles["source"].data["r_lrs.median"]) for p in plot.traverse(lambda p: p)
                      if "r_lrs.median" in getattr(p.handles.get("source"), "data", {})})  # fmt: skip
    assert lengths == [expected, 64] and 0 < expected < 64
    still = sc.plots.explore(small, ["violin u_set", "trace r_hrs"], select=CYCLES, link=False)
    assert [type(each).__name__ for each in still] == ["Overlay", "Overlay"]


CALLS: list[tuple[dict[str, Any], str]] = [
    ({"pictures": ["pie r_hrs"]}, "pictures: must be a kind and its quantities"),
    ({"pictures": ["map r_hrs"]}, "pictures: a map must show a number of each cell"),
    ({"pictures": ["trace r_hrs.median"]}, "pictures: a trace must show of each cycle"),
    ({"pictures": ["scatter r_hrs x"]}, "quantity: must be one of"),
    ({"pictures": []}, "pictures: must name at least one"),
    ({"color": "pink"}, "color: must be one of component, outlier, state, quartile"),
    ({"select": "box"}, "selection: must be steps such as"),
]


@pytest.mark.parametrize(("options", "sentence"), CALLS)
def test_wrong_calls_are_said(ds: xr.Dataset, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sc.plots.explore(ds, **options)
