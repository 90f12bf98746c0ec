"""The Explorer's numbers and words, what a box means, and the files of a selection."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.explorer import choosing, compute, files
from app.work.runs import Run
from tests.app.compare.test_ghosts import view_of

RULE = "new,range,r_lrs.median,4400,4700"


def computed(run: Run, **changes: Any) -> compute.Result:
    options = Choices({**compute.Options().choices(), **changes})
    return compute.compute(run, run.request, options, threading.Event())


def test_the_selected_cells_are_counted_and_the_most_unusual_come_first(small_run: Run) -> None:
    median = np.median(small_run.data.r_lrs.values, axis=0)
    inside = (median >= 4400) & (median <= 4700)
    result = computed(small_run, selection=RULE)
    assert (result.count, result.of, result.cycles) == (inside.sum(), 64, None)
    assert {row.cell for row in result.rows} <= set(zip(*map(np.ndarray.tolist, np.nonzero(inside)), strict=True))
    assert all(" σ " in row.why or "outlier" in row.why or "Like" in row.why for row in result.rows)
    assert result.rows[0].medians[2] == pytest.approx(median[result.rows[0].cell] / 1e3)
    everything = computed(small_run)
    assert not everything.asked and len(everything.rows) == compute.MOST_ROWS
    assert "outlier" in everything.rows[0].why.lower()


def test_a_selection_of_cycles_says_how_many(small_run: Run) -> None:
    result = computed(small_run, selection="new,range,cycle,0,4")
    assert (result.count, result.cycles, result.of_cycles) == (64, 320, 1280)
    assert {row.cycles for row in result.rows} == {5}


def test_the_same_is_drawn_by_python(small_run: Run) -> None:
    """The copied text makes the run and the pictures, with the same cells selected."""
    names: dict[str, Any] = {}
    exec(computed(small_run, selection=RULE).python.replace("sc.plots.explore(", "layout = sc.plots.explore("), names)
    assert len(names["layout"]) == 4 and names["ds"].r_lrs.equals(small_run.data.r_lrs)


def test_a_box_on_the_axes_is_a_step_in_si(small_run: Run) -> None:
    by = {drawing.spec.kind: drawing for drawing in computed(small_run).drawings}
    rect = {"type": "rect", "x0": 4.7, "x1": 4.4, "y0": 0.7, "y1": 0.8}
    assert choosing.add("", by["scatter"], rect, "and") == "new,box,r_lrs.median,u_reset.median,4400,4700,0.7,0.8"
    assert (
        choosing.add("new,range,row,0,1", by["histogram"], rect, "or") == "new,range,row,0,1;or,range,r_hrs,4400,4700"
    )
    points = by["scatter"].layers["all"].columns
    for place in (0, 63):
        assert choosing.cell_at(by["scatter"], points["x"][place] * 1.001, points["y"][place]) == divmod(place, 8)
    assert choosing.cell_at(by["scatter"], by["scatter"].x.low, by["scatter"].y.high) is None, "no cell is near"
    assert choosing.cell_at(by["map"], 3.4, 6.6) == (7, 3) and choosing.cell_at(by["map"], -0.7, 2) is None
    assert choosing.places_in(by["map"], [(7, 3)]) == [(3, 7, 0)] and not choosing.places_in(by["histogram"], [(7, 3)])
    rows = {"type": "rect", "x0": 4.4, "x1": 4.7, "y0": 1.8, "y1": 2.3}
    assert choosing.add("", by["violin"], rows, "new") == "new,box,r_lrs.median,component,4400,4700,2,2"
    place = {"type": "rect", "x0": -0.4, "x1": 2.2, "y0": 5.7, "y1": 3.1}
    assert choosing.add("", by["map"], place, "new") == "new,box,column,row,-0.4,2.2,3.1,5.7"
    poly = {"type": "poly", "x": [4.4, 4.7, 4.7], "y": [0.7, 0.7, 0.8]}
    assert choosing.add("", by["scatter"], poly, "new").startswith("new,lasso,r_lrs.median,u_reset.median,4400,0.7,")
    assert choosing.add("", by["histogram"], poly, "new") == "new,range,r_hrs,4400,4700"
    assert choosing.add(RULE, by["scatter"], {"type": "point", "x": 1, "y": 1}, "new") == RULE
    assert choosing.inverted(choosing.inverted(RULE)) == RULE and choosing.inverted(RULE) == f"{RULE};not"


def test_files_hold_the_selected_cells_only(small_run: Run) -> None:
    cut = files.selected(small_run, RULE + ";and,range,cycle,0,4")
    rows, columns = cut["row"].values, cut["column"].values
    assert np.array_equal(cut.r_hrs.values, small_run.data.r_hrs.values[:, rows, columns])
    assert cut["selected"].values.sum(axis=0).tolist() == [5] * cut.sizes["cell"] and cut.attrs["selection"]
    stream = files.write(small_run, RULE, "selection.nc", lambda done: None, threading.Event())
    back = xr.load_dataset(io.BytesIO(stream.read()), engine="h5netcdf")
    assert back.sizes["cell"] == computed(small_run, selection=RULE).count
    assert len(sc.plots.explore(back, link=False)) == 4, "what was selected can be explored further"
    text = files.write(small_run, RULE, "selection.csv", lambda done: None, threading.Event()).read().decode()
    assert len(text.splitlines()) == 1 + 20 * back.sizes["cell"]
    with pytest.raises(ValueError, match="Nothing is selected"):
        files.selected(small_run, "new,range,row,99,100")


def test_a_sampled_run_and_one_of_a_single_cycle(make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    single = computed(make_run(cycles=1), pictures="trace r_lrs; histogram r_lrs.std", selection=RULE)
    assert single.count > 0
    monkeypatch.setattr("app.work.runs.BUDGET", 20_000)
    sampled = make_run()
    result = computed(sampled, selection="new,range,row,0,3")
    assert result.of == sampled.sample.count < 64 and result.sample
    assert files.selected(sampled, "new,range,row,0,3").sizes["cell"] == result.count


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"pictures": "map r_hrs.median"}, "pictures: must be 2 to 4 (got 1"),
     ({"pictures": ";"}, "pictures: must be a kind"), ({"pictures": "map r_lrs.median; histogram r_lrs"}, "")],
)  # fmt: skip
def test_pictures_that_cannot_be_are_the_usual_ones_and_that_is_said(
    small_run: Run, changes: dict[str, str], sentence: str
) -> None:
    result = computed(small_run, **changes)
    assert sentence in result.trouble and bool(sentence) == bool(result.trouble)
    assert ("; ".join(str(drawing.spec) for drawing in result.drawings) == compute.PICTURES) == bool(sentence)


def test_a_selection_that_cannot_be_read_is_said(small_run: Run) -> None:
    with pytest.raises(ValueError, match="selection: must be steps"):
        computed(small_run, selection="<b>")


def test_a_range_is_typed_in_the_unit_of_its_axis() -> None:
    """For those without a mouse; what cannot be read is said, and selects nothing."""
    assert choosing.between("", "r_lrs.median", "4.7; 4.4 kΩ", "and") == "new,range,r_lrs.median,4400,4700"
    assert (
        choosing.between("new,range,row,0,1", "u_set", "−0,9; −0,6", "or")
        == "new,range,row,0,1;or,range,u_set,-0.9,-0.6"
    )
    for text, sentence in (
        ("4.4", "must be two numbers"),
        ("1, x", "From, to: each must be"),
        ("1,2,3", "two numbers"),
    ):
        with pytest.raises(ValueError, match=sentence):
            choosing.between("", "r_lrs.median", text, "new")
    told: list[str] = []
    view = view_of("explorer")[1]
    options = view.context.options
    view.context = replace(view.context, tell=told.append)
    view.typed.ends = "4.4, 4.7"
    assert options.selection == "new,range,r_lrs.median,4400,4700" and not told
    view.typed.ends = "four"
    assert options.selection == "new,range,r_lrs.median,4400,4700" and "two numbers" in told[0]
