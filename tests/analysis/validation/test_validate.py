"""The validation of a fit: a good one is found good, and each kind of fault is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.validation import held_out
from synaptogen_core.analysis.validation.distances import lags_for
from tests.analysis.fitting.test_fit import PUBLISHED, measured


@pytest.fixture(scope="module")
def found() -> sc.fitting.Fit:
    data = measured(PUBLISHED.vary(outlier_share=0.0), 64, 300, 11)
    devices = sc.fitting.screen_devices(data)  # without intervals, a fit does not ask for drift
    return sc.fitting.fit(data, PUBLISHED, name="again", order=10, components=1, devices=devices, intervals=False)


def verdict(validation: sc.fitting.Validation) -> dict[str, bool | None]:
    return {finding.about: finding.good for finding in validation.verdict}


@pytest.fixture(scope="module")
def validation(found: sc.fitting.Fit) -> sc.fitting.Validation:
    return sc.fitting.validate(found)


def test_a_good_fit_is_good(validation: sc.fitting.Validation) -> None:
    assert verdict(validation) == {
        "Values": True, "Tails": True, "Cycle to cycle": True, "Memory": True, "Correlations": True,
        "Device to device": True, "Later cycles": True, "Other devices": True, "Drift": True, "Verdict": True,
    }  # fmt: skip
    for table in (validation.marginals, validation.autocorrelation):
        assert (table["lower"] <= table["upper"]).all()
    assert validation.held_out["skill"].sel(feature="r_lrs") > 0.2


@pytest.mark.parametrize(("cycles", "last"), [(1, 1), (20, 5), (79, 19), (80, 40), (300, 113), (6000, 2560)])
def test_lags_reach_half_of_the_cycles_where_there_are_enough(cycles: int, last: int) -> None:
    lags = lags_for(cycles)
    assert lags[-1] == last <= max(cycles / 2, 1) and (np.diff(lags) > 0).all()
    assert lags[: 21 if cycles >= 80 else None].tolist() == list(range(min(last, 20) + 1)), "one by one at first"


def judged_again(
    fit: sc.fitting.Fit, before: sc.fitting.Validation, monkeypatch: pytest.MonkeyPatch
) -> sc.fitting.Validation:
    """Another device on the same data: cycles and devices held out are fitted anew, whatever device it is; so once."""
    monkeypatch.setattr(held_out, "refits", lambda fit, part, work: before.refitted)
    monkeypatch.setattr(held_out, "held_out", lambda parts, part, seed, work: before.held_out)
    return sc.fitting.validate(fit)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"autocorrelation": False}, "Memory"),
        ({"c2c": 1.5}, "Values"),
        ({"d2d": 2.0}, "Device to device"),
        ({"shapes": "gaussian"}, "Cycle to cycle"),
        ({"correlations": False}, "Correlations"),
    ],
)
def test_each_fault_is_found(
    found: sc.fitting.Fit,
    validation: sc.fitting.Validation,
    change: dict[str, object],
    about: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = judged_again(replace(found, device=found.device.vary(**change)), validation, monkeypatch)
    assert verdict(wrong)[about] is False
    assert verdict(wrong)["Verdict"] is False or "not good for" in wrong.verdict[-1].text


def inside(table: xr.Dataset) -> xr.DataArray:
    return (table["lower"] <= table["fitted"]) & (table["fitted"] <= table["upper"])


def test_the_real_loops_come_out_again(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = sc.load_measurements(shared_data / "hennen_ivtools_loops.csv.gz")
    features = sc.fitting.extract_features(loops)
    assert int((features["failure"] == 0).sum()) >= 95
    curves = sc.fitting.fit_curves(loops, features)
    fit = sc.fitting.fit(features, PUBLISHED, name="real", curves=curves, intervals=False)
    validation = sc.fitting.validate(fit)
    assert inside(validation.marginals).all()
    one_later = validation.correlations.sel(kind="one cycle later")
    own = [bool(inside(one_later).sel(feature=name, feature_other=name)) for name in one_later["feature"].values]
    assert all(own)
    assert inside(one_later).mean() >= 13 / 16  # the cross-correlations: 16 bands of 95 %, three may be missed
    assert verdict(validation)["Device to device"] is None
    wide = replace(fit, device=fit.device.vary(c2c=1.5))
    assert not inside(judged_again(wide, validation, monkeypatch).marginals).all()  # negative control


def test_the_real_endurance_names_its_dead(shared_data: Path) -> None:
    table = sc.load_measurements(shared_data / "stanford_mit_endurance_RHRS_RLRS.csv.gz")
    fit = sc.fitting.fit(table, PUBLISHED, name="endurance", intervals=False)
    state = np.array(["healthy", "never", "worn", "few"])[fit.devices["state"].values]
    dead = {label.split()[-1] for label in fit.devices["device"].values[state != "healthy"].tolist()}
    assert dead == {"782", "784", "786", "790", "792", "794", "796", "798", "800", "802", "804"}
    assert fit.features.sizes["device"] == 9
    assert any("U_SET and U_RESET not measured" in text for text in fit.assumed)
    assert any("50,000 cycles apart" in text for text in fit.assumed)
    judged = sc.fitting.validate(fit)
    assert verdict(judged)["Device to device"] is True
    # R_LRS of one device has tails of .9, of another of 1.7, where nine of the fit lie within .3
    assert verdict(judged)["Shapes of devices"] is False and "tails of single devices" in judged.verdict[-1].text
