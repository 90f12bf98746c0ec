"""The draw of format 2 against its exact laws, and its compiled twin; cells are independent draws."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis import statistics_api
from synaptogen_core.array.write_disturb import switching_probability
from synaptogen_core.device import stationary
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURE_NAMES
from tests.device.example_extended import ALL, BREAK_IN, SETTLED, STUCK, device

CELLS, CYCLES = (200, 100), 30
N = 20_000
Z = 4.9  # once in a million
STRONG = (-30.0, 30.0)  # V: switch every cell


def run(
    parameters: sc.DeviceParameters, shape: tuple[int, int] = CELLS, cycles: int = CYCLES, **more: object
) -> xr.Dataset:
    with pytest.warns(RangeWarning) if True else None:
        return sc.simulate(sc.CellArray(shape, parameters, seed=11, **more), sc.PulseTrain.cycling(cycles, *STRONG))


@pytest.fixture(scope="module")
def settled() -> xr.Dataset:
    return run(SETTLED)


def own(data: xr.Dataset, name: str) -> np.ndarray:
    values = data[name].values.reshape(data.sizes["cycle"], -1).astype(float)
    return np.log10(values) if name == "r_hrs" else values


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_population_quantiles(settled: xr.Dataset, name: str) -> None:
    p = np.array([0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
    at = statistics_api.population_quantiles(SETTLED, name, p).values
    for cycle in (0, CYCLES - 1):  # the start is stationary
        values = settled[name].values[cycle].ravel()
        share = (values[:, None] <= at).mean(axis=0)
        assert np.all(np.abs(share - p) < Z * np.sqrt(p * (1 - p) / N) + 1e-3 * p)
    wrong = statistics_api.population_quantiles(SETTLED.vary(c2c=1.1), name, p).values
    assert np.any(np.abs((values[:, None] <= wrong).mean(axis=0) - p) > Z * np.sqrt(p * (1 - p) / N))


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_moments_and_autocorrelation(settled: xr.Dataset, name: str) -> None:
    i = FEATURE_NAMES.index(name)
    exact = statistics_api.population_moments(SETTLED)
    y = own(settled, name)
    z = y - exact.mean[i]
    spread = np.sqrt(exact.total[i, i])
    assert abs(z.mean(axis=0).mean()) < Z * z.mean(axis=0).std() / np.sqrt(N) + 0.002 * spread
    expected = stationary.feature_autocorrelation(SETTLED, 20)[:, i, i] * exact.within[i, i] + exact.between[i, i]
    for k in (20, 5, 0, 1):
        products = (z[k:] * z[: CYCLES - k]).mean(axis=0)
        error = products.std() / np.sqrt(N)
        assert abs(products.mean() - expected[k]) < Z * error + 0.005 * spread**2, k
    without = stationary.feature_autocorrelation(SETTLED.vary(autocorrelation=False), 20)[1, i, i]
    assert abs(products.mean() - without * exact.within[i, i] - exact.between[i, i]) > Z * error


def test_law_of_x() -> None:
    extension = SETTLED.extension
    assert extension is not None and extension.slow is not None
    lags = stationary.autocovariance(SETTLED, 30)
    fast = stationary.fast_autocovariance(SETTLED, 30)
    w, phi = extension.slow.share, extension.slow.persistence
    for i in range(4):
        assert np.allclose(lags[:, i, i], w[i] * phi[i] ** np.arange(31) + (1 - w[i]) * fast[:, i, i])


@pytest.mark.parametrize("of", ["median", "mean", "spread"])
def test_laws_of_devices(of: str) -> None:
    exact = stationary.devices(SETTLED)
    for i, name in enumerate(FEATURE_NAMES):
        p = np.array([0.1, 0.5, 0.9])
        at = statistics_api.population_quantiles(SETTLED, name, p, of=of).values
        at = np.log10(at) if name == "r_hrs" and of != "spread" else at
        points = getattr(exact, of)[:, i]
        share = ((points[:, None] <= at) * exact.weight[:, None]).sum(axis=0)
        assert np.allclose(share, p, atol=0.02)
    ellipse = statistics_api.device_ellipses(SETTLED, "r_lrs", "u_reset", of=(of, of))
    assert ellipse.sizes["component"] == 2 and np.isfinite(ellipse["x"]).all()


def test_break_in_and_stuck_runs() -> None:
    data = run(device(break_in=BREAK_IN), cycles=30)
    extension = ALL.extension
    assert extension is not None
    v = extension.coordinates[0].inverse(data["r_hrs"].values.reshape(30, -1))
    error = v.std() / np.sqrt(N)
    for n in (0, 5, 29):
        assert abs(v[n].mean() - v[29].mean() - 0.3 * (0.93**n - 0.93**29)) < 2 * Z * error
    stuck = run(device(stuck=STUCK), cycles=60)
    equal = stuck["r_hrs"].values == stuck["r_lrs"].values
    share = equal.reshape(60, -1).mean(axis=0)
    assert abs(share.mean() - STUCK.share.sum()) < Z * share.std() / np.sqrt(N)
    assert abs(equal[0].mean() - STUCK.share.sum()) < Z * 0.5 / np.sqrt(N)
    assert not (data["r_hrs"].values == data["r_lrs"].values).any()


def test_write_disturb_knows_the_slow_part() -> None:
    cells = sc.CellArray((100, 200), ALL, seed=5)
    with pytest.warns(RangeWarning):
        for u in (*STRONG, *STRONG, STRONG[0]):
            cells.apply_voltage(u)
        chance = switching_probability(cells, 0.75).ravel()
        later = cells.copy()
        for u in (STRONG[1], STRONG[0]):
            later.apply_voltage(u)
    below = later._state.features[3].ravel() < 0.75
    assert np.ptp(chance) > 0.5
    for low in np.arange(0, 1, 0.2):
        part = (chance >= low) & (chance < low + 0.2)
        variance = (chance[part] * (1 - chance[part])).sum()
        assert abs(below[part].sum() - chance[part].sum()) < Z * np.sqrt(variance) + 2


@pytest.mark.parametrize("parts", ["none", "slow", "all"])
@pytest.mark.parametrize("start", ["stationary", "empty"])
def test_engines_give_the_same_bits(parts: str, start: str) -> None:
    parameters = {"none": device(), "slow": SETTLED, "all": ALL}[parts]
    volts = np.random.default_rng(2).uniform(-1.3, 1.5, (30, 13, 11))  # switches some cells, lane by lane
    digests = []
    for engine in ("numpy", "numba"):
        cells = sc.CellArray((13, 11), parameters, seed=7, start=start, engine=engine)
        for u in volts:
            cells.apply_voltage(u)
        sc.apply_train(cells, sc.PulseTrain.cycling(12))  # and all at once
        digests.append(hashlib.sha256(b"".join(a.tobytes() for a in cells._state.arrays().values())).hexdigest())
    assert digests[0] == digests[1]


def test_bits_over_time() -> None:
    data = sc.simulate(sc.CellArray((9, 9), ALL, seed=7), sc.PulseTrain.cycling(20))
    text = b"".join(np.ascontiguousarray(data[name].values).tobytes() for name in FEATURE_NAMES)
    assert hashlib.sha256(text).hexdigest()[:16] == "1ec7bffabf5d3e3e"


def test_values_that_cannot_be_are_never_drawn() -> None:
    wide = replace(ALL, means=ALL.means + np.array([0] * 4 + [2.0] * 4))
    data = sc.simulate(sc.CellArray((100, 100), wide, seed=1), sc.PulseTrain.cycling(3))
    assert (data["r_hrs"] > 0).all() and (data["r_lrs"] > 2500).any() and (data["u_set"] < 0).all()
    assert ((data["r_lrs"] >= 2500) | (data["r_lrs"] == data["r_hrs"])).all()
