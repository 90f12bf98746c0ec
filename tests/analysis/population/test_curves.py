"""The model's own curves: against the published numbers, closed forms and draws by the model's equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.population.curves import mixture_of
from synaptogen_core.device import stationary
from synaptogen_core.schema import FEATURE_NAMES

Z = 4.89
PROBABILITIES = np.array([0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999])
# MODEL.md, section 7: sampled, 2e6 cells; r_hrs as log10
PUBLISHED = {
    "r_hrs": (4.218, 4.398, 4.552, 4.751, 4.877, 5.002, 5.209, 5.410, 5.750),
    "u_set": (-1.122, -0.923, -0.816, -0.718, -0.668, -0.627, -0.577, -0.546, -0.508),
    "r_lrs": (3866, 4020, 4159, 4365, 4521, 4697, 5008, 5304, 5791),
    "u_reset": (0.593, 0.632, 0.662, 0.702, 0.731, 0.762, 0.816, 0.881, 0.987),
}
DIGIT = {"r_hrs": 1e-3, "u_set": 1e-3, "r_lrs": 1.0, "u_reset": 1e-3}
VARIED = {
    "published": {},
    "d2d x 2": {"d2d": 2.0},
    "d2d x 3, 7 % clipped": {"d2d": 3.0},
    "nearly alike": {"d2d": 0.02},
    "alike": {"d2d": 0.0},
    "little c2c": {"c2c": 0.01},
    "no c2c": {"c2c": 0.0},
    "half outliers": {"outlier_share": 0.5},
    "gaussian": {"shapes": "gaussian"},
    "no correlations": {"correlations": False},
}


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_published_quantiles(device, name):
    """Tolerance: sampling error of a quantile of 2e6 draws, and half a digit."""

    def distances(of):
        law = mixture_of(of, name)
        exact = law.quantiles(PROBABILITIES)
        error = np.sqrt(PROBABILITIES * (1 - PROBABILITIES) / 2e6) / law.evaluate(exact)[1]
        return np.abs(exact - PUBLISHED[name]) / (Z * error + 0.5 * DIGIT[name])

    assert distances(device).max() < 1
    assert distances(device.vary(c2c=1.03)).max() > 1  # the negative control: 3 % more spread is seen


@pytest.mark.parametrize("change", VARIED.values(), ids=VARIED)
def test_cumulative_probability_is_that_of_draws(device, draw_population, change):
    """Kolmogorov-Smirnov at a false alarm of 1e-6."""
    varied, n = device.vary(**change), 200_000
    drawn = draw_population(varied, n, seed=1)
    for name in FEATURE_NAMES:
        ordered = np.sort(drawn[name])[::500]
        steps = np.arange(n)[::500] / n
        gap = np.abs(mixture_of(varied, name).evaluate(ordered)[0] - steps).max()
        assert gap < 2.69 / np.sqrt(n) + 1e-5
        other = varied.vary(c2c=1.2) if change.get("c2c") is None else varied.vary(d2d=1.2)
        assert np.abs(mixture_of(other, name).evaluate(ordered)[0] - steps).max() > 2.69 / np.sqrt(n) + 1e-5


def test_identical_devices_have_a_closed_form(device):
    """y = mu + sigma gamma(x), gamma rising: F(y) = Phi(x) at the root."""
    alike = device.vary(d2d=0.0)
    mu, sigma = alike.population_mean[2], alike.population_mean[6]
    sd = np.sqrt(stationary.covariance(alike)[2, 2])
    y = np.linspace(4200, 5300, 23)
    roots = [optimize.brentq(lambda x, v=v: mu + sigma * np.polyval(alike.gamma[2], x) - v, -4.3, 4.3) for v in y]
    np.testing.assert_allclose(mixture_of(alike, "r_lrs").evaluate(y)[0], special.ndtr(np.array(roots) / sd), atol=1e-5)


@pytest.mark.parametrize("of", ["value", "median", "mean", "spread"])
@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_density_is_the_slope_of_the_cumulative_probability(device, name, of):
    curve = statistics_api.population_curve(device, name, of=of, points=2001)
    at = np.log10(curve.value) if curve.attrs["scale"] == "log" else curve.value
    step = np.diff(at)
    area = np.cumsum(0.5 * (curve.density.values[1:] + curve.density.values[:-1]) * step)
    rise = curve.cumulative_probability.values[1:] - curve.cumulative_probability.values[0]
    np.testing.assert_allclose(area, rise, atol=2e-4)
    assert rise[-1] == pytest.approx(1 - 2e-5, abs=1e-5)


def test_medians_of_devices_are_normal_mixtures(device):
    """At x = 0, y = mu + sigma gamma(0): a mixture of normals, but for 5e-4 of the devices below the floor."""
    y = np.linspace(3900, 5200, 14)
    row = np.zeros(8)
    row[[2, 6]] = 1.0, device.gamma[2, -1]
    exact = sum(
        w * special.ndtr((y - row @ m) / np.linalg.norm(row @ f))
        for w, m, f in zip(device.weights, device.means, device.factors, strict=True)
    )
    found = statistics_api.population_curve(device, "r_lrs", y, of="median")
    np.testing.assert_allclose(found.cumulative_probability, exact, atol=1e-4)


@settings(max_examples=25)
@given(st.sampled_from(FEATURE_NAMES), st.floats(1e-3, 1 - 1e-4), st.sampled_from(["value", "mean", "spread"]))
def test_quantiles_undo_the_cumulative_probability(name, p, of):
    import synaptogen_core as sc

    device = sc.load_device("hennen2024")
    value = statistics_api.population_quantiles(device, name, [p], of=of).values
    curve = statistics_api.population_curve(device, name, value, of=of)
    assert curve.cumulative_probability.item() == pytest.approx(p, abs=1e-9)


def test_density_per_decade_and_per_ohm(device):
    at = np.geomspace(3e4, 3e5, 7)
    decade = statistics_api.population_curve(device, "r_hrs", at)
    ohm = statistics_api.population_curve(device, "r_hrs", at, scale="linear")
    assert (decade.density.attrs["units"], ohm.density.attrs["units"]) == ("1/decade", "1/ohm")
    np.testing.assert_allclose(decade.density, ohm.density * at * np.log(10))
    lrs = statistics_api.population_curve(device, "r_lrs", [4500.0], scale="log").density.item()
    assert lrs == pytest.approx(
        4500 * np.log(10) * statistics_api.population_curve(device, "r_lrs", [4500.0]).density.item()
    )
    assert statistics_api.population_curve(device, "r_hrs", [-1.0, 1e5]).density.values[0] == 0.0


@pytest.mark.parametrize("change", [{}, {"d2d": 3.0}, {"correlations": False}, {"d2d": 0.0}], ids=str)
def test_moments_are_those_of_draws(device, draw_population, change):
    varied, n = device.vary(**change), 200_000
    drawn = np.stack(list(draw_population(varied, n, seed=2).values()))
    exact = statistics_api.population_moments(varied)
    centred = drawn - exact.mean[:, None]
    sd = np.sqrt(np.diag(exact.total))
    assert np.all(np.abs(centred.mean(axis=1)) < Z * sd / np.sqrt(n))

    def worst(total):
        products = centred[:, None] * centred[None]  # the error of a mean product from its own spread
        return np.max(np.abs(products.mean(axis=2) - total) / (products.std(axis=2) / np.sqrt(n)))

    assert worst(exact.total) < Z
    assert worst(statistics_api.population_moments(varied.vary(c2c=1.1)).total) > Z  # the negative control


def test_identical_devices_do_not_vary(device):
    exact = statistics_api.population_moments(device.vary(d2d=0.0))
    sd = np.sqrt(np.diag(exact.within))
    assert np.abs(exact.between / np.outer(sd, sd)).max() < 1e-12
    np.testing.assert_allclose(exact.alike, 1.0)


def test_mean_and_variance_agree_with_the_curve(device):
    exact = statistics_api.population_moments(device)
    for i, name in enumerate(FEATURE_NAMES):
        law = mixture_of(device, name)
        at = np.linspace(*law.bounds(), 8001)
        density = law.evaluate(at)[1]
        mean = np.trapezoid(at * density, at)
        assert mean == pytest.approx(exact.mean[i], rel=1e-5)
        assert np.trapezoid((at - mean) ** 2 * density, at) == pytest.approx(exact.total[i, i], rel=1e-3)


@pytest.mark.parametrize("probability", [0.5, 0.9])
def test_ellipses_hold_their_share(device, probability):
    found = statistics_api.device_ellipses(device, "r_lrs", "u_reset", of=("median", "spread"), probability=probability)
    assert found.outlier.values.tolist() == [False, False, True]
    rows = np.zeros((2, 8))
    rows[0, [2, 6]] = 1.0, device.gamma[2, -1]
    rows[1, 7] = stationary.shape_moments(device)[1][3]
    for k in range(3):
        covariance = rows @ device.factors[k] @ device.factors[k].T @ rows.T
        outline = np.stack([found.x[k], found.y[k]]) - (rows @ device.means[k])[:, None]
        distance = np.einsum("in,ij,jn->n", outline, np.linalg.inv(covariance), outline)
        np.testing.assert_allclose(distance, -2 * np.log(1 - probability))  # chi-squared with two degrees of freedom
    product = device.vary(correlations=False)  # 81 components, of which 9 pairs differ here
    assert statistics_api.device_ellipses(product, "r_lrs", "u_reset").sizes["component"] == 9
    assert statistics_api.device_ellipses(product, "r_lrs", "u_reset").weight.sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: statistics_api.population_curve(d, "r"), "feature: must be one of r_hrs"),
        (
            lambda d: statistics_api.population_curve(d, "r_lrs", of="mode"),
            "of: must be one of value, median, mean, spread",
        ),
        (lambda d: statistics_api.population_curve(d, "r_lrs", [np.nan]), "values: must be a finite list of numbers"),
        (lambda d: statistics_api.population_quantiles(d, "r_lrs", [0.0]), "probabilities: must lie between 0 and 1"),
        (
            lambda d: statistics_api.device_ellipses(d, "r_lrs", "u_set", probability=2.0),
            "probability: must lie between",
        ),
        (
            lambda d: statistics_api.device_ellipses(d, "r_lrs", "u_set", of=("value", "mean")),
            "of: must be two of median",
        ),
    ],
)
def test_bad_wishes_get_their_sentence(device, call, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        call(device)
