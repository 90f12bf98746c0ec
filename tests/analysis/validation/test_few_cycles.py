"""The validation of small measurements: a right fit is not condemned, wrong ones are, and what was left out is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import panel_of
from synaptogen_core.analysis.validation import distances, validate, verdict
from synaptogen_core.measurement import measurement
from tests.analysis.fitting.test_fit import PUBLISHED, measured

DEVICE = PUBLISHED.vary(order=3)


def fitted(cycles: int, seed: int) -> sc.fitting.Fit:
    return sc.fitting.fit(measured(DEVICE, 1, cycles, seed), DEVICE, name="again", order=3, intervals=False)


def states(fit: sc.fitting.Fit) -> dict[str, bool | None]:
    return {finding.about: finding.good for finding in sc.fitting.validate(fit).verdict}


@pytest.mark.parametrize("seed", [5000, 5001])
def test_a_right_fit_of_one_device_is_not_condemned(seed: int) -> None:
    assert False not in states(fitted(200, seed)).values()


@pytest.mark.parametrize("cycles", [5, 12, 20])
def test_later_cycles_are_not_judged_by_a_handful(cycles: int) -> None:
    """Where 12 cycles were measured, 4 predictions condemned every fit: nothing was expected, and exactly so."""
    data = measured(DEVICE.vary(order=1), 1, cycles, 5)
    fit = sc.fitting.fit_extended(data, DEVICE, name="few", intervals=False)
    found = {finding.about: finding for finding in sc.fitting.validate(fit).verdict}
    assert found["Later cycles"].good is None and "too few cycles to hold some back" in found["Later cycles"].text
    assert not any(found[about].good for about in ("Tails", "Memory", "Correlations"))
    assert "rare values" in found["Verdict"].text.lower().split("nothing known about")[1]
    if cycles < 20:
        assert found["Values"].good is None and found["Verdict"].good is None


def test_a_walk_of_many_cycles_is_worth_a_few() -> None:
    """Its bands hold anything; the same values in another order are judged."""
    walk = 40e6 * np.exp(0.003 * np.random.default_rng(3).standard_normal(120).cumsum())
    said = {}
    for name, values in {"walk": walk, "shuffled": np.random.default_rng(4).permutation(walk)}.items():
        data = measurement(np.zeros(120, int), np.arange(120), labels=["1"], features={"r_hrs": values})
        fit = sc.fitting.fit_extended(data, DEVICE, name=name, intervals=False)
        said[name] = sc.fitting.validate(fit).verdict
    assert "independent ones" in said["walk"][0].text and said["walk"][-1].good is None
    assert said["shuffled"][0].good is not None


def test_wrong_fits_of_one_device_are_condemned() -> None:
    right = fitted(1000, 1)
    forgets = replace(right, device=right.device.vary(autocorrelation=False))
    assert states(forgets)["Memory"] is False
    shaky = replace(right, device=right.device.vary(c2c=1.5, shapes="gaussian"))
    said = states(shaky)
    assert (said["Values"], said["Cycle to cycle"]) == (False, False)


def test_simulated_repeats_look_like_the_measurement() -> None:
    data = measured(DEVICE, 3, 40, 2)
    keep = (data["device_index"] != 1) | (data["cycle"] > 15)
    data = data.isel(record=np.flatnonzero(keep & (data["cycle"] != 30)))
    data["u_set"][5] = np.nan
    panel = panel_of(data)
    again = repeated_measurement(DEVICE, panel, 4, seed=1)
    assert again.devices == 12
    for k in range(4):
        part = again.part(3 * k, 3 * k + 3)
        np.testing.assert_array_equal(part.present, panel.present)
        np.testing.assert_array_equal(part.starts, panel.starts)
        np.testing.assert_array_equal(part.device, panel.device)
    assert np.unique(again.values[again.present[:, 2], 2]).size > 0.99 * again.present[:, 2].sum()


def test_small_measurements_are_simulated_and_large_ones_resampled() -> None:
    panel = panel_of(measured(DEVICE, 500, 20, 3))
    assert distances.repeats_for(panel, 400_000) == 0
    assert distances.repeats_for(panel.part(0, 40), 400_000) == 400
    assert distances.repeats_for(panel.part(0, 100), 400_000) == 400_000 // (100 * 21)
    assert distances.repeats_for(panel.part(0, 400), 400_000) == 100


@pytest.mark.parametrize(
    ("line", "use"), [("Drift", "sequences of cycles"), ("Other devices", "arrays of many devices"), ("Tails", "rare")]
)
def test_the_summary_heeds_every_line(line: str, use: str) -> None:
    lines = ("Values", "Tails", "Cycle to cycle", "Memory", "Correlations", "Device to device", "Later cycles",
             "Other devices", "Drift")  # fmt: skip
    everything = verdict.summary(dict.fromkeys(lines, True))
    assert everything.good and "not good" not in everything.text
    said = verdict.summary({**dict.fromkeys(lines, True), line: False})
    assert said.good is False and use in said.text.split("not good for")[1]


def with_gaps() -> xr.Dataset:
    """10 devices of 100 cycles, 4 features; of 4,000 values 204 are missing, a hundred of them all of one device's."""
    data = measured(DEVICE, 10, 100, 4)
    data["u_set"][:200:2] = np.nan
    for name in ("r_hrs", "u_set", "r_lrs", "u_reset"):
        data[name][-1] = np.nan
    data["r_lrs"][300:400] = np.nan
    return data


def test_what_was_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = sc.fitting.fit(with_gaps(), DEVICE, name="gaps", order=1, intervals=False)
    assert any("1 of 10 devices left out (a feature in fewer" in text for text in fit.warnings)
    said = "504 of 4,000 values are not in the fit: 400 of devices left out, 104 missing."
    assert said in fit.warnings
    assert any("runs of 2 successive cycles: the others have a gap" in text for text in fit.warnings)
    monkeypatch.setattr(validate, "MOST_RECORDS", 850)
    assert sc.fitting.validate(fit).verdict[-1].text.endswith("Compared: 8 of 9 devices, 799 of 899 cycles.")
    whole = sc.fitting.fit(measured(DEVICE, 10, 100, 4), DEVICE, name="whole", order=1, intervals=False)
    assert not any("values are not in the fit" in text or "runs of" in text for text in whole.warnings)
