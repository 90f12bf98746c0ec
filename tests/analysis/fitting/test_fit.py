"""Features -> a device: what is learnt, what is assumed, what is refused; negative controls."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.errors import NeedsExtended, RangeWarning
from synaptogen_core.measurement import measurement, select_records
from synaptogen_core.schema import FEATURE_NAMES

PUBLISHED = sc.load_device("hennen2024")
DEVICES, CYCLES = 48, 400


def measured(device: sc.DeviceParameters, devices: int, cycles: int, seed: int, strong: float = 6.0) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)
        cells = sc.CellArray((devices, 1), device, seed=seed)
        return sc.fitting.from_simulation(sc.simulate(cells, sc.PulseTrain.cycling(cycles, -strong, strong)))


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return measured(PUBLISHED.vary(outlier_share=0.0), DEVICES, CYCLES, 1)


@pytest.fixture(scope="module")
def found(data: xr.Dataset) -> sc.fitting.Fit:
    return sc.fitting.fit(data, PUBLISHED, name="again", order=3)


def rows(fit: sc.fitting.Fit, group: str) -> xr.Dataset:
    return fit.estimates.isel(parameter=fit.estimates["group"].values == group)


def test_a_fit_is_a_device_with_its_history(found: sc.fitting.Fit, data: xr.Dataset) -> None:
    device = found.device
    assert device.name == "again"
    assert sorted(device.var) == [1, 2, 3]
    assert device.order == 3
    assert data.attrs["data_hash"] in device.source
    assert device.notes == (*found.warnings, *found.assumed)
    assert any("no loops" in text for text in device.notes)
    assert sc.DeviceParameters.from_dict(device.to_dict()) == device
    assert found.data_hash == data.attrs["data_hash"]


def test_every_fitted_number_has_an_interval(found: sc.fitting.Fit) -> None:
    fitted = found.estimates.isel(parameter=found.estimates["origin"].values == "fitted")
    assert np.isfinite(fitted["lower"]).all()
    assert (fitted["lower"] <= fitted["value"]).all()
    assert (fitted["value"] <= fitted["upper"]).all()
    assert (fitted["units"].values != "").all()
    numbers = {group: int((found.estimates["group"] == group).sum()) for group in ("A", "B", "gamma", "quantile")}
    assert numbers == {"A": 48, "B": 10, "gamma": 20, "quantile": 40}


def test_the_estimates_are_the_device(found: sc.fitting.Fit) -> None:
    np.testing.assert_allclose(rows(found, "A")["value"], found.device.a.ravel())
    lower = np.tril_indices(4)
    np.testing.assert_allclose(rows(found, "B")["value"], found.device.b[lower], atol=1e-12)
    np.testing.assert_allclose(rows(found, "gamma")["value"], found.device.gamma.ravel())


def test_the_same_data_and_seed_give_the_same_device(found: sc.fitting.Fit, data: xr.Dataset) -> None:
    again = sc.fitting.fit(data, PUBLISHED, name="again", order=3, intervals=False)
    assert again.device.hash == found.device.hash


@pytest.mark.statistical
def test_shuffled_cycles_lose_the_memory(data: xr.Dataset) -> None:
    """Independent cycles: every A lies within 4.89 of its standard errors of 0, and BIC wants the smallest order."""
    order = np.argsort(
        np.random.Generator(np.random.PCG64(2)).random((DEVICES, CYCLES)), axis=1
    ) + CYCLES * np.arange(DEVICES)[:, None]  # fmt: skip
    values = {name: data[name].values[order.ravel()] for name in FEATURE_NAMES}
    shuffled = measurement(data["device_index"], data["cycle"], labels=data["device"].values.tolist(), features=values)
    fit = sc.fitting.fit(shuffled, PUBLISHED, name="shuffled", max_order=3)
    a = rows(fit, "A")
    assert (np.abs(a["value"]) < 4.89 * a["standard_error"]).all()
    assert fit.orders.attrs["chosen"] == 1


@pytest.mark.statistical
def test_shuffled_devices_lose_their_spread(found: sc.fitting.Fit, data: xr.Dataset) -> None:
    """Values dealt to devices anew: device means scatter as means of 400 values do, and that is taken off.

    What is left of a variance of sigma^2 / 400 known to sqrt(2 / 48) = 20 %, is below its 4.89-fold scatter.
    """
    deal = np.random.Generator(np.random.PCG64(3)).permutation(data.sizes["record"])
    values = {name: data[name].values[deal] for name in FEATURE_NAMES}
    shuffled = measurement(data["device_index"], data["cycle"], labels=data["device"].values.tolist(), features=values)
    fit = sc.fitting.fit(shuffled, PUBLISHED, name="shuffled", max_order=1, components=1, intervals=False)
    spread, sigma = np.diag(fit.device.factors[0] @ fit.device.factors[0].T)[:4], fit.device.means[0, 4:]
    assert (spread < 4.89 * np.sqrt(2 / DEVICES) * sigma**2 / CYCLES).all()
    true_spread = np.diag(found.device.factors[0] @ found.device.factors[0].T)[:4]
    assert (true_spread > 10 * spread).all()


def test_two_features_and_the_rest_of_the_template(data: xr.Dataset) -> None:
    part = data.drop_vars(["u_set", "u_reset"])
    fit = sc.fitting.fit(part, PUBLISHED, name="two", order=2, intervals=False)
    assert any("U_SET and U_RESET not measured" in text for text in fit.device.notes)
    assert (fit.device.a[:, [[0], [2]], [1, 3]] == 0).all()
    made = measured(fit.device, 200, 50, 4)
    published = measured(PUBLISHED.vary(outlier_share=0.0), 200, 50, 4)
    for name in ("u_set", "u_reset"):  # 200 devices: medians of 10,000 values, known to about a hundredth of a volt
        assert float(made[name].median()) == pytest.approx(float(published[name].median()), abs=0.02)


def test_one_device_has_no_spread_between_devices(data: xr.Dataset) -> None:
    one = select_records(data, data["device_index"].values == 0)
    fit = sc.fitting.fit(one, PUBLISHED, name="one", order=1)
    assert any("device to device nothing is known" in text for text in fit.assumed)
    assert not fit.device.factors.any()
    mean = rows(fit, "mean")
    assert mean.sizes["parameter"] == 8
    assert (mean["lower"] < mean["value"]).all()
    short = sc.fitting.fit(select_records(one, one["cycle"].values < 100), PUBLISHED, name="short", order=1)
    for group in ("A", "gamma", "mean"):
        wide, narrow = (float((rows(f, group)["upper"] - rows(f, group)["lower"]).mean()) for f in (short, fit))
        assert wide > 1.3 * narrow, "fewer cycles, wider intervals"  # twice, of four times the cycles


def test_gaps_are_no_cycles(data: xr.Dataset, found: sc.fitting.Fit) -> None:
    keep = np.random.Generator(np.random.PCG64(5)).random(data.sizes["record"]) > 0.05
    fit = sc.fitting.fit(select_records(data, keep), PUBLISHED, name="gaps", order=3, intervals=False)
    error = rows(found, "A")["standard_error"].values.reshape(3, 4, 4)
    # 15 % of the windows are gone: estimates move by a part of their standard error
    assert (np.abs(fit.device.a - found.device.a) < 4.89 * error).all()


def test_methods_agree(data: xr.Dataset, found: sc.fitting.Fit) -> None:
    fit = sc.fitting.fit(data, PUBLISHED, name="yw", order=3, method="yule-walker", intervals=False)
    error = rows(found, "A")["standard_error"].values.reshape(3, 4, 4)
    assert (np.abs(fit.device.a - found.device.a) < error).all()
    assert not np.array_equal(fit.device.a, found.device.a)


def test_cells_that_stopped_switching_are_named() -> None:
    """A cell whose SET voltage lies beyond the pulse repeats its features for good."""
    data = measured(PUBLISHED.vary(outlier_share=0.5), 32, 300, 6, strong=1.0)
    fit = sc.fitting.fit(data, PUBLISHED, name="weak pulses", order=1, intervals=False)
    assert any("left out (stops switching)" in text or "(never switches)" in text for text in fit.warnings)
    assert fit.features.sizes["device"] < 32


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"order": 0}, "order: must be from 1 to 20"),
        ({"order": 20}, "order: must be at most"),
        ({"criterion": "dic"}, "criterion: must be one of"),
        ({"method": "burg"}, "method: must be one of"),
        ({"degree": 9}, "degree: must be from 1 to 7"),
        ({"components": 3}, "components: must leave at least 10 devices each"),
        ({"confidence": 1.5}, "confidence: must lie between 0 and 1"),
    ],
)
def test_arguments_are_checked(data: xr.Dataset, options: dict[str, object], sentence: str) -> None:
    part = select_records(data, (data["device_index"].values < 12) & (data["cycle"].values < 60))
    with pytest.raises(ValueError, match=sentence):
        sc.fitting.fit(part, PUBLISHED, name="bad", **{"order": 1, "intervals": False, **options})


def test_too_little_is_refused(data: xr.Dataset) -> None:
    with pytest.raises(ValueError, match="must hold a device with at least 10 cycles"):
        sc.fitting.fit(select_records(data, data["cycle"].values < 8), PUBLISHED, name="short")
    constant = measurement([0] * 50, np.arange(50), labels=["a"], features={"r_lrs": np.full(50, 5e3)})
    with pytest.raises(ValueError, match=r"must hold features that vary|must hold a device that switches"):
        sc.fitting.fit(constant, PUBLISHED, name="constant")


def test_progress_rises_and_cancel_ends_it(data: xr.Dataset) -> None:
    part = select_records(data, data["device_index"].values < 12)
    shares: list[float] = []
    sc.fitting.fit(part, PUBLISHED, name="told", order=1, intervals=False, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(sc.Cancelled):
        sc.fitting.fit(part, PUBLISHED, name="stopped", order=1, cancel=lambda: True)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda n, rng: 5000 + 10 * n + 100 * rng.standard_normal(n.size), "r_lrs must come back to its mean"),
        (
            lambda n, rng: 6e3 * np.exp(0.003 * np.cumsum(rng.standard_normal(n.size))),
            "r_lrs must come back to its mean",
        ),
        (lambda n, rng: rng.choice([5000.0, 5050.0], n.size), r"r_lrs must take at least 3 values \(got 2\)"),
        (lambda n, rng: 6e3 * np.exp(0.1 * rng.standard_normal(n.size)), ""),  # negative control
    ],
)
def test_what_the_published_class_cannot_hold_is_named(change, rule):
    n, rng = np.arange(100), np.random.default_rng(4)
    ds = measurement(
        0 * n, n, labels=["a"], features={"r_hrs": 6e4 * rng.lognormal(0, 0.2, n.size), "r_lrs": change(n, rng)}
    )
    if rule:
        with pytest.raises(NeedsExtended, match=rule):
            sc.fitting.fit(ds, sc.load_device("hennen2024"), name="a", max_order=1, intervals=False)
    else:
        sc.fitting.fit(ds, sc.load_device("hennen2024"), name="a", max_order=1, intervals=False)
