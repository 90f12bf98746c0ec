"""From estimates of some features to the parameters of a whole device; what was not measured comes from a template."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synaptogen_core.analysis.fitting import autoregression
from synaptogen_core.analysis.fitting.cycle_table import Panel, joined, panel_of
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs.simulate import simulate
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import RangeWarning
from synaptogen_core.measurement import from_simulation
from synaptogen_core.types import F64

Model = tuple[F64, F64]  # a (p, f, f) and the covariance of the innovations (f, f), x of unit variance

MOST_LENGTHS = 8  # numbers of cycles of a device that are told apart
UNIT_MEANS = np.array([4.0, -0.7, 4500.0, 0.7])  # of devices that show standardised features alone
STRONG = 4.0  # times the measured range: switches every cell in every cycle, as in a measurement without gaps
STRONGEST = 1000.0  # V: the same where thresholds have long tails
UNIT_SPREADS = np.array([0.1, 0.01, 50.0, 0.01])


@dataclass(frozen=True)
class Remainder:
    """The features of a template that were not measured, in the gauge of a fit, independent of those that were.

    Parameters
    ----------
    features : tuple of int
    gamma : numpy.ndarray
        Shape (4, degree + 1), of all four features.
    lags : numpy.ndarray
        Shape (p + 1, r, r): correlations of x.
    mean, covariance : numpy.ndarray
        Shapes (2 r,), (2 r, 2 r): of (mu, sigma), the outlier population left out.
    """

    features: tuple[int, ...]
    gamma: F64
    lags: F64
    mean: F64
    covariance: F64


def remainder(template: DeviceParameters, measured: Sequence[int], order: int) -> Remainder:
    """What a template says of the features that are not in `measured`.

    Parameters
    ----------
    template : DeviceParameters
        The whole device.
    measured : sequence of int
        Positions in `schema.FEATURES` of what was measured.
    order : int
        Longest lag of the correlations.

    Returns
    -------
    Remainder
        Of the r features that were not.
    """
    rest = tuple(i for i in range(4) if i not in measured)
    spread = np.sqrt(np.diag(stationary.covariance(template)))
    middle, sd = stationary.shape_moments(template)
    powers = np.arange(template.gamma.shape[1])[::-1]
    gamma = template.gamma * spread[:, None] ** powers
    gamma[:, -1] -= middle
    gamma /= sd[:, None]
    lags = stationary.autocovariance(template, order) / spread[:, None] / spread
    # mu' = mu + sigma E z, sigma' = sigma sd z: linear in (mu, sigma)
    turn = np.block([[np.eye(4), np.diag(middle)], [np.zeros((4, 4)), np.diag(sd)]])
    inliers = [k for k in range(template.weights.size) if k not in template.outliers] or [0]
    share = template.weights[inliers] / template.weights[inliers].sum()
    means = template.means[inliers] @ turn.T
    factors = turn @ template.factors[inliers]
    mean = share @ means
    covariance = np.einsum("k,kij,klj->il", share, factors, factors)
    covariance += np.einsum("k,ki,kj->ij", share, means - mean, means - mean)
    both = [*rest, *(4 + i for i in rest)]
    return Remainder(rest, gamma, lags[:, rest][:, :, rest], mean[both], covariance[np.ix_(both, both)])


def device_fields(
    features: Sequence[int],
    shapes: F64,
    models: Mapping[int, Model],
    weights: F64,
    means: F64,
    covariances: F64,
    rest: Remainder,
) -> dict[str, Any]:
    """The variability of a device, as fields of `DeviceParameters`.

    Parameters
    ----------
    features : sequence of int
        The f features that were measured.
    shapes : numpy.ndarray
        Shape (f, degree + 1).
    models : mapping of int to model
        By order.
    weights, means, covariances : numpy.ndarray
        Shapes (K,), (K, 2 f), (K, 2 f, 2 f).
    rest : Remainder

    Returns
    -------
    dict
        gamma, var, weights, means, factors, order.
    """
    mine = [*features, *(4 + i for i in features)]
    others = [*rest.features, *(4 + i for i in rest.features)]
    width = max(shapes.shape[1], rest.gamma.shape[1] if others else 0)
    gamma = np.zeros((4, width))
    gamma[list(features), width - shapes.shape[1] :] = shapes
    if others:
        gamma[list(rest.features), width - rest.gamma.shape[1] :] = rest.gamma[list(rest.features)]
    count = weights.size
    centre, spread = np.zeros((count, 8)), np.zeros((count, 8, 8))
    centre[:, mine], centre[:, others] = means, rest.mean
    spread[np.ix_(range(count), mine, mine)] = covariances
    spread[np.ix_(range(count), others, others)] = rest.covariance
    var = {}
    for order, (a, noise) in models.items():
        whole, innovations = np.zeros((order, 4, 4)), np.eye(4)
        whole[np.ix_(range(order), features, features)] = a
        innovations[np.ix_(features, features)] = noise
        if others:
            known = autoregression.toeplitz(rest.lags[: order + 1])
            a_rest, noise_rest, _ = autoregression.stationary(*autoregression.solve(known, order, len(rest.features)))
            whole[np.ix_(range(order), rest.features, rest.features)] = a_rest
            innovations[np.ix_(rest.features, rest.features)] = noise_rest
        var[order] = (whole, np.linalg.cholesky(innovations))
    return {
        "gamma": gamma,
        "var": var,
        "order": max(models),
        "weights": weights,
        "means": centre,
        "factors": np.array([factor(c) for c in spread]),
    }


def factor(covariance: F64) -> F64:
    """The lower triangular root, diagonal zero or above, of a covariance that may vanish in some direction."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    lower = np.linalg.qr(root.T)[1].T
    signs = np.where(np.diag(lower) < 0, -1.0, 1.0)
    return np.tril(lower * signs)


def standardised_panel(
    template: DeviceParameters,
    features: Sequence[int],
    shapes: F64,
    models: Mapping[int, Model],
    rest: Remainder,
    *,
    devices: int,
    cycles: int,
    seed: int,
) -> Panel:
    """Simulate devices with mu 0 and sigma 1: cycles alone.

    Parameters
    ----------
    template : DeviceParameters
        Gives the conduction, and what else is asked of a device.
    features : sequence of int
        The f features that were measured.
    shapes : ndarray of float64, shape (f, degree + 1)
        Highest power first.
    models : mapping of int to model
        By order.
    rest : Remainder
        The other features.
    devices, cycles : int
        How many, and how many each.
    seed : int
        Of the simulation.

    Returns
    -------
    Panel
        With the rows of `devices` x `cycles` and the features asked for.
    """
    width = len(features)
    fields = device_fields(
        features, shapes, models, np.ones(1), np.zeros((1, 2 * width)), np.zeros((1, 2 * width, 2 * width)), rest
    )
    fields["means"] = np.concatenate([UNIT_MEANS, UNIT_SPREADS])[None]
    fields["factors"] = np.zeros((1, 8, 8))
    unit = replace(template, **fields, name="standardised features", outliers=(), base=None, variations=())
    ds = simulate(CellArray((devices, 1), unit, seed=seed), PulseTrain.cycling(cycles))
    panel, chosen = panel_of(from_simulation(ds)).columns(tuple(features)), list(features)
    return replace(panel, values=(panel.values - UNIT_MEANS[chosen]) / UNIT_SPREADS[chosen])


def simulated_measurement(device: DeviceParameters, like: Panel, size: int, seed: int) -> Panel:
    """Simulated devices with as many cycles each as the measured ones have, switched in every cycle.

    Parameters
    ----------
    device : DeviceParameters
    like : Panel
        The measurement: tells numbers of cycles (a few typical ones, in their shares) and features.
    size : int
        Cycles to simulate, over all devices, about.
    seed : int

    Returns
    -------
    Panel
        Without gaps, of at least twice as many devices as `like`.
    """
    rows = np.sort(like.counts.max(axis=1))
    many = max(2.0, size / float(rows.sum()))
    parts = []
    for group, lengths in enumerate(np.array_split(rows, min(MOST_LENGTHS, np.unique(rows).size))):
        cells = CellArray((max(1, round(many * lengths.size)), 1), device, seed=seed, first_cell=group << 32)
        parts.append(_switched(cells, max(2, round(float(lengths.mean())))))
    return joined(parts).columns(like.features)


def repeated_measurement(device: DeviceParameters, like: Panel, repeats: int, seed: int) -> Panel:
    """Simulated measurements of as many devices and cycles, with the same values missing.

    Parameters
    ----------
    device : DeviceParameters
    like : Panel
        The measurement.
    repeats : int
        Number of measurements.
    seed : int

    Returns
    -------
    Panel
        Of `repeats` times the devices, measurement after measurement.
    """
    rows = int(like.starts[-1])
    cells = CellArray((repeats * like.devices, 1), device, seed=seed)
    made = _switched(cells, max(2, int(np.diff(like.starts).max()) - 1)).columns(like.features)
    first = made.starts[:-1].reshape(repeats, like.devices)
    place = np.arange(rows) - like.starts[like.device]
    values = np.where(like.present, made.values[first[:, like.device] + place], np.nan)
    again = np.arange(repeats)[:, None]
    device_rows = (again * like.devices + like.device).ravel().astype(np.int32)
    starts = np.append((again * rows + like.starts[:-1]).ravel(), repeats * rows)
    return Panel(values.reshape(repeats * rows, -1), device_rows, starts, like.features, like.step)


def _switched(cells: CellArray, cycles: int) -> Panel:
    """Cells that switch in every cycle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)  # the currents at these voltages are not looked at
        strong = STRONG * cells.device.valid_range if cells.device.format == 1 else STRONGEST
        ds = simulate(cells, PulseTrain.cycling(cycles, -strong, strong))
    return panel_of(from_simulation(ds), step=1)
