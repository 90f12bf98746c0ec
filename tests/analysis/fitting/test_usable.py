"""What a fit is made of: a missing feature costs only itself, and a refusal counts what the data show."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.loops.extraction import extract_features
from synaptogen_core.errors import NeedsExtended
from synaptogen_core.measurement import measurement
from synaptogen_core.report import summary
from tests.analysis.fitting.test_fit import PUBLISHED, measured
from tests.analysis.made_loops import Cell, made_loops


def loops(cell: Cell, cycles: int) -> xr.Dataset:
    ds = made_loops(cell, cycles, seed=3).dataset()
    found = extract_features(ds)
    return ds.assign(found.data_vars).assign_attrs(found.attrs)


def test_loops_without_a_reset_make_a_device_of_three_features() -> None:
    gradual = Cell(r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True)
    fit = sc.fitting.choose(loops(gradual, 12), PUBLISHED, name="gradual", intervals=False).fit
    assert "I-V curves: not fitted, as of 12 loops 12 have no U_RESET." in fit.warnings
    assert any(text.startswith("U_RESET not measured: taken from") for text in fit.assumed)
    abrupt = sc.fitting.choose(loops(replace(gradual, gradual=False), 12), PUBLISHED, name="abrupt", intervals=False)
    assert not any("not fitted" in text for text in abrupt.fit.warnings)  # the negative control
    cells = sc.simulate(sc.CellArray((8, 8), fit.device, seed=1), sc.PulseTrain.cycling(5))
    assert float(cells["r_lrs"].median()) == pytest.approx(10e3, rel=0.05)


@pytest.mark.parametrize("there", [0, 3, 30])
def test_a_feature_that_few_cycles_have_costs_only_itself(there: int) -> None:
    data = measured(PUBLISHED.vary(order=1), 1, 60, 2)
    data["u_reset"][there:] = np.nan
    fit = sc.fitting.fit_extended(data, PUBLISHED, name="rare", intervals=False)
    symbols = next(row.value for row in summary.facts(fit) if row.label == "Features")
    assert ("U_RESET" in symbols) == (there == 30)
    left_out = any("U_RESET left out: no device has it in 4 cycles (at most in 3)" in text for text in fit.warnings)
    assert left_out == (there == 3) and fit.features.sizes["record"] == 60


@pytest.mark.parametrize(
    ("cell", "cycles", "sentence"),
    [
        (Cell(), 3, "got 1 device (too few cycles), 3 of 3 cycles that switch); measure at least 5 cycles of a device"),
        (Cell(u_max=0.5), 12, "got 1 device (never switches), 0 of 12 cycles that switch, 11 not (no SET "
                              "found), 1 not (no RESET found)); look at the loops"),
    ],
)  # fmt: skip
def test_a_refusal_counts_what_the_data_show(cell: Cell, cycles: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        sc.fitting.choose(loops(cell, cycles), PUBLISHED, name="none")


def test_a_device_that_repeats_itself_is_counted_as_such() -> None:
    data = measured(PUBLISHED.vary(order=1), 1, 12, 2)
    for name in ("r_hrs", "u_set", "r_lrs", "u_reset"):
        data[name][:] = data[name][0]
    with pytest.raises(ValueError, match=r"11 not \(a closed window, or as the one before\)"):
        sc.fitting.fit_extended(data, PUBLISHED, name="none")


def test_devices_that_are_copies_end_in_a_sentence() -> None:
    one = measured(PUBLISHED.vary(order=1), 1, 12, 2)
    kept = ["r_hrs", "r_lrs"]
    copies = measurement(
        np.repeat(np.arange(10), 12), np.tile(one["cycle"].values, 10), labels=[str(k) for k in range(10)],
        features={name: np.tile(one[name].values, 10) for name in kept},
    )  # fmt: skip
    with pytest.raises(NeedsExtended, match="must hold features and devices of which none follows from the others"):
        sc.fitting.fit(copies, PUBLISHED, name="copies")
    assert "none follows from the others" in sc.fitting.choose(copies, PUBLISHED, name="copies", intervals=False).reason
