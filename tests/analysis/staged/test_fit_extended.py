from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import toeplitz

import synaptogen_core as sc
from benchmarks.extended import known_device
from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.fitting.fit import Fit
from synaptogen_core.analysis.staged import learn
from synaptogen_core.analysis.staged.memory import Memory
from synaptogen_core.errors import RangeWarning
from synaptogen_core.measurement import select_records
from synaptogen_core.schema import FEATURE_NAMES
from tests.device.example_extended import SETTLED

PUBLISHED = sc.load_device("hennen2024")
KNOWN = known_device(break_in=True)
STRONG = 1000.0  # V: every cell switches in every cycle


def measured(parameters: sc.DeviceParameters, devices: int, cycles: int, seed: int = 9) -> xr.Dataset:
    with pytest.warns(RangeWarning):
        return sc.simulate(
            sc.CellArray((devices, 1), parameters, seed=seed), sc.PulseTrain.cycling(cycles, -STRONG, STRONG)
        )


def fitted(parameters: sc.DeviceParameters, devices: int, cycles: int, **more: Any) -> Fit:
    return sc.fitting.fit_extended(measured(parameters, devices, cycles), PUBLISHED, name="again", seed=1, **more)


@pytest.fixture(scope="module")
def found() -> Fit:
    return fitted(KNOWN, 100, 200, intervals=False)


def test_each_part_is_found_where_it_is(found: Fit) -> None:
    assert found.parts is not None
    kept = {
        f"{part} {feature}"
        for part, feature, kept in zip(
            found.parts["name"].values, found.parts["feature"].values, found.parts["kept"].values, strict=True
        )
        if kept
    }
    assert {"warp r_hrs", "offset r_lrs"} <= kept
    extension = found.device.extension
    assert extension is not None and extension.slow is not None and extension.break_in is not None
    assert KNOWN.extension is not None and KNOWN.extension.slow is not None and KNOWN.extension.break_in is not None
    slow, first = KNOWN.extension.slow, KNOWN.extension.break_in
    # a simulation of 100 devices x 200 cycles tells them so well
    assert np.allclose(extension.slow.share, slow.share, atol=0.12)
    assert np.all(np.abs(np.log(extension.slow.tau / slow.tau)) < 0.8)
    assert abs(extension.break_in.mean[2] / first.mean[2] - 1) < 0.3
    assert abs(extension.coordinates[2].offset / KNOWN.extension.coordinates[2].offset - 1) < 0.02
    warp = extension.coordinates[0].warp
    assert warp is not None
    rise = np.diff(warp.numbers["values"]) / np.diff(warp.numbers["knots"])
    assert rise[-1] < 0.8 * rise.max() and rise[0] < 0.9 * rise.max(), "a floor, and high devices with a low tail"
    assert any("gains" in note for note in found.device.notes) and found.device.format == 2


def test_what_is_drawn_is_what_was_measured(found: Fit) -> None:
    p = (0.01, 0.5, 0.99)
    for name in FEATURE_NAMES:
        error = (
            statistics_api.population_quantiles(found.device, name, p)
            / statistics_api.population_quantiles(KNOWN, name, p)
            - 1
        )
        assert np.abs(error).max() < 0.15, name
    assert sc.DeviceParameters.from_dict(found.device.to_dict()) == found.device


@pytest.mark.parametrize("cycles", [5, 20])
def test_few_cycles_of_one_device_give_wide_intervals(cycles: int) -> None:
    one = fitted(SETTLED, 1, cycles)
    table = one.estimates.to_dataframe().set_index("label")
    for i, name in enumerate(("R_HRS", "U_SET", "R_LRS", "U_RESET")):
        row = table.loc[f"mu {name}"]
        assert row["lower"] < row["value"] < row["upper"] and np.isfinite(row["upper"])
        assert row["upper"] - row["lower"] > 0.2 * np.exp(SETTLED.population_mean[4 + i]) / np.sqrt(cycles)
        assert table.loc[f"w {name}", "lower"] >= 0 and table.loc[f"sd of mu {name}", "lower"] > 0
        assert table.loc[f"sd of mu {name}", "origin"] == "assumed"
    assert any("say little" in sentence for sentence in one.assumed)
    data = sc.simulate(sc.CellArray((30, 30), one.device, seed=2), sc.PulseTrain.cycling(5))
    assert (data["r_lrs"] > 0).all() and (data["r_hrs"] > 0).all() and (data["u_set"] < 0).all()


def test_what_was_not_measured_comes_from_the_template() -> None:
    ds = measured(SETTLED, 8, 40).drop_vars(["u_set", "u_reset"])
    one = sc.fitting.fit_extended(ds, PUBLISHED, name="two", intervals=False)
    two = sc.fitting.fit_extended(ds, SETTLED, name="two", intervals=False)
    median = statistics_api.population_quantiles(one.device, "u_set", (0.05, 0.5, 0.95)).values
    assert np.allclose(median, statistics_api.population_quantiles(PUBLISHED, "u_set", (0.05, 0.5, 0.95)), rtol=0.08)
    assert two.device.extension is not None and SETTLED.extension is not None
    assert two.device.extension.coordinates[1].plain() == SETTLED.extension.coordinates[1].plain()
    assert any("not measured" in sentence for sentence in one.assumed)


def test_parts_can_be_left_out_and_wrong_names_are_said() -> None:
    plain = fitted(SETTLED, 40, 60, intervals=False, leave_out=("offset", "warp", "slow", "break_in"))
    extension = plain.device.extension
    assert extension is not None and extension.slow is None and extension.break_in is None
    assert all(c.warp is None and c.offset == 0 for c in extension.coordinates)
    with pytest.raises(ValueError, match="leave_out"):
        sc.fitting.fit_extended(xr.Dataset(), PUBLISHED, name="x", leave_out=("memory",))


def test_one_device_may_be_far_longer_than_the_others() -> None:
    """As in the endurance table: autocorrelations beyond a typical device's length are those of no mean."""
    ds = sc.fitting.from_simulation(measured(PUBLISHED, 5, 300))
    ds = select_records(ds, (ds["device_index"].values == 0) | (ds["cycle"].values < 40))
    fit = sc.fitting.fit_extended(ds, PUBLISHED, name="uneven", intervals=False)
    assert np.isfinite(fit.estimates["value"].values).all()


def test_sizes_of_a_break_in_scatter_more_where_cycles_remember_each_other() -> None:
    """Of 4,000 devices without one; that of white cycles is the negative control."""
    devices, cycles, skipped, decay = 4000, 60, 8, 0.7 ** np.arange(30)
    memory = Memory(0.4, float(np.exp(-1 / 20)), 0.1)
    correlated = np.linalg.cholesky(toeplitz(memory.autocorrelation(cycles - 1)))
    y = np.random.default_rng(1).standard_normal((devices, cycles)) @ correlated.T
    away = (y - y[:, skipped:].mean(axis=1, keepdims=True))[:, :30]
    sizes = away @ decay / (decay @ decay)
    error = 4.89 * np.sqrt(2 / devices)  # once in a million
    assert sizes.var() == pytest.approx(learn._scatter(decay, skipped, cycles, memory), rel=error)
    assert sizes.var() > (1 + error) / (decay @ decay)
