"""Why a cell is unusual, and the columns that are compared."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.unusual import reasons, scores, worst


@pytest.fixture(scope="module")
def ds(device: sc.DeviceParameters) -> xr.Dataset:
    whole = sc.simulate(sc.CellArray((12, 10), device.vary(outlier_share=0), seed=4), sc.PulseTrain.cycling(30))
    odd = whole.copy(deep=True)
    odd.r_lrs[:, 3, 7] *= 1.8  # by hand: one cell conducts less, one never changes, one fails in some cycles
    odd.u_set[:, 11, 0] = -0.7
    odd.r_hrs[4:9, 2, 2] = np.nan
    return odd


def test_the_cells_that_were_changed_are_the_worst_and_the_reason_is_named(ds: xr.Dataset) -> None:
    table = CellTable(ds)
    order = worst(table, "")
    assert set(order[:2]) == {3 * 10 + 7, 11 * 10 + 0}
    low, stuck = reasons(table, np.array([37, 110]))
    assert (low[0].quantity, low[0].rank, low[0].of) == ("r_lrs.median", 1, 120) and low[0].score > 10
    assert (stuck[0].quantity, stuck[0].score) == ("u_set.std", -np.inf)
    assert worst(table, "r_lrs.median")[0] == 37


def test_cells_like_the_others_have_no_reason(ds: xr.Dataset) -> None:
    """Scores of a normal law lie beyond 4.5 once in 150,000: of 117 x 8 numbers none should."""
    table = CellTable(ds)
    others = np.setdiff1d(np.arange(120), [37, 110, 22])
    assert not any(reasons(table, others, least=7.0))
    everything = np.concatenate([np.abs(scores(table, name)[others]) for name in ("r_lrs.median", "u_reset.median")])
    assert np.median(everything) == pytest.approx(0.6745, abs=0.15), "half of a normal law lies within .6745"


def test_cycles_without_a_value_are_left_out_of_a_cells_numbers(ds: xr.Dataset) -> None:
    values = CellTable(ds).column("r_hrs.median")
    kept = ds.r_hrs.values[[*range(4), *range(9, 30)], 2, 2]
    assert values[22] == pytest.approx(np.median(kept)) and np.isfinite(values).all()


def test_columns_of_chosen_cells_and_of_places(device: sc.DeviceParameters, ds: xr.Dataset) -> None:
    whole = CellTable(ds)
    assert np.array_equal(whole.column("row") * 10 + whole.column("column"), np.arange(120))
    some = sc.simulate(sc.CellArray((6, 6), device, seed=2), sc.PulseTrain.cycling(3), select=[7, 30])
    table = CellTable(some)
    assert table.column("row").tolist() == [1, 5] and table.column("column").tolist() == [1, 0]
    assert table.column("r_hrs.last").tolist() == some.r_hrs.values[-1].tolist()
    assert table.column("cycle").shape == (3, 2)


def test_each_column_is_made_once(ds: xr.Dataset) -> None:
    made: list[str] = []
    kept: dict[str, object] = {}

    def keep(name: str, make: object) -> object:
        if name not in kept:
            made.append(name)
            kept[name] = make()  # type: ignore[operator]
        return kept[name]

    table = CellTable(ds, keep)
    assert table.column("r_hrs.median") is table.column("r_hrs.median") and made == ["r_hrs.median"]


@pytest.mark.parametrize("bad", [xr.Dataset(), xr.Dataset({"r_hrs": ("x", [1.0])})])
def test_no_table(bad: xr.Dataset) -> None:
    with pytest.raises(ValueError, match="ds: must hold features over cycles"):
        CellTable(bad)
