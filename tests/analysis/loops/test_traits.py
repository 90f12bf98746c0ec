"""Of loops with every trait that files have, each feature is right within the step, or empty with its reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from synaptogen_core.analysis.loops import thresholds
from synaptogen_core.analysis.loops.extraction import FeatureOptions, extract_features
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FAILURES, FEATURE_NAMES
from tests.analysis.example_loops import real_loops
from tests.analysis.made_loops import Cell, Made, cut, made_loops

CODES = {code: number for number, (code, _) in enumerate(FAILURES)}
ALL = frozenset(FEATURE_NAMES)
USUAL = Cell()
TRAITS = {  # name: cell, features that must be there (in all cycles but the first and the last)
    "usual": (USUAL, ALL),
    "fine": (replace(USUAL, step=0.005), ALL),
    "coarse": (replace(USUAL, step=0.1), ALL),
    "small window": (replace(USUAL, r_hrs=15e3, r_lrs=9e3, spread=0.02), ALL),
    "superlinear": (replace(USUAL, r_hrs=50e3, r_lrs=10e3, bend=1.6), ALL),
    "limit below twice the HRS current": (replace(USUAL, r_hrs=15e3, r_lrs=3e3, limit=120e-6, spread=0.01), ALL),
    "limit": (replace(USUAL, limit=100e-6), ALL),
    "gradual RESET": (replace(USUAL, r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True), ALL - {"u_reset"}),
    "gradual RESET, one way": (
        replace(USUAL, r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True, one_way=True), ALL - {"u_reset"}
    ),
    "gradual RESET, RESET first": (
        replace(USUAL, r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True, reset_first=True), ALL - {"u_reset"}
    ),
    "gradual RESET, one way, RESET first": (
        replace(USUAL, r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True, one_way=True, reset_first=True),
        ALL - {"u_reset"},
    ),
    "steps of .2 V": (replace(USUAL, step=0.2), ALL),
    "steps of .2 V, RESET first": (replace(USUAL, step=0.2, u_set=0.5, u_reset=0.5, reset_first=True), ALL),
    "steps of .2 V, one way": (replace(USUAL, step=0.2, one_way=True), ALL - {"r_hrs"}),
    "series resistor": (replace(USUAL, r_hrs=100e3, r_lrs=2e3, series=3e3, u_min=2.0, u_max=3.0), ALL),
    "series resistor, small SET": (replace(USUAL, r_lrs=2e3, u_set=0.28, u_reset=0.4, series=4e3, step=0.02), ALL),
    "offset": (replace(USUAL, offset=-0.8e-6, step=0.02), ALL),
    "one way": (replace(USUAL, one_way=True), ALL),
    "one way, RESET first": (replace(USUAL, one_way=True, reset_first=True), ALL),
    "RESET first": (replace(USUAL, reset_first=True), ALL),
    "mirrored": (replace(USUAL, mirrored=True), ALL),
    "noisy": (replace(USUAL, noise=0.02, step=0.02), ALL),
    "noisy and fine": (replace(USUAL, noise=0.03, step=0.005), ALL),
    "mean SET": (replace(USUAL, slow_set=0.15, step=0.01), frozenset()),
    "small voltages": (replace(USUAL, u_set=0.45, u_reset=0.4, u_min=0.6, u_max=0.6, step=0.01), ALL),
    "small SET, far sweep": (replace(USUAL, u_set=0.3, u_reset=0.3, step=0.1), ALL),
    "large voltages": (replace(USUAL, u_set=5.0, u_reset=4.0, u_min=6, u_max=6, step=0.1, r_hrs=1e7, r_lrs=1e6), ALL),
}  # fmt: skip


def wrong(found, made: Made, cell: Cell) -> dict[str, np.ndarray]:
    """Distance from the truth: of thresholds in steps, of resistances relative."""
    off = {}
    for name in FEATURE_NAMES:
        value, truth = found[name].values, made.truth[name]
        off[name] = np.abs(value - truth) / cell.step if name[0] == "u" else np.abs(value / truth - 1)
    return off


@pytest.mark.parametrize("trait", TRAITS)
def test_features_are_right_or_empty(trait: str) -> None:
    cell, there = TRAITS[trait]
    made = made_loops(cell, 12, seed=3)
    found = extract_features(made.dataset())
    assert not found["failure"].values.any()
    for name, off in wrong(found, made, cell).items():
        late = cell.slow_set / cell.step if name == "u_set" else 0.0
        assert not (off > (1.5 + late if name[0] == "u" else 0.05)).any(), name
        empty = np.isnan(off)
        np.testing.assert_array_equal(empty, found[f"{name}_reason"].values > 0)
        if name in there:
            assert not empty[1:-1].any(), name


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("upwards", [False, True])
def test_a_sweep_across_zero_shows_one_transition(upwards: bool, mirrored: bool) -> None:
    """From one end to the other, once: what was before its beginning is not told by its first sample.

    Downwards U_RESET came out as the end of the sweep, 1.5 V for 1.1 V, at a confidence of 0.98.
    """
    cell = replace(USUAL, mirrored=mirrored)
    made = made_loops(cell, 12, seed=3)
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        ends = v.argmin(), v.argmax()
        from_set = np.arange(min(ends), max(ends) + 1)
        keep = from_set if upwards != mirrored else np.r_[max(ends) : v.size, 0 : min(ends) + 1]
        made.voltage[n], made.current[n] = v[keep], i[keep]
    found = extract_features(made.dataset())
    there = {"r_lrs", "u_reset"} if upwards != mirrored else {"r_hrs", "u_set"}
    assert not found["failure"].values.any()
    for name, off in wrong(found, made, cell).items():
        assert np.isfinite(off).all() == (name in there) and np.isnan(off).all() == (name not in there), name
        assert not (off > (1.5 if name[0] == "u" else 0.12)).any(), name


def test_ways_back_alone_show_no_switching() -> None:
    made = made_loops(USUAL, 4, seed=3)
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        keep = np.append(False, np.diff(np.abs(v)) < 0)
        made.voltage[n], made.current[n] = v[keep], i[keep]
    found = extract_features(made.dataset())
    assert (found["failure"] == CODES["not_swept"]).all()


def test_a_gradual_reset_is_named_and_has_a_definition_of_its_own() -> None:
    cell, _ = TRAITS["gradual RESET"]
    made = made_loops(cell, 12, seed=3)
    found = extract_features(made.dataset())
    assert (found["u_reset_reason"] == CODES["gradual_reset"]).all()
    kink = extract_features(made.dataset(), FeatureOptions(reset_method="kink"))
    assert np.isfinite(kink["u_reset"]).sum() >= 9
    assert np.nanmax(wrong(kink, made, cell)["u_reset"]) < 4
    abrupt = made_loops(USUAL, 12, seed=3)
    at_kink = extract_features(abrupt.dataset(), FeatureOptions(reset_method="kink"))
    assert np.nanmax(wrong(at_kink, abrupt, USUAL)["u_reset"]) < 4


def test_an_analog_set_has_no_edge() -> None:
    """Half a volt wide: what is found is half of the level, as the method says, or nothing."""
    made = made_loops(replace(USUAL, slow_set=0.5, u_set=0.8, step=0.01), 12, seed=1)
    steepest = extract_features(made.dataset(), FeatureOptions(set_method="steepest"))
    level = extract_features(made.dataset())
    middle = made.truth["u_set"] - 0.25
    there = np.isfinite(level["u_set"].values)
    assert np.all(np.abs(level["u_set"].values - middle)[there] < 0.1)
    assert (steepest["u_set_confidence"] <= 1).all()


def test_without_the_test_a_level_that_the_branch_passes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with every threshold believed, the small window gives -0.25 V again."""
    cell, _ = TRAITS["small window"]
    made = made_loops(cell, 12, seed=3)
    monkeypatch.setattr(thresholds.evidence, "set_confidence", lambda voltage, *rest: np.ones(len(voltage)))
    believed = extract_features(made.dataset())
    assert (wrong(believed, made, cell)["u_set"] > 5).mean() > 0.5


@pytest.mark.parametrize(("step", "noise", "seed"), [(0.04, 0.0005, 1), (0.04, 0.002, 3), (0.02, 0.0005, 3)])
def test_a_branch_that_passes_the_level_just_before_its_set(step: float, noise: float, seed: int) -> None:
    """At half of the limit the high resistance carries what it carries at its SET: the level came 1.7 steps early."""
    cell = replace(USUAL, r_hrs=20e3, limit=120e-6, step=step, noise=noise)
    made = made_loops(cell, 20, seed=seed)
    found = extract_features(made.dataset())
    assert np.isfinite(found["u_set"].values).all()
    assert np.abs(found["u_set"].values - made.truth["u_set"]).max() <= (1.0 + 50 * noise) * step


def test_a_step_between_few_samples_is_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: where the SET of a coarse sweep counts as noise, no resistance and no SET is told."""
    cell, _ = TRAITS["steps of .2 V, RESET first"]
    monkeypatch.setattr(thresholds.evidence, "SHORT", 0)
    found = extract_features(made_loops(cell, 12, seed=3).dataset())
    assert not np.isfinite(found["u_set"]).any() and not np.isfinite(found["r_hrs"]).any()


def test_a_sample_at_the_end_is_no_reset() -> None:
    made = made_loops(replace(USUAL, u_reset=1.48, spread=0.0, noise=0.01, u_max=1.44), 6, seed=5)
    found = extract_features(made.dataset())
    assert not np.isfinite(found["u_reset"]).any()


@pytest.mark.parametrize(("one_way", "step", "noise"), [(False, 0.02, 0.01), (True, 0.02, 0.01), (False, 0.2, 0.03)])
def test_noise_of_a_plateau_is_no_reset(one_way: bool, step: float, noise: float) -> None:
    cell = replace(TRAITS["gradual RESET"][0], noise=noise, step=step, one_way=one_way)
    made = made_loops(cell, 400, seed=5)
    found = extract_features(made.dataset())["u_reset"].values
    assert not (np.abs(found - made.truth["u_reset"]) > 0.06).any()
    sharp = extract_features(made_loops(replace(USUAL, noise=0.01, step=0.02), 400, seed=5).dataset())
    assert np.isfinite(sharp["u_reset"].values[:-1]).all(), "a RESET is more than noise"


@pytest.mark.parametrize("samples", [7, 20, 60, 75])
def test_a_record_that_begins_in_the_middle_of_a_sweep(samples: int) -> None:
    """A resistance is not read where nothing was seen, and a half that has no way out has not opened."""
    for cell in (replace(USUAL, step=0.02, limit=120e-6), replace(USUAL, step=0.02, u_max=1.05)):
        made = cut(made_loops(cell, 4, seed=2611), samples, 0)
        found = extract_features(made.dataset())
        for name, off in wrong(found, made, cell).items():
            assert not (off > (1.6 if name[0] == "u" else 0.12)).any(), name


def test_a_small_abrupt_fall_is_placed_between_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """By some 12 %, to a branch that is then steeper than the one before."""
    cell = replace(USUAL, r_hrs=46e3, r_lrs=20e3, u_set=1.12, u_reset=1.01, u_min=1.68, u_max=1.57, bend=1.0, step=0.01)
    made = made_loops(cell, 40, seed=3)
    off = wrong(extract_features(made.dataset()), made, cell)["u_reset"]
    assert np.isfinite(off).sum() > 20 and np.nanmax(off) < 1
    monkeypatch.setattr(thresholds, "FALLEN", 0.2)  # negative control: only larger falls are ones between samples
    assert (wrong(extract_features(made.dataset()), made, cell)["u_reset"] > 2).sum() > 20


def test_a_reset_behind_a_plateau_is_not_sharp() -> None:
    """The current stays for .4 V before it falls: a maximum that was not seen may lie anywhere there."""
    plateau = [np.where((v > 0.8) & (i > 0), np.clip(i, 0, 0.8 / USUAL.r_lrs), i) for v, i in _currents(USUAL)]
    sure = []
    for currents in ([i for _, i in _currents(USUAL)], plateau):
        made = made_loops(USUAL, 12, seed=3)
        made.current[:] = currents
        found = extract_features(made.dataset())
        sure.append(found["u_reset_confidence"].values[:-1])
        assert np.isfinite(found["u_reset"].values[:-1]).all()
    assert sure[0].min() > 0.9 and np.median(sure[1]) < 0.3


def _currents(cell: Cell) -> list[tuple[np.ndarray, np.ndarray]]:
    made = made_loops(cell, 12, seed=3)
    return list(zip(made.voltage, made.current, strict=True))


def test_real_loops_with_fewer_samples_are_right_or_less_sure(shared_data) -> None:
    """In steps of .1 V instead of .02 V the small maxima on the plateaus of real RESETs are not there to be found."""
    loops = real_loops(shared_data)
    whole, thin = extract_features(loops), extract_features(_thinned(loops, 0.1))
    off = np.abs(thin["u_reset"] - whole["u_reset"]).values / 0.1
    sure = thin["u_reset_confidence"].values
    assert (off > 1.5).sum() > 50  # of 100
    assert np.median(sure[off > 1.5]) < 0.45 < 0.65 < np.median(sure[off < 1.5])
    for step in (0.1, 0.2):
        few = extract_features(_thinned(loops, step, 0.3))
        ratio = np.abs(np.log(few["r_hrs"] / whole["r_hrs"])).values
        known = 2 * (2 - few["r_hrs_confidence"] - whole["r_hrs_confidence"]).values
        assert not (ratio > np.maximum(0.15, known)).any()


def _thinned(loops: xr.Dataset, step: float, phase: float = 0.0) -> xr.Dataset:
    """The first sample behind each multiple of a step, and both ends of each loop."""
    owner = np.repeat(np.arange(loops.sizes["record"]), loops["sample_count"].values)
    level = np.floor(loops["voltage"].values / step + phase + 0.5)
    ends = (np.diff(owner, prepend=-1) != 0) | (np.diff(owner, append=owner[-1] + 1) != 0)
    keep = ends | (np.diff(level, prepend=level[0]) != 0)
    values = loops["voltage"].values[keep], loops["current"].values[keep], np.bincount(owner[keep])
    return measurement(loops["device_index"].values, loops["cycle"].values, labels=["real"], loops=values)


def test_an_offset_that_all_loops_share_is_taken_off() -> None:
    cell, _ = TRAITS["offset"]
    made = made_loops(cell, 30, seed=2)
    found = extract_features(made.dataset())
    assert found.attrs["current_offset"] == pytest.approx(cell.offset, rel=0.1)
    left = extract_features(made.dataset(), FeatureOptions(current_offset=0.0))
    assert np.median(wrong(left, made, cell)["r_hrs"]) > 0.05, "negative control"
    assert extract_features(made_loops(USUAL, 30, seed=2).dataset()).attrs["current_offset"] == 0.0


def test_the_real_loops_keep_what_was_right(shared_data) -> None:
    """All 100 cycles have all features; they carry about -0.8 uA, and nothing is found at the end of a sweep."""
    found = extract_features(real_loops(shared_data))
    assert all(np.isfinite(found[name]).all() for name in FEATURE_NAMES)
    assert found.attrs["current_offset"] == pytest.approx(-0.85e-6, abs=0.1e-6)
    steepest = extract_features(real_loops(shared_data), FeatureOptions(set_method="steepest"))
    assert np.nanmedian(np.abs(found["u_set"] - steepest["u_set"])) < 0.01
