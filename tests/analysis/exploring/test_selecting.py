"""Rules: what they choose, how they are written, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import (
    Step,
    choose,
    in_polygon,
    lasso,
    read_rule,
    write_rule,
)

NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: float(f"{v:.5g}"))


@pytest.fixture(scope="module")
def ds(device: sc.DeviceParameters) -> xr.Dataset:
    return sc.simulate(sc.CellArray((12, 10), device, seed=4), sc.PulseTrain.cycling(30))


@pytest.fixture(scope="module")
def table(ds: xr.Dataset) -> CellTable:
    return CellTable(ds)


def test_a_box_of_cells_and_one_of_cycles(ds: xr.Dataset, table: CellTable) -> None:
    median = ds.r_lrs.median("cycle").values.ravel()
    low, high = (float(end) for end in np.quantile(median, [0.2, 0.6]))
    cells = choose(table, read_rule(f"new,range,r_lrs.median,{low!r},{high!r}"))
    assert cells is not None and cells.cycles is None
    assert np.array_equal(cells.cells, (median >= low) & (median <= high)) and 0 < cells.count < 120
    cycles = choose(table, [Step("new", "box", ("cycle", "u_set"), (3, 5, -0.8, -0.6))])
    expected = (ds.u_set.values >= -0.8) & (ds.u_set.values <= -0.6)
    expected[:3], expected[6:] = False, False
    assert cycles is not None and cycles.cycles is not None
    assert np.array_equal(cycles.cycles, expected.reshape(30, -1))
    assert np.array_equal(cycles.cells, expected.reshape(30, -1).any(axis=0))


def test_steps_join_as_sets_do(table: CellTable) -> None:
    a, b = "range,row,0,5", "range,column,0,4"
    row, column = table.column("row"), table.column("column")
    for mode, expected in (
        ("and", (row <= 5) & (column <= 4)), ("or", (row <= 5) | (column <= 4)), ("minus", (row <= 5) & (column > 4)),
        ("new", column <= 4),
    ):  # fmt: skip
        found = choose(table, read_rule(f"new,{a};{mode},{b}"))
        turned = choose(table, read_rule(f"new,{a};{mode},{b};not"))
        assert found is not None and turned is not None
        assert np.array_equal(found.cells, expected) and np.array_equal(turned.cells, ~expected)
    mixed = choose(table, read_rule(f"new,{a};and,range,cycle,0,9"))
    assert mixed is not None and mixed.cycles is not None and mixed.cycles.sum() == 10 * (row <= 5).sum()
    assert choose(table, ()) is None, "nothing asked for is not the empty choice"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=3, max_size=9), st.integers(0, 2**32 - 1))
def test_a_polygon_is_judged_as_by_rays_one_by_one(corners: list[tuple[int, int]], seed: int) -> None:
    x, y = np.random.default_rng(seed).uniform(-9, 9, (2, 50))
    cx, cy = np.array(corners, float).T
    expected = np.zeros(50, bool)
    for k in range(len(corners)):
        x0, y0, x1, y1 = cx[k], cy[k], cx[(k + 1) % len(cx)], cy[(k + 1) % len(cy)]
        for i in range(50):
            if (y0 > y[i]) != (y1 > y[i]) and x[i] < (x1 - x0) * (y[i] - y0) / (y1 - y0) + x0:
                expected[i] = not expected[i]
    assert np.array_equal(in_polygon(x, y, cx, cy), expected)
    assert in_polygon(x.reshape(10, 5), y.reshape(10, 5), cx, cy).shape == (10, 5)


def test_a_lasso_follows_the_screen_where_the_axis_is_logarithmic(table: CellTable) -> None:
    """A square on a logarithmic axis, as corners: the same as the box."""
    box = choose(table, read_rule("new,box,r_hrs.median,u_set.median,5e4,1e5,-0.75,-0.6"))
    drawn = choose(table, [lasso("r_hrs.median", "u_set.median", (5e4, 1e5, 1e5, 5e4), (-0.75, -0.75, -0.6, -0.6))])
    assert box is not None and drawn is not None and np.array_equal(box.cells, drawn.cells) and box.count > 0


def test_a_hand_drawn_lasso_has_no_more_corners_than_a_rule_may_hold() -> None:
    angle = np.linspace(0, 2 * np.pi, 1000)
    step = lasso("r_lrs", "u_set", np.cos(angle).tolist(), np.sin(angle).tolist())
    assert len(step.numbers) == 128 and len(str(step)) < 2000
    assert read_rule(str(step))[0].numbers == pytest.approx(step.numbers, rel=1e-4)


STEPS = st.one_of(
    st.just(Step("not")),
    st.builds(lambda m, a, b: Step(m, "range", ("r_hrs",), (a, b)), st.sampled_from(["new", "and"]), NUMBER, NUMBER),
    st.builds(lambda *v: Step("or", "box", ("row", "u_set.std"), v), NUMBER, NUMBER, NUMBER, NUMBER),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_what_is_written_is_read_back(steps: list[Step]) -> None:
    begin = max((k for k, step in enumerate(steps) if step.mode == "new"), default=0)
    assert list(read_rule(write_rule(steps))) == steps[begin:]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_other_text_is_refused_with_a_sentence(text: str) -> None:
    try:
        read_rule(text)
    except ValueError as error:
        assert str(error).startswith("selection: ")


@pytest.mark.parametrize(
    "text",
    ["new,box,r_lrs,u_set,1,2,3", "new,box,r_lrs,u_set,1,2,3,nan", "new,range,r_lrs,1,inf", "old,range,r_lrs,1,2",
     "not,1", "new,lasso,r_lrs,u_set,1,2,3,4", "new,lasso,a,b" + ",1" * 130, ";", "not;" * 13, "x" * 9000],
)  # fmt: skip
def test_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="selection: must "):
        read_rule(text)


def test_an_unknown_quantity_is_named(table: CellTable) -> None:
    with pytest.raises(ValueError, match=r"quantity: must be one of r_hrs, .* \(got '__class__'\)"):
        choose(table, read_rule("new,range,__class__,1,2"))
