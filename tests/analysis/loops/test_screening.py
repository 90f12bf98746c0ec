"""Which measured devices switch, wear out and drift; the tests for drift hold their level under long memory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import synaptogen_core as sc
from synaptogen_core.analysis.loops import drift
from synaptogen_core.analysis.loops.screening import bad_cycles, screen_devices, usable_records
from synaptogen_core.measurement import from_simulation, measurement
from synaptogen_core.schema import DEVICE_STATES, FAILURES, FEATURE_NAMES
from tests.analysis.example_loops import real_endurance

STATE = {code: number for number, (code, _) in enumerate(DEVICE_STATES)}
CODES = {code: number for number, (code, _) in enumerate(FAILURES)}


def table(*devices: dict[str, np.ndarray], failure: list[np.ndarray] | None = None):
    """A measurement of devices given by their features, cycles counted from 1."""
    names = list(devices[0])
    lengths = [len(d[names[0]]) for d in devices]
    return measurement(
        np.repeat(np.arange(len(devices)), lengths),
        np.concatenate([np.arange(1, n + 1) for n in lengths]),
        labels=[f"d{k}" for k in range(len(devices))],
        features={name: np.concatenate([d[name] for d in devices]) for name in names},
        failure=None if failure is None else np.concatenate(failure),
    )


def resistances(good: int, bad: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    ratio = np.concatenate([np.full(good, 12.0), np.full(bad, 1.02)])
    low = 6e3 * np.exp(0.03 * rng.standard_normal(good + bad))
    return {"r_hrs": low * ratio * np.exp(0.01 * rng.standard_normal(good + bad)), "r_lrs": low}


def states(report) -> list[str]:
    return [DEVICE_STATES[s][0] for s in report["state"].values]


def test_devices_are_told_apart_by_their_window():
    ds = table(resistances(100, 0), resistances(0, 100), resistances(60, 40), resistances(3, 0), resistances(1, 99))
    report = screen_devices(ds)
    assert states(report) == ["healthy", "never_switches", "worn_out", "too_few", "never_switches"]
    assert report["first_bad_cycle"].values.tolist() == [-1, -1, 61, -1, -1]
    assert report["failed"].values.tolist() == [0, 100, 40, 0, 99]
    assert report["cycles"].values.tolist() == [100, 100, 100, 3, 100]
    usable = usable_records(ds, report)
    assert usable.sum() == 100 and usable[:100].all()
    assert usable_records(ds, report, until_worn_out=True).sum() == 160


def test_a_bad_time_that_ends_is_not_the_end():
    one, two, three = resistances(60, 12, 1), resistances(60, 0, 2), resistances(50, 30, 3)
    recovered = {name: np.concatenate([one[name], two[name]]) for name in one}
    late = {name: np.concatenate([three[name][:70], two[name][:1], three[name][70:]]) for name in three}
    report = screen_devices(table(recovered, late))
    assert states(report) == ["healthy", "worn_out"]
    assert report["first_bad_cycle"].values[1] == 51, "one good cycle among 30 bad ones is no recovery"


def test_failed_cycles_alone_tell_without_resistances():
    rng = np.random.default_rng(3)
    features = [{"u_set": -0.7 + 0.05 * rng.standard_normal(50), "u_reset": 0.7 + 0.05 * rng.standard_normal(50)}] * 3
    failure = [np.zeros(50, int), np.full(50, CODES["no_set"]), np.repeat([0, CODES["no_reset"]], [30, 20])]
    failure[0][::9] = CODES["no_set"]
    for one, why in zip(features := [dict(f) for f in features], failure, strict=True):
        for name in one:
            one[name] = np.where(why > 0, np.nan, one[name])
    ds = table(*features, failure=failure)
    report = screen_devices(ds)
    assert states(report) == ["healthy", "never_switches", "worn_out"]
    assert report["first_bad_cycle"].values[2] == 31
    assert usable_records(ds, report).sum() == 50 - 6
    assert report["feature"].values.tolist() == ["u_set", "u_reset"]


def test_a_gap_is_no_failure():
    values = resistances(40, 0)
    values["r_hrs"][20:] = np.nan
    ds = table(values)
    assert states(screen_devices(ds)) == ["healthy"]
    assert not bad_cycles(ds)[0].any()


def test_values_that_are_held_are_no_cycles():
    stuck = resistances(100, 0)
    for name in stuck:
        stuck[name][40:] = stuck[name][39]
    report = screen_devices(table(stuck))
    assert states(report) == ["worn_out"]
    assert report["first_bad_cycle"].item() == 41


def test_a_table_of_other_things_gets_its_sentence():
    with pytest.raises(ValueError, match=r"^features: must be a measurement with features \(got none\)"):
        screen_devices(measurement([0], [0], labels=["a"]))


def test_the_worn_out_cells_of_the_endurance_table_are_named(shared_data):
    """As the eye tells from the table's pictures."""
    ds = real_endurance(shared_data)
    report = screen_devices(ds)
    named = dict(zip(report["device"].values.tolist(), states(report), strict=True))
    never = {f"short:{k}" for k in range(792, 806, 2)}
    worn = {"short:782", "short:784", "short:786", "short:790"}
    assert {d for d, s in named.items() if s == "never_switches"} == never
    assert {d for d, s in named.items() if s == "worn_out"} == worn
    assert set(named) - never - worn == {d for d, s in named.items() if s == "healthy"}
    assert report["first_bad_cycle"].sel(device="short:782").item() == pytest.approx(89, abs=2)
    usable = usable_records(ds, report)
    ratio = (ds["r_hrs"] / ds["r_lrs"]).values[usable]
    assert np.mean(ratio > 1.5) > 0.995


# ------------------------------------------------------------------------------------------------------------- drift

DEVICES = 600


@pytest.fixture(scope="module")
def simulated():
    """Cycles (devices, cycles) of one feature of healthy devices with the published memory, standardised."""
    device = sc.load_device("hennen2024").vary(outlier_share=0.0)

    def draw(cycles: int, name: str, seed: int) -> np.ndarray:
        ds = sc.simulate(sc.CellArray((1, DEVICES), device, seed=seed), sc.PulseTrain.cycling(cycles))
        values = ds[name].values[:, 0].T.astype(float)
        values = np.log10(values) if name == "r_hrs" else values
        return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)

    return draw


@pytest.mark.statistical
@pytest.mark.parametrize("cycles", [100, 400, 2000])
@pytest.mark.parametrize("name", ["r_hrs", "r_lrs"])
def test_healthy_devices_seldom_drift(simulated, cycles, name):
    values = simulated(cycles, name, cycles)
    found = drift.drift(list(values))
    most = stats.binom.isf(1e-6, DEVICES, 0.03)  # the level is 1 %; 3 % is what 100 cycles of such memory cost
    assert (found.trend_p < 0.01).sum() <= most
    assert (found.jump_p < 0.01).sum() <= most


@pytest.mark.statistical
def test_the_textbook_cries_wolf(simulated):
    """Negative control: a straight line through cycles taken as independent."""
    values = simulated(400, "r_lrs", 400)
    p = np.array([stats.linregress(np.arange(400), v).pvalue for v in values])
    assert (p < 0.01).mean() > 0.3


@pytest.mark.statistical
@pytest.mark.parametrize(("cycles", "change"), [(100, 4.0), (1000, 2.0)])
def test_drifting_devices_are_found(simulated, cycles, change):
    values = simulated(cycles, "r_hrs", 7)
    line = np.linspace(0, change, cycles)
    trend = drift.drift(list(values + line))
    assert (trend.trend_p < 0.01).mean() > 0.7
    assert trend.trend.mean() == pytest.approx(change, rel=0.1)
    at = int(0.6 * cycles)
    jump = drift.drift(list(values + change * (np.arange(cycles) >= at)))
    assert (jump.jump_p < 0.01).mean() > 0.9
    assert np.median(jump.jump) == pytest.approx(change, rel=0.1)
    assert np.median(np.abs(jump.jump_at - at)) <= 0.02 * cycles


def test_the_report_shows_drift_where_it_is():
    device = sc.load_device("hennen2024").vary(outlier_share=0.0)
    ds = from_simulation(sc.simulate(sc.CellArray((1, 8), device, seed=2), sc.PulseTrain.cycling(1000)))
    own = ds["device_index"].values == 3
    late = own & (ds["cycle"].values >= 700)
    ds["u_set"] = ds["u_set"] + 3 * float(ds["u_set"].values[own].std()) * late
    report = screen_devices(ds)
    flagged = (report["jump_q"].values < 0.05) | (report["trend_q"].values < 0.05)
    assert flagged[3, FEATURE_NAMES.index("u_set")]
    assert flagged.sum() == 1
    assert report["jump_at"].sel(device="0,3", feature="u_set").item() == pytest.approx(700, abs=20)
    assert report["jump"].sel(device="0,3", feature="u_set").item() > 1.5
    assert (report["trend_q"].values >= report["trend_p"].values).all()
    assert "trend" not in screen_devices(ds, drift=False)


@pytest.mark.parametrize("values", [np.repeat([1.0, 2.0], 20), np.r_[np.zeros(39), 1.0], np.arange(40.0)])
def test_odd_series_have_numbers(values):
    found = drift.drift([values])
    assert 0 <= found.trend_p[0] <= 1 and 0 <= found.jump_p[0] <= 1
    assert np.isfinite([found.trend[0], found.jump[0]]).all()


def test_constant_features_are_not_tested():
    report = screen_devices(table({"u_set": np.full(50, -0.7)}))
    assert np.isnan(report["trend_p"].item()) and report["jump_at"].item() == -1
