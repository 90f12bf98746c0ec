"""Quantiles, histograms, cumulative curves and probability plots."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.statistics import order_statistics as arrays

Z = 4.89
numbers = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.floats(-1e4, 1e4, width=32)
)


def dataset(values: np.ndarray, name: str = "u_set") -> xr.Dataset:
    return xr.Dataset({name: (("cycle", "cell"), values)})


@given(numbers, st.integers(1, 50))
def test_counts_are_numpys_and_sum_to_all(values, bins):
    found = statistics_api.histogram(dataset(values), "u_set", bins)
    assert found.counts.sum() == values.size
    edges = np.append(found.lower.values, found.upper.values[-1])
    np.testing.assert_array_equal(found.counts, np.histogram(values.astype(float), edges)[0])
    assert (found.density * (found.upper - found.lower)).sum().item() == pytest.approx(1.0)
    by_edges = statistics_api.histogram(dataset(values), "u_set", edges)
    np.testing.assert_array_equal(found.counts, by_edges.counts)


@given(numbers, st.integers(1, 50))
def test_logarithmic_bins(values, bins):
    values = np.exp(values / 1e3)
    found = statistics_api.histogram(dataset(values, "r_hrs"), "r_hrs", bins)
    edges = np.append(found.lower.values, found.upper.values[-1])
    np.testing.assert_array_equal(found.counts, np.histogram(values.astype(float), edges)[0])
    if values.min() < values.max():
        np.testing.assert_allclose(np.diff(np.log(edges)), np.log(edges[-1] / edges[0]) / bins, rtol=1e-6)
    assert (found.density * np.log10(found.upper / found.lower)).sum().item() == pytest.approx(1.0)
    assert found.density.attrs["units"] == "1/decade"


def test_values_on_edges_go_where_the_edges_say():
    """Multiples of a tenth are not exact in binary: rounding must not move them over an edge."""
    values = (np.arange(10_000) % 100 / np.float32(10)).astype(np.float32).reshape(100, 100)
    found = statistics_api.histogram(dataset(values), "u_set", 99, limits=(0.0, 9.9))
    np.testing.assert_array_equal(found.counts, np.histogram(values.astype(float), np.linspace(0.0, 9.9, 100))[0])


def test_narrow_bins_far_from_zero():
    """Here float32 arithmetic would put thousands of values into the wrong bin."""
    values = (1000 + np.random.default_rng(1).standard_normal((100, 100)) / 1000).astype(np.float32)
    found = statistics_api.histogram(dataset(values), "u_set", 300)
    edges = np.append(found.lower.values, found.upper.values[-1])
    np.testing.assert_array_equal(found.counts, np.histogram(values.astype(float), edges)[0])


def test_what_lies_outside_or_is_missing_is_counted():
    values = np.array([[1.0, 2.0, np.nan], [3.0, -4.0, np.inf], [0.5, 0.0, -np.inf]])
    linear = statistics_api.histogram(dataset(values), "u_set", 4, limits=(0.0, 2.0))
    assert (linear.attrs["used"], linear.attrs["skipped"], linear.attrs["outside"]) == (6, 3, 2)
    np.testing.assert_array_equal(linear.counts, [1, 1, 1, 1])
    log = statistics_api.histogram(dataset(values), "u_set", 4, scale="log")
    assert (log.attrs["used"], log.attrs["skipped"], log.attrs["outside"]) == (4, 5, 0)
    assert log.counts.sum() == 4
    steps = statistics_api.cumulative(dataset(values), "u_set", [0.25, 1.5, 5.0], scale="log")
    np.testing.assert_allclose(steps.cumulative_probability, [0.0, 0.5, 1.0])


@given(numbers, st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8))
def test_quantiles_rise_and_are_numpys(values, probabilities):
    probabilities = sorted(probabilities)
    found = statistics_api.quantiles(dataset(values), "u_set", probabilities).u_set.values
    assert np.all(np.diff(found) >= -1e-9)
    np.testing.assert_allclose(found, np.quantile(values.astype(float), probabilities), rtol=1e-6, atol=1e-6)


def test_interval_of_a_quantile_knows_that_cycles_repeat_the_cell():
    """Cells that never change: 100 cycles of 400 cells are 400 values. sd of a median: sqrt(pi/2/400)."""
    rng = np.random.default_rng(2)
    widths = []
    for seed in range(30):
        cells = np.random.default_rng(seed).standard_normal(400)
        frozen = dataset(np.tile(cells, (100, 1)))
        widths.append(np.diff(statistics_api.quantiles(frozen, "u_set", [0.5]).u_set_interval.values[0])[0])
    width = 3.92 * np.sqrt(np.pi / 2 / 400)
    # the density at the median, taken from about 40 order statistics, is uncertain by 1/6 in each of the 30
    assert np.mean(widths) == pytest.approx(width, rel=Z / 6 / np.sqrt(30))
    free = dataset(rng.standard_normal((100, 400)))
    assert np.diff(statistics_api.quantiles(free, "u_set", [0.5]).u_set_interval.values[0])[0] < width / 5


def test_quantiles_of_the_normal_law():
    n, p = 200_000, np.array([0.001, 0.05, 0.5, 0.95, 0.999])
    values = np.random.default_rng(3).standard_normal((20, n // 20))
    found = statistics_api.quantiles(dataset(values), "u_set", p).u_set
    exact = special.ndtri(p)
    error = np.sqrt(p * (1 - p) / n) * np.sqrt(2 * np.pi) * np.exp(exact**2 / 2)
    assert np.all(np.abs(found - exact) < Z * error)
    assert np.any(np.abs(found - 1.03 * exact) > Z * error)  # the negative control: 3 % more spread is seen


def test_normal_scores_keep_the_tails():
    values = np.random.default_rng(4).standard_normal((100, 1000))
    found = statistics_api.probability_plot(dataset(values), "u_set")
    ordered = np.sort(values, axis=None)
    assert 1000 < found.sizes["point"] <= 2000
    np.testing.assert_array_equal(found.value.values[:5], ordered[:5])
    np.testing.assert_array_equal(found.value.values[-5:], ordered[-5:])
    np.testing.assert_allclose(found.probability.values[[0, -1]], [0.5e-5, 1 - 0.5e-5])
    np.testing.assert_allclose(special.ndtr(found.normal_score), found.probability)
    # Kolmogorov-Smirnov at 1e-6: a straight line of slope 1, and no other
    gap = np.abs(special.ndtr(found.value) - found.probability).max().item()
    wrong = np.abs(special.ndtr(found.value * 1.05) - found.probability).max().item()
    assert gap < 2.69 / np.sqrt(values.size) < wrong


def test_few_points_are_not_thinned():
    found = statistics_api.probability_plot(dataset(np.array([[3.0, 1.0], [2.0, np.nan]])), "u_set")
    np.testing.assert_allclose(found.value, [1, 2, 3])
    np.testing.assert_allclose(found.probability, [1 / 6, 1 / 2, 5 / 6])
    assert found.attrs["skipped"] == 1


@given(numbers)
def test_cumulative_rises_to_one(values):
    found = statistics_api.cumulative(dataset(values), "u_set").cumulative_probability.values
    assert np.all(np.diff(found) >= 0)
    assert found[0] >= 0
    assert found[-1] == 1


def test_interval_of_a_share():
    """Binomial: one cycle of independent cells."""
    share = arrays.share_error(np.array([[1], [0], [0], [0], [1]] * 80), np.ones(400, dtype=int))
    assert share[0] == pytest.approx(np.sqrt(0.4 * 0.6 / 400), rel=2e-3)
    ends = arrays.share_interval(np.array([0.4, 0.001, 0.0]), np.array([share[0], 0.001, 0.0]), 0.95)
    np.testing.assert_allclose(ends[0], [0.4 - 1.96 * share[0], 0.4 + 1.96 * share[0]], atol=2e-3)
    assert 0 < ends[1, 0] < 0.001 < ends[1, 1] < 1
    np.testing.assert_array_equal(ends[2], 0.0)


def test_layouts_and_blocks_do_not_matter(monkeypatch):
    values = np.random.default_rng(5).standard_normal((7, 60)).astype(np.float32)
    flat = dataset(values)
    folded = xr.Dataset({"u_set": (("row", "pulse", "column"), values.reshape(7, 6, 10).transpose(1, 0, 2))})
    results = []
    for ds in (flat, folded):
        for block in (1 << 20, 13):
            monkeypatch.setattr(arrays, "BLOCK_VALUES", block)
            results.append(
                xr.merge(
                    [
                        statistics_api.quantiles(ds, "u_set").drop_attrs(),
                        statistics_api.histogram(ds, "u_set", 9).drop_attrs(),
                        statistics_api.cumulative(ds, "u_set", points=5).drop_attrs(),
                    ]
                )
            )
    for other in results[1:]:
        xr.testing.assert_allclose(results[0], other, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda ds: statistics_api.histogram(ds, "u_set", 0), "bins: must be from 1 to 100000 (got 0); 80 is usual"),
        (
            lambda ds: statistics_api.histogram(ds, "u_set", [1.0, 1.0]),
            "bins: must rise, with at least two finite edges",
        ),
        (
            lambda ds: statistics_api.histogram(ds, "u_set", 5, limits=(2.0, 1.0)),
            "limits: must be two rising finite numbers (got (2.0, 1.0)); or leave them out",
        ),
        (
            lambda ds: statistics_api.histogram(ds, "u_set", 5, limits=(0.0, 1.0), scale="log"),
            "limits: must be positive on a log scale (got 0); or choose scale='linear'",
        ),
        (
            lambda ds: statistics_api.histogram(-ds, "u_set", scale="log"),
            "feature: must hold at least one usable value (got none in 'u_set')",
        ),
        (
            lambda ds: statistics_api.quantiles(ds, "u_set", [1.0]),
            "probabilities: must lie between 0 and 1 (got [1.0])",
        ),
        (
            lambda ds: statistics_api.probability_plot(ds, "u_set", points=1),
            "points: must be from 2 to 1000000 (got 1)",
        ),
        (lambda ds: statistics_api.quantiles(ds.rename(u_set="u")), "ds: must hold at least one of r_hrs, u_set"),
        (
            lambda ds: statistics_api.quantiles(ds.expand_dims("temperature"), "u_set"),
            "feature: must run over cycle or pulse and over cells (got 'u_set' on",
        ),
    ],
)
def test_bad_wishes_get_their_sentence(call, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        call(dataset(np.array([[1.0, 2.0, 3.0]])))
