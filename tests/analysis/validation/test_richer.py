"""Measurements richer than any class: what is more in them is named, and its size told within a factor of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from benchmarks.extended import PUBLISHED, known_device, measured
from synaptogen_core.analysis.validation.rows import WORDS

DEVICES, CYCLES = 60, 160
Change = Callable[[dict[str, np.ndarray]], None]


def richer(change: Change, seed: int = 5) -> xr.Dataset:
    """A measurement of a known device, and what `change` does to its features (devices, cycles)."""
    data = measured(known_device(), DEVICES, CYCLES, seed)
    change({name: data[name].values.reshape(DEVICES, -1) for name in ("r_hrs", "u_set", "r_lrs", "u_reset")})
    return data


def lines(of: sc.fitting.Fit | sc.DeviceParameters, data: xr.Dataset | None = None) -> Any:
    return sc.fitting.compare_numbers(of, data).to_dataframe().set_index("what")


def fitted(data: xr.Dataset, **more: Any) -> sc.fitting.Fit:
    return sc.fitting.fit_extended(data, PUBLISHED, name="a", intervals=False, **more)


@pytest.fixture(scope="module")
def right() -> Any:
    """Nothing more: the negative control of all that follows."""
    return lines(fitted(richer(lambda features: None)))


def test_a_right_fit_has_nothing_wrong(right: Any) -> None:
    assert (right["word"] == WORDS[1]).sum() <= 1
    assert {"prediction", "predicted intervals", "steadiness", "break-in", "possible values"} <= set(right["about"])
    assert set(right[right["about"] == "prediction"]["unit"]) == {"nat"}
    promised = right.loc["log score of later cycles above a log-normal without memory"]
    assert promised["measured"] > 0 and promised["word"] == WORDS[0]


def test_jumps(right: Any) -> None:
    moving, size = 15, 1.35

    def jump(features: dict[str, np.ndarray]) -> None:
        features["r_lrs"][:moving, 70:] *= size

    data = richer(jump)
    row = lines(known_device(), data).loc["share of devices that drift or jump"]
    assert row["word"] == WORDS[1] and 0.5 < row["measured"] / (moving / DEVICES) < 2
    assert right.loc[row.name, "word"] == WORDS[0]
    report = sc.fitting.screen_devices(data).sel(feature="r_lrs")
    named = report["jump_q"].values[:moving] < report.attrs["drift_q"]
    own = np.log(data["r_lrs"].values.reshape(DEVICES, -1)[:moving]).std(axis=1)
    assert named.sum() > moving / 2
    assert np.all(np.abs(np.log(report["jump"].values[:moving] * own / np.log(size)))[named] < np.log(2))


def test_drift() -> None:
    moving, size = 20, 0.4  # V over the record

    def drift(features: dict[str, np.ndarray]) -> None:
        features["u_reset"][:moving] += np.linspace(0, size, features["u_reset"].shape[1])

    data = richer(drift)
    row = lines(known_device(), data).loc["share of devices that drift or jump"]
    assert row["word"] == WORDS[1] and 0.5 < row["measured"] / (moving / DEVICES) < 2
    report = sc.fitting.screen_devices(data).sel(feature="u_reset")
    own = data["u_reset"].values.reshape(DEVICES, -1)[:moving].std(axis=1)
    assert np.all(np.abs(np.log(report["trend"].values[:moving] * own / size)) < np.log(2))


def test_shapes_that_differ_from_device_to_device(right: Any) -> None:
    """Skews by g-and-h with g of sd 0.6: by 10, 50 and 90 % the skew is tanh(0.64 g)."""
    rng = np.random.default_rng(3)
    g = rng.normal(0, 0.6, (DEVICES, 1))

    def skew(features: dict[str, np.ndarray]) -> None:
        own = features["u_reset"]
        mean, sd = own.mean(axis=1, keepdims=True), own.std(axis=1, keepdims=True)
        own[:] = mean + sd * np.expm1(g * (own - mean) / sd) / g

    row = lines(known_device(), richer(skew)).loc["spread of the devices' skews of U_RESET"]
    assert row["word"] == WORDS[1] and right.loc[row.name, "word"] != WORDS[1]
    told = np.sqrt(row["measured"] ** 2 - row["simulated"] ** 2)
    assert 0.5 < told / np.std(np.tanh(0.64 * g)) < 2


def test_runs_without_switching() -> None:
    rng = np.random.default_rng(4)
    begin, length = rng.integers(5, 120, (DEVICES, 2)), 3 + rng.geometric(1 / 5, (DEVICES, 2))

    def stick(features: dict[str, np.ndarray]) -> None:
        for k in range(DEVICES):
            for first, many in zip(begin[k], length[k], strict=True):
                features["r_lrs"][k, first : first + many] = features["r_hrs"][k, first : first + many]

    data = richer(stick)
    fit = fitted(data, stuck=True)
    assert any("did not switch, left out" in sentence for sentence in fit.warnings)
    assert fit.device.extension is not None and fit.device.extension.stuck is not None
    stuck = fit.device.extension.stuck
    assert 0.5 < stuck.rate[0] / (2 / CYCLES) < 2 and 0.5 < stuck.length[0] / length.mean() < 2 and stuck.rate[1] == 0
    # runs are neither in what is compared, nor in what is simulated for it
    found = lines(fit.device, fit.features)
    assert (found["word"] == WORDS[1]).sum() <= 2


def test_a_device_that_promises_too_much_is_found_out() -> None:
    forgets = known_device().vary(autocorrelation=False)
    data = measured(forgets, 40, 150, 3)
    promises = sc.fitting.compare_numbers(known_device(), data, limits={"prediction": 0.02}).to_dataframe()
    score = promises[promises["what"].str.contains("above a log-normal")]
    assert (score["word"] == WORDS[1]).all()
    honest = sc.fitting.compare_numbers(forgets, data, limits={"prediction": 0.02}).to_dataframe()
    assert (honest[honest["what"].str.contains("above a log-normal")]["word"] != WORDS[1]).all()


def test_first_cycles_that_a_device_does_not_have_are_found_out() -> None:
    data = measured(known_device(break_in=True), 40, 150, 3)
    found = sc.fitting.compare_numbers(known_device(), data).to_dataframe().set_index("what")
    assert found.loc["first 5 % of cycles of R_LRS against the later half", "word"] == WORDS[1]
    assert found.loc["first 5 % of cycles of U_SET against the later half", "word"] != WORDS[1]
