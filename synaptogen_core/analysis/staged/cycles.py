"""Cycles of many devices in a device's coordinates, and the statistics from which a device of format 2 is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

KNOTS = np.array([-3.6, -3.2, -2.8, -2.4, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.4, 2.8, 3.2, 3.6])
MOST_LAGS = 150
FEW_BEYOND = 5  # values beyond the last knot of a shape


@dataclass(frozen=True)
class Summary:
    """What is compared with the same of a simulation.

    Parameters
    ----------
    mean, log_sd : ndarray, shape (devices, f)
        Of each device, in its coordinates; ln of the standard deviation.
    quantiles : ndarray, shape (f, knots)
        Of values less their device's mean, in its standard deviations, where a normal law has the knots.
    lags : ndarray, shape (lags + 1, f, f)
        Products of normal scores about their devices' means, of cycle n and n - k.
    """

    mean: F64
    log_sd: F64
    quantiles: F64
    lags: F64

    @property
    def centre(self) -> F64:
        """Means over devices of mean and ln sd; shape (2 f,)."""
        return np.asarray(np.concatenate([self.mean.mean(axis=0), self.log_sd.mean(axis=0)]))

    @property
    def covariance(self) -> F64:
        """Covariance over devices of mean and ln sd; shape (2 f, 2 f); zeros for one device."""
        both = np.concatenate([self.mean, self.log_sd], axis=1)
        away = both - both.mean(axis=0)
        return np.asarray(away.T @ away / max(len(both) - 1, 1))


def own_unit(panel: Panel) -> F64:
    """Values of a panel in the features' units; shape (rows, f)."""
    columns = [
        10.0**v if FEATURES[i].scale == "log" else v for i, v in zip(panel.features, panel.values.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def in_coordinates(panel: Panel, coordinates: Sequence[Coordinate]) -> Panel:
    """The panel in coordinates of its features; what no coordinate holds is missing.

    Parameters
    ----------
    panel : Panel
        With f features.
    coordinates : sequence of f Coordinate
    """
    values = np.stack([c.inverse(y) for c, y in zip(coordinates, own_unit(panel).T, strict=True)], axis=1)
    values[~np.isfinite(values)] = np.nan
    return replace(panel, values=values)


def knots_for(count: int) -> F64:
    """Those knots of a shape that so many values tell."""
    beyond = count * ndtr(-np.abs(KNOTS))
    return np.asarray(KNOTS[(beyond >= FEW_BEYOND) | (np.abs(KNOTS) <= 1.0)])


def summarise(panel: Panel, knots: F64, lags: int) -> Summary:
    """The statistics of a panel in coordinates.

    Parameters
    ----------
    panel : Panel
    knots : ndarray
    lags : int
    """
    mean, sd = panel.moments
    sd = np.maximum(sd, 1e-9)
    z = (panel.values - mean[panel.device]) / sd[panel.device]
    quantiles = np.empty((len(panel.features), knots.size))
    for i, column in enumerate(z.T):
        quantiles[i] = np.quantile(column[np.isfinite(column)], ndtr(knots))
    scores = np.stack([np.interp(column, q, knots) if np.all(np.diff(q) > 0) else column
                       for column, q in zip(z.T, quantiles, strict=True)], axis=1)  # fmt: skip
    scores = np.where(panel.present, scores, np.nan)
    return Summary(mean, np.log(sd), quantiles, products(replace(panel, values=scores), lags))


def products(panel: Panel, lags: int) -> F64:
    """Mean products of values about their devices' means, over lags.

    Parameters
    ----------
    panel : Panel
        With f features.
    lags : int

    Returns
    -------
    ndarray, shape (lags + 1, f, f)
    """
    mean, _ = panel.moments
    away = np.where(panel.present, panel.values - mean[panel.device], 0.0)
    there = panel.present.astype(float)
    row = np.arange(len(away)) + lags * (panel.device + 1)
    f = away.shape[1]
    x, known = np.zeros((int(row[-1]) + 1, f)), np.zeros((int(row[-1]) + 1, f))
    x[row], known[row] = away, there
    found = np.empty((lags + 1, f, f))
    for k in range(lags + 1):
        pairs = known[k:].T @ known[: len(known) - k]
        found[k] = (x[k:].T @ x[: len(x) - k]) / np.maximum(pairs, 1)
    return found


def lags_for(panel: Panel) -> int:
    """How far autocorrelations are looked at: half the cycles of a device."""
    longest = int(np.diff(panel.starts).max())
    return int(np.clip(longest // 2, 1, MOST_LAGS))


def without_first(panel: Panel, count: int) -> Panel:
    """The panel without the first cycles of each device: missing there.

    Parameters
    ----------
    panel : Panel
    count : int
    """
    place = np.arange(len(panel.values)) - panel.starts[panel.device]
    return replace(panel, values=np.where((place < count)[:, None], np.nan, panel.values))


def part_of(panel: Panel, chosen: NDArray[np.bool_]) -> Panel:
    """Some of the devices.

    Parameters
    ----------
    panel : Panel
    chosen : ndarray of bool, shape (devices,)
    """
    rows = chosen[panel.device]
    sizes = np.diff(panel.starts)[chosen]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    device = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    return Panel(panel.values[rows], device, starts, panel.features, panel.step)
