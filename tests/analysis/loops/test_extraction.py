"""Features of loops that the simulator made equal those it had in force; of real loops they are plausible."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import xarray as xr
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import synaptogen_core as sc
from synaptogen_core.analysis.loops import thresholds
from synaptogen_core.analysis.loops.extraction import FeatureOptions, extract_features
from synaptogen_core.errors import Cancelled
from synaptogen_core.measurement import measurement, select_records
from synaptogen_core.schema import FAILURES, FEATURE_NAMES
from tests.analysis.example_loops import measured_loops, real_loops

CODES = {code: number for number, (code, _) in enumerate(FAILURES)}
FIT = 0.006  # of a resistance: what polynomials of degree 5 and 3 leave of the published curves; first loops apart


@pytest.fixture(scope="module")
def device() -> sc.DeviceParameters:
    return sc.load_device("hennen2024").vary(outlier_share=0.0)


def errors(found: xr.Dataset, truth: xr.Dataset) -> dict[str, np.ndarray]:
    """Of the thresholds in V, of the resistances relative; shape (devices, cycles)."""
    shape = (truth.sizes["device"], -1)
    return {
        name: (found[name].values / truth[name].values - 1 if name[0] == "r" else (found[name] - truth[name]).values)
        .reshape(shape)
        for name in FEATURE_NAMES
    }  # fmt: skip


@pytest.mark.parametrize("set_sign", [-1, 1])
@pytest.mark.parametrize("step", [0.005, 0.02, 0.05])
def test_features_are_those_in_force_within_what_interpolation_leaves(device, step, set_sign):
    loops, truth = measured_loops(device, devices=8, cycles=60, step=step, set_sign=set_sign)
    found = extract_features(loops)
    assert not found["failure"].values.any()
    assert found.attrs["polarity"] == set_sign
    wrong = errors(found, truth)
    for name in ("u_set", "u_reset"):
        assert np.abs(wrong[name]).max() <= step, "the rule switches at the first sample beyond a threshold"
        assert abs(wrong[name].mean()) <= step / 4
    assert np.abs(wrong["r_lrs"]).max() < FIT
    assert np.quantile(np.abs(wrong["r_hrs"][:, 1:]), 0.99) < FIT
    # the first loop of a device has no RESET before it: its resistance is read at -0.2 V, where the curves differ
    assert np.abs(wrong["r_hrs"][:, 0]).max() < 0.25


def test_thresholds_lie_between_the_voltages_of_the_sweep(device, monkeypatch):
    """The spread of U_RESET is that of the truth, where thresholds at samples would add that of a rounding."""
    step = 0.05
    loops, truth = measured_loops(device, devices=8, cycles=100, step=step)

    def rest(found: xr.Dataset) -> float:
        return float(np.std((found["u_reset"] - truth["u_reset"]).values))

    rounding = step / np.sqrt(12)
    assert rest(extract_features(loops)) < 0.5 * rounding
    monkeypatch.setattr(  # negative control: the sample with the largest current
        thresholds, "_kink",
        lambda loops, at, branch, found, smoothing: thresholds._where(
            found, thresholds._at(loops.voltage, at), thresholds._at(loops.current, at), at
        ),
    )  # fmt: skip
    assert rest(extract_features(loops, FeatureOptions(smoothing=1))) > 0.9 * rounding


def test_read_noise_and_white_noise_average_out(device):
    step = 0.02
    loops, truth = measured_loops(device, devices=8, cycles=60, step=step, bandwidth=1e8, noise=0.5e-6)
    found = extract_features(loops)
    assert not found["failure"].values.any()
    wrong = errors(found, truth)
    for name in ("u_set", "u_reset"):
        assert np.abs(wrong[name]).max() <= 1.5 * step
        assert abs(wrong[name].mean()) <= step / 4
    count = wrong["r_lrs"].size
    # 40 samples share the noise of 0.5 uA at 44 uA; their polynomial has a leverage of about 0.2 at 0.2 V
    sd = 0.5e-6 / 44e-6 * 0.25
    assert wrong["r_lrs"].std() < 1.3 * sd
    assert abs(wrong["r_lrs"].mean()) < FIT + 4.89 * sd / np.sqrt(count)


def test_a_series_resistance_is_taken_off(device):
    bent, truth = measured_loops(device, devices=4, cycles=40, step=0.02, series_resistance=1000.0)
    wrong = errors(extract_features(bent, FeatureOptions(series_resistance=1000.0)), truth)
    assert max(np.abs(wrong[name]).max() for name in ("u_set", "u_reset")) <= 0.02
    assert np.abs(wrong["r_lrs"]).max() < FIT
    left = errors(extract_features(bent), truth)  # negative control
    assert left["r_lrs"].mean() == pytest.approx(0.22, abs=0.03)
    assert left["u_reset"].min() > 0.05


def test_a_collapse_of_the_cell_voltage_does_not_move_its_set():
    """Behind a series resistance a SET throws the cell's voltage back: it happened at the voltage before."""
    source = np.concatenate([np.linspace(0, -1.5, 151), np.linspace(-1.5, 1.5, 301)[1:], np.linspace(1.5, 0, 151)[1:]])
    low = np.zeros(source.size, bool)
    low[80:430] = True  # SETs behind -0.79 V, RESETs behind +1.29 V
    current = source / np.where(low, 3000.0, 100e3)
    loops = measurement([0], [0], labels=["a"], loops=(source, current, [source.size]))
    found = extract_features(loops, FeatureOptions(series_resistance=1000.0))
    assert found["u_set"].item() == pytest.approx(-0.79 * 99 / 100, abs=0.005)
    assert found["r_lrs"].item() == pytest.approx(2000.0, rel=1e-6)
    assert found["r_hrs"].item() == pytest.approx(99e3, rel=1e-6)


def test_a_current_limit_is_found_and_halved(device):
    loops, truth = measured_loops(device, devices=4, cycles=40, step=0.01, limit=100e-6)
    found = extract_features(loops)
    np.testing.assert_allclose(found["current_limit"], 100e-6, rtol=1e-3)
    np.testing.assert_allclose(found["set_current"], -50e-6, rtol=1e-3)
    wrong = errors(found, truth)
    assert np.abs(wrong["u_set"]).max() <= 0.01
    assert np.abs(wrong["r_lrs"]).max() < FIT


def test_loops_that_reset_first_share_a_vector_with_the_next(device):
    loops, truth = measured_loops(device, devices=4, cycles=30, step=0.02, reset_first=True)
    found = extract_features(loops)
    assert not found["failure"].values.any()
    reason = found["u_reset_reason"].values.reshape(4, 30)
    assert (reason[:, -1] == CODES["no_reset"]).all(), "nothing shows the RESET of the last vector"
    assert not reason[:, :-1].any()
    wrong = errors(found, truth)
    for name in ("u_set", "u_reset"):
        assert np.nanmax(np.abs(wrong[name])) <= 0.02
    assert np.nanmax(np.abs(wrong["r_lrs"][:, :-1])) < FIT
    assert np.nanmax(np.abs(wrong["r_lrs"])) < 0.05, "the last is read at -0.2 V"


@pytest.mark.parametrize("sign", [-1, 1])
def test_loops_may_begin_at_either_end_of_the_sweep(device, sign):
    """-1.5 V -> 1.5 V -> -1.5 V, or the other way round."""
    loops, truth = measured_loops(device, devices=1, cycles=30, step=0.02)
    one = loops["voltage"].values[:300]
    shift = int(one.argmin() if sign < 0 else one.argmax())
    kept = slice(shift, shift + 29 * 300)
    turned = measurement(np.zeros(29, int), np.arange(29), labels=["a"],
                         loops=(loops["voltage"][kept], loops["current"][kept], np.full(29, 300)))  # fmt: skip
    found, truth = extract_features(turned), select_records(truth, np.arange(30) > 0)
    good = found["failure"].values == 0
    assert good[:-1].all()
    for name in ("u_set", "u_reset"):
        assert np.nanmax(np.abs((found[name] - truth[name]).values[good])) <= 0.02
    wrong = np.abs((found["r_lrs"] / truth["r_lrs"] - 1).values[good])
    assert wrong[:-1].max() < FIT and not wrong[-1] > 0.05, "the last may be read at -0.2 V, or not at all"


def test_a_gap_in_the_cycles_parts_their_states(device):
    """Across a missing cycle the high resistance before it must not be taken for that behind it."""
    loops, truth = measured_loops(device, devices=1, cycles=20, step=0.02)
    keep = np.arange(20) != 9
    found, truth = extract_features(select_records(loops, keep)), select_records(truth, keep)
    wrong = errors(found, truth)["r_hrs"][0]
    assert abs(wrong[9]) < 0.25
    assert np.abs(np.delete(wrong, [0, 9])).max() < 0.05


@pytest.mark.parametrize("scale", [1e-4, 1e3])
def test_the_scale_of_the_currents_does_not_matter(device, scale):
    loops, _ = measured_loops(device, devices=2, cycles=20, step=0.02)
    found = extract_features(loops)
    other = extract_features(loops.assign(current=loops["current"] * scale))
    for name in ("u_set", "u_reset"):
        np.testing.assert_allclose(other[name], found[name], rtol=1e-9)
    np.testing.assert_allclose(other["r_hrs"] * scale, found["r_hrs"], rtol=1e-6)


@pytest.mark.parametrize("set_method", ["level", "steepest", "peak"])
def test_methods_agree_where_the_loop_is_abrupt(device, set_method):
    loops, truth = measured_loops(device, devices=4, cycles=30, step=0.01)
    wrong = errors(extract_features(loops, FeatureOptions(set_method=set_method)), truth)
    assert np.abs(wrong["u_set"]).max() <= 0.02


def test_other_reset_methods_find_later_points(device):
    loops, _ = measured_loops(device, devices=4, cycles=30, step=0.01)
    peak, steepest, level = (
        extract_features(loops, FeatureOptions(reset_method=method)) for method in ("peak", "steepest", "level")
    )
    assert (peak["u_reset"] < steepest["u_reset"] + 0.01).all()
    assert (steepest["u_reset"] < level["u_reset"]).mean() > 0.9
    np.testing.assert_allclose(level["reset_current"], 0.5 * peak["reset_current"], rtol=0.05)


SWEEP = np.concatenate([np.linspace(0, -1.5, 40), np.linspace(-1.5, 1.5, 80)[1:], np.linspace(1.5, 0, 40)[1:]])


def crafted(high: float = 100e3, low: float = 4e3, u_set: float = -0.7, u_reset: float = 0.7) -> np.ndarray:
    """Current of a loop along SWEEP: two resistors and two abrupt thresholds."""
    state, current = False, np.empty(SWEEP.size)
    for k, u in enumerate(SWEEP):
        state = (state or u <= u_set) and not u > u_reset
        current[k] = u / (low if state else high)
    return current


def failure_of(voltage: np.ndarray, current: np.ndarray, **options: object) -> str:
    loops = measurement([0], [0], labels=["a"], loops=(voltage, current, [len(voltage)]))
    found = extract_features(loops, FeatureOptions(**options))
    reasons = {found[f"{name}_reason"].item() for name in FEATURE_NAMES} - {0}
    for name in FEATURE_NAMES:
        there = np.isfinite(found[name].item())
        assert there == (found[f"{name}_reason"].item() == 0) == (found[f"{name}_confidence"].item() > 0)
    assert len(reasons) <= 1 or found["failure"].item() == 0
    return FAILURES[max(reasons, default=0)][0]


def test_every_reason_can_be_met():
    rng = np.random.default_rng(1)
    noise = 1e-6 * rng.standard_normal(SWEEP.size)
    good = crafted()
    assert failure_of(SWEEP, good + noise, polarity="negative") == "none"
    assert failure_of(SWEEP[:8], good[:8]) == "too_short"
    assert failure_of(SWEEP, np.where(SWEEP > 0.5, np.nan, good)) == "not_finite"
    assert failure_of(SWEEP, np.where(SWEEP > 0.5, 9.9e37, good)) == "not_finite"
    assert failure_of(np.abs(SWEEP), np.abs(good)) == "not_swept"
    for resistance in (4e3, 100e3):  # a cell that always is in one state
        stuck = SWEEP / resistance + noise
        assert failure_of(SWEEP, stuck, polarity="negative") == "no_set"
    assert failure_of(SWEEP, crafted(u_reset=2.0) + noise, polarity="negative") == "no_reset"
    negative_high = np.where(np.abs(good) < 20e-6, -good, good)
    assert failure_of(SWEEP, negative_high, polarity="negative") == "no_hrs"
    near, low = np.abs(SWEEP) < 0.25, np.abs(good) > np.abs(SWEEP) / 5e3
    narrow = {"polarity": "negative", "fit_range": (0.25, 0.25)}
    assert failure_of(SWEEP, np.where(near & low, -good, good), **narrow) == "no_lrs"
    limited = np.maximum(good, -200e-6)
    assert failure_of(SWEEP, np.where(near, SWEEP / np.where(low, 4e3, 3e3), limited), **narrow) == "closed_window"


def test_a_sample_that_is_no_number_is_left_out(device):
    loops, _ = measured_loops(device, devices=1, cycles=5, step=0.02)
    torn = loops["current"].values.copy()
    torn[7::61] = np.nan
    found, whole = extract_features(loops.assign(current=("sample", torn))), extract_features(loops)
    assert not found["failure"].values.any()
    np.testing.assert_allclose(found["u_reset"], whole["u_reset"], atol=0.02)


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # of so much data it takes minutes
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=60, deadline=None, phases=NO_SHRINKING)
@given(st.data())
def test_any_loops_give_numbers_or_a_reason(data):
    counts = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=5))
    kind = data.draw(st.sampled_from(["any", "small", "sweep"]))
    elements = NUMBERS if kind == "any" else st.floats(-2, 2).map(lambda x: round(x, 1))
    voltage, current = (data.draw(hnp.arrays(float, sum(counts), elements=elements)) for _ in range(2))
    if kind == "sweep":
        voltage = np.concatenate([1.5 * np.sin(np.linspace(0, -2 * np.pi, n)) for n in counts])
    cycle = data.draw(st.lists(st.integers(0, 9), min_size=len(counts), max_size=len(counts), unique=True))
    loops = measurement(np.zeros(len(counts), int), cycle, labels=["a"], loops=(voltage, current, counts))
    options = FeatureOptions(
        set_method=data.draw(st.sampled_from(["level", "steepest", "peak"])),
        reset_method=data.draw(st.sampled_from(["level", "steepest", "peak"])),
        smoothing=data.draw(st.sampled_from([1, 5, 51])),
        series_resistance=data.draw(st.sampled_from([0.0, 0.5])),
    )
    found = extract_features(loops, options)
    table = np.stack([found[name].values for name in FEATURE_NAMES])
    good = found["failure"].values == 0
    assert np.isfinite(table[:, good]).any(axis=0).all()
    assert np.isnan(table[:, ~good]).all()
    reasons = np.stack([found[f"{name}_reason"].values for name in FEATURE_NAMES])
    np.testing.assert_array_equal(reasons == 0, np.isfinite(table))
    assert not (table[0] <= table[2]).any()
    assert not (table[1] >= 0).any() and not (table[3] <= 0).any()


def test_the_work_can_be_watched_and_stopped(device):
    loops, _ = measured_loops(device, devices=10, cycles=100, step=0.02)
    shares: list[float] = []
    extract_features(loops, progress=shares.append)
    assert len(shares) > 2 and shares == sorted(shares) and shares[-1] == 1.0
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        extract_features(loops, cancel=stop)


def test_the_result_knows_how_it_was_made(device):
    loops, _ = measured_loops(device, devices=2, cycles=3)
    options = FeatureOptions(set_method="steepest", smoothing=np.int64(3), fit_range=(0.5, 0.3))
    found = extract_features(loops, options)
    assert FeatureOptions.from_json(found.attrs["feature_options"]) == options
    assert found.attrs["data_hash"] == loops.attrs["data_hash"]
    assert found["set_current"].attrs["units"] == "A"
    assert (found["set_current"] < 0).all() and (found["reset_current"] > 0).all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"set_method": "x"}, r"set_method: must be one of level, steepest, peak \(got 'x'\); choose one"),
        ({"smoothing": 4}, r"smoothing: must be odd \(got 4\)"),
        ({"series_resistance": -1.0}, r"series_resistance: must be from 0 to 1e9 ohm \(got -1\)"),
        ({"prominence": 0.0}, r"prominence: must be above 0 A \(got 0\); None adapts it"),
        ({"read_voltage": 0.0}, r"read_voltage: must be from 1e-6 to 100 V \(got 0\)"),
        ({"fit_range": (0.1, 0.4)}, r"fit_range: must be from the read voltage, 0.2 V, to 100 V \(got \(0.1, 0.4\)\)"),
        ({"degrees": (0, 3)}, r"degrees: must be from 1 to 9 \(got 0\)"),
    ],
)
def test_bad_options_get_their_sentence(options, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        FeatureOptions(**options)


def test_a_table_without_loops_gets_its_sentence():
    with pytest.raises(ValueError, match=r"^loops: must be a measurement with loops"):
        extract_features(measurement([0], [0], labels=["a"], features={"u_set": [-1.0]}))


def test_the_real_loops_are_read(shared_data):
    found = extract_features(real_loops(shared_data))
    good = found["failure"].values == 0
    assert good.sum() >= 95
    np.testing.assert_allclose(found["current_limit"][good], 300e-6, rtol=0.02)
    low, median, high = (found.isel(record=good).quantile(q) for q in (0.05, 0.5, 0.95))
    assert low["r_hrs"] > 15e3 and 40e3 < median["r_hrs"] < 70e3 and high["r_hrs"] < 300e3
    assert low["u_set"] > -1.1 and -0.95 < median["u_set"] < -0.8 and high["u_set"] < -0.7
    assert low["r_lrs"] > 2.4e3 and 2.8e3 < median["r_lrs"] < 3e3 and high["r_lrs"] < 3.2e3
    assert low["u_reset"] > 0.7 and 0.78 < median["u_reset"] < 0.9 and high["u_reset"] < 1.1
