"""Distributions of single values: quantiles, histogram, cumulative curve, probability plot.

Positions (quantiles, edges, values) are in the variable's own unit, whatever the scale; the scale decides how bins are
spaced, of what the density is taken (per unit, or per decade), and which values are usable (positive, if "log").
Values that are not usable are skipped, and each result says how many in its attribute ``skipped``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.analysis.columns import MOST_POINTS, described, feature_list, scale_of, series_of
from synaptogen_core.analysis.population.curves import DEFAULT_PROBABILITIES, check_probabilities
from synaptogen_core.analysis.resampling import check_confidence
from synaptogen_core.analysis.statistics import order_statistics as arrays
from synaptogen_core.types import F64

BOUND = ("bound", ["lower", "upper"])


def quantiles(
    ds: xr.Dataset,
    features: str | Sequence[str] | None = None,
    probabilities: Sequence[float] = DEFAULT_PROBABILITIES,
    *,
    confidence: float = 0.95,
    scale: str | None = None,
) -> xr.Dataset:
    """Quantiles of all recorded values of each feature, in its own unit.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it.
    features : str or sequence of str, optional
        Variables; by default the features that the Dataset holds.
    probabilities : sequence of float
        Between 0 and 1.
    confidence : float
        Probability of the intervals.
    scale : {"linear", "log"}, optional
        "log" skips values that are not positive; by default the feature's own.

    Returns
    -------
    xarray.Dataset
        Each feature on ``quantile``, and ``<feature>_interval`` on ``(quantile, bound)``: Woodruff's interval, the
        cells being the independent units (NaN with one cell).

    Raises
    ------
    ValueError
        For an unknown variable, a probability outside (0, 1), or a variable without a usable value.
    """
    p = check_probabilities(probabilities)
    check_confidence(confidence)
    result = xr.Dataset(
        coords={
            "quantile": ("quantile", p, {"long_name": "cumulative probability", "units": "1"}),
            "bound": BOUND,
        },
        attrs=interval_words("Woodruff interval", confidence),
    )
    for name in feature_list(ds, features):
        matrix = series_of(ds, name)
        value, interval, used = arrays.quantile_values(matrix, p, scale=scale_of(name, scale), confidence=confidence)
        _need_values(name, used)
        long_name, unit = described(name, ds)
        skipped = matrix.size - used
        result[name] = ("quantile", value, {"long_name": f"quantile of {long_name}", "units": unit, "skipped": skipped})
        result[f"{name}_interval"] = (
            ("quantile", "bound"),
            interval,
            {"long_name": f"{100 * confidence:g} % interval of the quantile of {long_name}", "units": unit},
        )
    return result


def histogram(
    ds: xr.Dataset,
    feature: str,
    bins: int | ArrayLike = 80,
    *,
    limits: tuple[float, float] | None = None,
    scale: str | None = None,
    confidence: float = 0.95,
) -> xr.Dataset:
    """Histogram of all recorded values of one variable.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it.
    feature : str
        A variable.
    bins : int or array_like
        Number of bins, equally wide on the scale, or rising edges in the variable's own unit.
    limits : tuple of float, optional
        Lowest and highest edge; by default the smallest and largest usable value.
    scale : {"linear", "log"}, optional
        Spacing of the bins, and density per unit or per decade; by default the feature's own.
    confidence : float
        Probability of the intervals.

    Returns
    -------
    xarray.Dataset
        On ``bin``: ``counts``, ``density`` (its integral over the whole range, on the scale, is the share of usable
        values inside) and ``density_interval`` (normal on the logit scale, cells as independent units); coordinates
        ``lower``, ``upper`` and ``centre``. A bin holds its lower edge, the last one its upper edge as well.

    Raises
    ------
    ValueError
        For an unknown variable, edges that do not rise or are not positive on a log scale, or no usable value.
    """
    check_confidence(confidence)
    scale = scale_of(feature, scale)
    matrix = series_of(ds, feature)
    found = arrays.scan(matrix, scale)
    used = found.used
    _need_values(feature, used)
    chosen = _bins(found, bins, limits, scale)
    edges = chosen.edges if isinstance(chosen, arrays.Uniform) else chosen
    counts = arrays.group_counts(matrix, chosen, scale, found.complete)
    inside = counts[:, 1:-1]
    share = inside.sum(axis=0) / used
    error = arrays.share_error(inside, found.usable)
    width = np.diff(np.log10(edges) if scale == "log" else edges)
    ends = arrays.share_interval(share, error, confidence)
    long_name, unit = described(feature, ds)
    per = "decade" if scale == "log" else unit
    centre = np.sqrt(edges[1:] * edges[:-1]) if scale == "log" else 0.5 * (edges[1:] + edges[:-1])
    place = {"long_name": long_name, "units": unit}
    return xr.Dataset(
        {
            "counts": ("bin", inside.sum(axis=0), {"long_name": "number of values", "units": "1"}),
            "density": ("bin", share / width, {"long_name": "probability density", "units": f"1/{per}"}),
            "density_interval": (
                ("bin", "bound"),
                ends / width[:, None],
                {"long_name": f"{100 * confidence:g} % interval of the probability density", "units": f"1/{per}"},
            ),
        },
        coords={
            "lower": ("bin", edges[:-1], place),
            "upper": ("bin", edges[1:], place),
            "centre": ("bin", centre, place),
            "bound": BOUND,
        },
        attrs={
            "feature": feature,
            "scale": scale,
            "used": used,
            "skipped": matrix.size - used,
            "outside": used - int(inside.sum()),
            **interval_words("normal interval on the logit scale", confidence),
        },
    )


def cumulative(
    ds: xr.Dataset,
    feature: str,
    values: ArrayLike | None = None,
    *,
    points: int = 200,
    scale: str | None = None,
    confidence: float = 0.95,
) -> xr.Dataset:
    """Share of all recorded values of one variable that lie below given values (at the last one: not above it).

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it.
    feature : str
        A variable.
    values : array_like, optional
        Where, rising, in the variable's own unit; by default `points` values from the smallest to the largest.
    points : int
        Number of default values.
    scale : {"linear", "log"}, optional
        Spacing of the default values; by default the feature's own.
    confidence : float
        Probability of the (pointwise) intervals.

    Returns
    -------
    xarray.Dataset
        ``cumulative_probability`` on ``value``, its ``_interval`` on ``(value, bound)``.

    Raises
    ------
    ValueError
        For an unknown variable, values that do not rise, or no usable value.
    """
    check_confidence(confidence)
    checks.whole("points", points, 2, MOST_POINTS)
    scale = scale_of(feature, scale)
    matrix = series_of(ds, feature)
    found = arrays.scan(matrix, scale)
    used = found.used
    _need_values(feature, used)
    chosen = _bins(found, points - 1 if values is None else values, None, scale)
    at = chosen.edges if isinstance(chosen, arrays.Uniform) else chosen
    below = np.cumsum(arrays.group_counts(matrix, chosen, scale, found.complete), axis=1)[:, :-1]
    share = below.sum(axis=0) / used
    long_name, unit = described(feature, ds)
    words = {"long_name": f"share of values below, {long_name}", "units": "1"}
    return xr.Dataset(
        {
            "cumulative_probability": ("value", share, words),
            "cumulative_probability_interval": (
                ("value", "bound"),
                arrays.share_interval(share, arrays.share_error(below, found.usable), confidence),
                {"long_name": f"{100 * confidence:g} % pointwise interval of the share below", "units": "1"},
            ),
        },
        coords={"value": ("value", at, {"long_name": long_name, "units": unit}), "bound": BOUND},
        attrs={
            "feature": feature,
            "used": used,
            "skipped": matrix.size - used,
            **interval_words("normal interval on the logit scale, pointwise", confidence),
        },
    )


def probability_plot(
    ds: xr.Dataset, feature: str, *, points: int = arrays.MOST_POINTS, scale: str | None = None
) -> xr.Dataset:
    """Normal-score coordinates of one variable: a straight line if it were normal on the scale of the value axis.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it.
    feature : str
        A variable.
    points : int
        At most so many points, at least 2; thinned evenly in the normal score, both tails kept whole.
    scale : {"linear", "log"}, optional
        "log" skips values that are not positive; by default the feature's own.

    Returns
    -------
    xarray.Dataset
        On ``point``: ``value``, ``probability`` (rank - 1/2)/N and ``normal_score``, its normal quantile.

    Raises
    ------
    ValueError
        For an unknown variable, fewer than 2 points, or no usable value.
    """
    checks.whole("points", points, 2, MOST_POINTS)
    matrix = series_of(ds, feature)
    ordered = arrays.ordered_values(matrix, scale_of(feature, scale))
    _need_values(feature, ordered.size)
    value, probability, score = arrays.normal_score_points(ordered, points)
    long_name, unit = described(feature, ds)
    return xr.Dataset(
        {
            "value": ("point", value, {"long_name": long_name, "units": unit}),
            "probability": ("point", probability, {"long_name": "cumulative probability", "units": "1"}),
            "normal_score": ("point", score, {"long_name": "normal score of the rank", "units": "1"}),
        },
        attrs={"feature": feature, "used": ordered.size, "skipped": matrix.size - ordered.size},
    )


def interval_words(kind: str, confidence: float) -> dict[str, Any]:
    """Attributes that say what an interval is.

    Parameters
    ----------
    kind : str
        In words.
    confidence : float
        Probability of the interval.

    Returns
    -------
    dict
    """
    return {
        "interval": f"{100 * confidence:g} % {kind}; cells are the independent units, the cycles of one cell are not",
        "confidence": confidence,
    }


def _bins(
    found: arrays.Scan, bins: int | ArrayLike, limits: tuple[float, float] | None, scale: str
) -> arrays.Uniform | F64:
    if not isinstance(bins, (int, np.integer)):
        edges = np.array(bins, dtype=np.float64)
        if edges.ndim != 1 or edges.size < 2 or not np.isfinite(edges).all() or not np.all(np.diff(edges) > 0):
            raise ValueError(f"bins: must rise, with at least two finite edges (got {bins!r}); or give their number")
        if scale == "log" and edges[0] <= 0:
            raise ValueError(f"bins: must be positive on a log scale (got {edges[0]:g}); or choose scale='linear'")
        return edges
    if not 1 <= bins <= 100_000:
        raise ValueError(f"bins: must be from 1 to 100000 (got {bins}); 80 is usual")
    if limits is None:
        low, high = found.low, found.high
        if low == high:  # one value only: a bin of some width around it
            margin = 1e-3 * abs(low) or 1.0
            low, high = low - margin, high + margin
    else:
        low, high = (float(end) for end in limits)
        if not np.isfinite([low, high]).all() or not low < high:
            raise ValueError(f"limits: must be two rising finite numbers (got {limits!r}); or leave them out")
        if scale == "log" and low <= 0:
            raise ValueError(f"limits: must be positive on a log scale (got {low:g}); or choose scale='linear'")
    return arrays.Uniform(low, high, int(bins), scale)


def _need_values(name: str, used: int) -> None:
    if not used:
        raise ValueError(
            f"feature: must hold at least one usable value (got none in {name!r}); values that are not finite, or not "
            "positive on a log scale, are skipped"
        )
