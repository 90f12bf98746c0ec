"""Cycle to cycle: the shapes and the autoregression of a panel, NumPy in, NumPy out.

Each device is standardised with its own mean and deviation, known only as well as its dependent cycles tell. What that
does to the estimates is learnt from a simulation of the model that was found: the same numbers of cycles, once
standardised device by device and once not; both estimates use the same draws, so that their difference, which is
taken off, has little chance in it; what it has goes into the intervals. The difference depends on the shapes, too:
that of the shapes found is taken off in its place, until they move no more, and how far they moved widens their
intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from synaptogen_core.analysis.fitting import autoregression
from synaptogen_core.analysis.fitting import shapes as shape_fit
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.types import F64

ROW_GROUPS = 24  # numbers of cycles that are told apart
ROUNDS = 4  # in which a correction that depends on its own result settles
STEP = 2.0  # times the scatter of a coefficient, to see how the correction follows it
LEAST_SEEN = 0.2  # share of a deviation that standardising leaves; of less nothing can be learnt
SETTLED = 0.1  # change of a coefficient, times the root of the number of cycles: a small part of its standard error


@dataclass(frozen=True)
class Recipe:
    """How cycles are fitted.

    Parameters
    ----------
    longest : int
        Longest lag of the second moments.
    order : int or None
        Order of the autoregression; None: the one that `criterion` suggests.
    degree : int
        Degree of the shapes.
    method : {"ols", "yule-walker"}
    criterion : {"bic", "aic", "hannan_quinn"}
    """

    longest: int
    order: int | None
    degree: int
    method: str
    criterion: str
    rising: bool = True  # hold shapes to rise


@dataclass(frozen=True)
class CycleFit:
    """Estimates in the gauge of `shape_fit`, with x of unit variance.

    Parameters
    ----------
    shapes : tuple of Shape
        One a feature.
    second : numpy.ndarray
        Shape ((p + 1) f, (p + 1) f): second moments of p + 1 successive x, newest first.
    replicates : numpy.ndarray
        The same from resampled units, with a first axis.
    windows : float
        Number of windows of p + 1 cycles.
    order : int
        Order of the autoregression.
    criteria : mapping of str to numpy.ndarray
        Information criteria of the orders 1 .. p.
    """

    shapes: tuple[shape_fit.Shape, ...]
    second: F64
    replicates: F64
    windows: float
    order: int
    criteria: Mapping[str, F64]

    @property
    def features(self) -> int:
        """Number of features."""
        return len(self.shapes)

    def models(self) -> dict[int, tuple[F64, F64, bool]]:
        """Stable models of the orders up to the one in use, as `autoregression.stationary` gives them."""
        return {
            q: autoregression.stationary(*autoregression.solve(self.second, q, self.features))
            for q in range(1, self.order + 1)
        }

    def less(self, one: CycleFit, two: CycleFit) -> CycleFit:
        """The fit less the difference of two others; replicates pair up, so that its own chance is in the intervals.

        Parameters
        ----------
        one, two : CycleFit
            Of the same features, orders and number of replicates.

        Returns
        -------
        CycleFit
            This - (`one` - `two`).
        """
        shapes = tuple(
            replace(
                own,
                polynomial=own.polynomial - (first.polynomial - second.polynomial),
                replicates=own.replicates - (first.replicates - second.replicates),
            )
            for own, first, second in zip(self.shapes, one.shapes, two.shapes, strict=True)
        )
        return replace(
            self,
            shapes=shapes,
            second=self.second - (one.second - two.second),
            replicates=self.replicates - (one.replicates - two.replicates),
        )


def fit_cycles(panel: Panel, recipe: Recipe, weights: F64, *, standardise: bool = True) -> CycleFit:
    """Fit shapes and second moments over lags.

    Parameters
    ----------
    panel : Panel
    recipe : Recipe
    weights : numpy.ndarray
        Shape (replicates, units): how often each unit of `panel.borders` occurs.
    standardise : bool
        False: the values are standardised already, with the true mean and deviation.

    Returns
    -------
    CycleFit

    Raises
    ------
    ValueError
        If there are too few successive cycles for the order.
    """
    shapes, x = _shaped(panel, recipe, weights, standardise)
    products = autoregression.window_products(x, panel.borders, recipe.longest)
    f, total = len(shapes), float(products.counts.sum())
    if total < 2 * (f * recipe.longest + 1):
        raise ValueError(
            f"max_order: must leave at least {2 * (f * recipe.longest + 1)} runs of {recipe.longest + 1} successive "
            f"cycles (got {total:.0f} at order {recipe.longest}); measure more cycles, or ask for a lower order"
        )
    second = products.sums.sum(axis=0) / total
    nothing = np.zeros((f, f))
    plain = autoregression.with_mean(autoregression.with_method(second, f, recipe.method), nothing, f)
    criteria = autoregression.criteria(plain, f, total)
    order = recipe.order or int(np.argmin(criteria[recipe.criterion])) + 1
    lost = nothing
    if standardise:
        _, lost = autoregression.corrected(second, order, f, row_shares(panel), recipe.method)

    def finished(moments: F64) -> F64:
        return autoregression.with_mean(autoregression.with_method(moments, f, recipe.method), lost, f)

    summed = np.tensordot(weights, products.sums, axes=1)
    drawn = np.maximum(weights @ products.counts, 1.0)
    again = finished(summed / drawn[:, None, None])
    return CycleFit(shapes, finished(second), again, total, order, criteria)


def _shaped(panel: Panel, recipe: Recipe, weights: F64, standardise: bool) -> tuple[tuple[shape_fit.Shape, ...], F64]:
    """The shape of each feature, and its normal scores, less their mean over a device; the scores like the panel."""
    unit = np.repeat(np.arange(panel.borders.size - 1, dtype=np.int32), np.diff(panel.borders))
    mean, sd = panel.moments
    if not standardise:
        mean, sd = np.zeros_like(mean), np.ones_like(sd)

    shapes: list[shape_fit.Shape | None] = [None] * len(panel.features)
    x = np.full(panel.values.shape, np.nan)

    def one(i: int) -> None:
        known = panel.present[:, i]
        device = panel.device[known]
        values = panel.values[known, i]
        values -= mean[device, i]
        values /= sd[device, i]
        scores, sorting = shape_fit.normal_scores(values)
        shapes[i] = shape_fit.fit_shape(
            values, scores, sorting, unit[known], weights, recipe.degree, rising=recipe.rising
        )
        if standardise:
            scores -= (np.bincount(device, scores, panel.devices) / np.maximum(panel.counts[:, i], 1))[device]
        x[known, i] = scores

    autoregression.for_each(len(shapes), one, x.size)
    return tuple(shape for shape in shapes if shape is not None), x


def row_shares(panel: Panel) -> Mapping[int, float]:
    """Numbers of cycles of a device -> share of all cycles that such devices have; a few typical numbers."""
    rows = np.sort(panel.counts.max(axis=1))
    rows = rows[rows > 0]
    groups = np.array_split(rows, min(ROW_GROUPS, np.unique(rows).size))
    total = float(rows.sum())
    shares: dict[int, float] = {}
    for group in groups:
        typical = max(2, round(float(group.mean())))
        shares[typical] = shares.get(typical, 0.0) + float(group.sum()) / total
    return shares


def typical_cycles(panel: Panel, least: int) -> int:
    """Cycles of a typical device: the mean over all cycles, so that long series count as they do in sums.

    Parameters
    ----------
    panel : Panel
        Of the measurement.
    least : int
        Never fewer.

    Returns
    -------
    int
        Cycles of one device.
    """
    return max(least, round(sum(rows * share for rows, share in row_shares(panel).items())))


def unbiased(fit: CycleFit, made: Panel, recipe: Recipe, weights: F64) -> CycleFit:
    """Take off what standardising device by device does.

    Parameters
    ----------
    fit : CycleFit
    made : Panel
        Standardised features, simulated from `fit`, with as many cycles a device as the data have.
    recipe : Recipe
    weights : numpy.ndarray
        Shape (replicates, units): how often each unit of `made` occurs, in as many replicates as `fit` has.

    Returns
    -------
    CycleFit
    """
    fixed = replace(recipe, order=fit.order, rising=False)
    return fit.less(*(fit_cycles(made, fixed, weights, standardise=way) for way in (True, False)))


def settled_shapes(first: CycleFit, found: CycleFit, made: Callable[[CycleFit], Panel], recipe: Recipe) -> F64:
    """The shapes at which the correction agrees with itself: what it takes off depends on the shapes that it gives.

    Parameters
    ----------
    first, found : CycleFit
        Before and after `unbiased`.
    made : callable
        Simulates standardised features of a fit, with the same draws each time: only differences of such simulations
        are looked at, so that small ones will do.
    recipe : Recipe

    Returns
    -------
    numpy.ndarray
        Shape (f, degree + 1). A shape that would move farther in a round than in the one before, or turn back, stays.
    """
    own = np.array([shape.polynomial for shape in found.shapes])
    at_first = shape_bias(first, made, recipe)
    shapes, last = own, np.full(first.features, np.inf)
    for _ in range(ROUNDS):
        new = own - (shape_bias(moved(found, shapes), made, recipe) - at_first)
        change = np.abs(new - shapes).max(axis=1)
        good = (change < last) & np.array([shape_fit.rises(polynomial) for polynomial in new])
        shapes, last = np.where(good[:, None], new, shapes), np.where(good, change, 0.0)
        if last.max() < SETTLED / np.sqrt(found.windows):
            break
    return shapes


def shape_bias(fit: CycleFit, made: Callable[[CycleFit], Panel], recipe: Recipe) -> F64:
    """What standardising device by device does to the shapes of a fit; shape (f, degree + 1).

    Parameters
    ----------
    fit : CycleFit
        Of f features.
    made : callable
        Simulates standardised features of a fit, with the same draws each time.
    recipe : Recipe
        Of the fit.

    Returns
    -------
    ndarray of float64, shape (f, degree + 1)
        Highest power first.
    """
    fixed, panel = replace(recipe, rising=False), made(fit)
    never = np.ones((0, panel.borders.size - 1))
    one, two = (_shaped(panel, fixed, never, way)[0] for way in (True, False))
    return np.array([a.polynomial - b.polynomial for a, b in zip(one, two, strict=True)])


def stretched(fit: CycleFit, made: Callable[[CycleFit], Panel], recipe: Recipe) -> CycleFit:
    """The fit with replicates of shapes that scatter as corrected shapes do.

    A shape g is seen as g + bias(g), and the fit solves this for g. If the bias takes a part of each coefficient away,
    then it takes as much of every deviation, and the solution has the deviations in full: those of what is seen,
    divided by 1 + the slope of the bias.

    Parameters
    ----------
    fit : CycleFit
        Corrected.
    made : callable
        As for `shape_bias`.
    recipe : Recipe
        Of the fit.

    Returns
    -------
    CycleFit
        The same shapes; a shape of which the bias leaves too little keeps its replicates.
    """
    own = np.array([shape.polynomial for shape in fit.shapes])
    at = shape_bias(fit, made, recipe)
    if np.abs(at).max() < SETTLED / np.sqrt(fit.windows):
        return fit
    steps = STEP * np.array([shape.replicates.std(axis=0) for shape in fit.shapes]) + 1e-6
    slope = np.zeros((*own.shape, own.shape[1]))
    for k in range(own.shape[1]):
        away = own.copy()
        away[:, k] += steps[:, k]
        away = np.array([shape_fit.normalised(polynomial) for polynomial in away])
        slope[:, :, k] = (shape_bias(moved(fit, away), made, recipe) - at) / steps[:, k, None]
    shapes = []
    for shape, part in zip(fit.shapes, slope, strict=True):
        seen = np.eye(part.shape[0]) + part
        if np.linalg.svd(seen, compute_uv=False).min() < LEAST_SEEN:
            shapes.append(shape)
            continue
        away = np.linalg.solve(seen, (shape.replicates - shape.polynomial).T).T
        shapes.append(replace(shape, replicates=shape.polynomial + away))
    return replace(fit, shapes=tuple(shapes))


def moved(fit: CycleFit, shapes: F64) -> CycleFit:
    """The fit with other shapes; how far they moved is as uncertain as it is long, and goes into the replicates.

    Parameters
    ----------
    fit : CycleFit
        Of f features.
    shapes : ndarray of float64, shape (f, degree + 1)
        Highest power first.

    Returns
    -------
    CycleFit
        With these shapes, and wider replicates of them.
    """
    parts = []
    for shape, polynomial in zip(fit.shapes, shapes, strict=True):
        way = polynomial - shape.polynomial
        sides = np.where(np.arange(shape.replicates.shape[0]) % 2, 1.0, -1.0)[:, None]
        parts.append(replace(shape, polynomial=polynomial, replicates=shape.replicates + (1 + sides) * way))
    return replace(fit, shapes=tuple(parts))


def simulated_replicates(fit: CycleFit, made: Panel, recipe: Recipe, devices: int) -> CycleFit:
    """Replace the replicates by fits of simulated data as large as the measured ones: for a few devices.

    Parameters
    ----------
    fit : CycleFit
    made : Panel
        Simulated from `fit`; each `devices` of them make a data set.
    recipe : Recipe
    devices : int
        Devices that were measured.

    Returns
    -------
    CycleFit
        Its replicates scatter about the fit as fits of new measurements would.
    """
    fixed, never = replace(recipe, order=fit.order, rising=False), np.ones((0, devices))
    again = [
        fit_cycles(made.part(first, first + devices), fixed, never)
        for first in range(0, made.devices - devices + 1, devices)
    ]
    second = np.array([one.second for one in again])
    shapes = []
    for i, own in enumerate(fit.shapes):
        drawn = np.array([one.shapes[i].polynomial for one in again])
        shapes.append(replace(own, replicates=drawn - drawn.mean(axis=0) + own.polynomial))
    return replace(fit, shapes=tuple(shapes), replicates=second - second.mean(axis=0) + fit.second)
