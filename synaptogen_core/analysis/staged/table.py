"""The numbers of a fit of format 2 with their intervals, and what each of its parts gained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from scipy.special import stdtrit

from synaptogen_core.analysis.fitting.estimates import Table, symbols
from synaptogen_core.analysis.staged.device import Learnt
from synaptogen_core.analysis.staged.learn import FEW_DEVICES, Part, Result
from synaptogen_core.analysis.staged.memory import Memory, lost_variance
from synaptogen_core.analysis.staged.simulated import MANY_DEVICES
from synaptogen_core.drawing.picture import number
from synaptogen_core.schema import FEATURES, feature
from synaptogen_core.types import F64

UNKNOWN = 0.7  # of ln of a spread that is assumed: a factor of 4 either way


def add_result(table: Table, result: Result, features: Sequence[int]) -> None:
    """Means and spreads of devices, memory, offsets.

    Parameters
    ----------
    table : Table
        To add to.
    result : Result
    features : sequence of int
        The f features that were measured.
    """
    f, names = len(features), symbols(features)
    units = [_unit(i, c.scale) for i, c in zip(features, result.learnt.coordinates, strict=True)]
    repeats = result.replicates
    devices = result.summary.mean.shape[0]
    told = len(repeats) if devices < MANY_DEVICES else min(len(repeats), devices)
    half = float(stdtrit(max(told - 1, 1), (1 + table.confidence) / 2))

    def error(of: Callable[[Learnt], F64]) -> F64:
        """Standard deviation of numbers over the repeats."""
        if len(repeats) < 2:
            return np.full(2 * f, np.nan)
        return np.asarray(np.array([of(one) for one in repeats]).std(axis=0, ddof=1))

    labels = [*(f"mu {name}" for name in names), *(f"ln sigma {name}" for name in names)]
    both = [*units, *["1"] * f]
    errors = error(lambda r: r.centre)
    errors[f:] = np.hypot(errors[f:], [_unseen(m, result.cycles) for m in result.learnt.memories])
    for label, value, e, unit in zip(labels, result.learnt.centre, errors, both, strict=True):
        table.state("mean", label, value, (value - half * e, value + half * e), unit, "fitted")
    spread, known = _spread(result.learnt), error(_spread)
    assumed = devices < FEW_DEVICES
    for k, (label, unit) in enumerate(zip(labels, both, strict=True)):
        # a spread lies above zero: its interval is one of its logarithm
        off = UNKNOWN if assumed else float(known[k] / max(spread[k], 1e-12))
        origin = "assumed" if assumed else "fitted"
        _state(table, "device to device", f"sd of {label}", spread[k], half * off, unit, origin)
    shares, times = (error(of) for of in (_shares, _times))
    for j, (name, memory) in enumerate(zip(names, result.learnt.memories, strict=True)):
        if memory.share:  # little data leave what the prior says; many, what their scatter says
            w, tau = (np.fmax(e, known[j]) for e, known in zip(memory.errors, (shares, times), strict=True))
            low, high = (memory.share + sign * half * w for sign in (-1, 1))
            table.state("memory", f"w {name}", memory.share, (max(low, 0.0), min(high, 1.0)), "1", "fitted")
            _state(table, "memory", f"tau {name}", memory.tau, half * tau, "cycles", "fitted")
    for i, offset in result.offsets.items():
        feature, ends = FEATURES[i], offset.interval(table.half)
        table.state("coordinate", f"offset {feature.symbol}", offset.value, ends, feature.unit, "fitted")


def _unseen(memory: Memory, cycles: int) -> float:
    """Error of ln sigma by what is not known of the memory: a slow part hides in the mean of a few cycles."""
    at = np.array([memory.share, np.log(memory.tau), memory.fast])

    def hidden(x: F64) -> float:
        one = Memory(float(x[0]), float(np.exp(-np.exp(-x[1]))), float(x[2]))
        return float(0.5 * np.log(1 - min(lost_variance(one, cycles), 0.95)))

    slope = np.array([(hidden(at + step) - hidden(at - step)) / (2 * step.sum()) for step in 1e-3 * np.eye(3)])
    return float(np.sqrt(max(slope @ memory.covariance @ slope, 0.0)))


def _shares(learnt: Learnt) -> F64:
    return np.array([memory.share for memory in learnt.memories])


def _times(learnt: Learnt) -> F64:
    return np.log([memory.tau for memory in learnt.memories])


def parts_dataset(parts: Sequence[Part]) -> xr.Dataset:
    """What each part gained, on ``part``; in words in the attribute `sentences`.

    Parameters
    ----------
    parts : sequence of Part
    """
    words = {
        "name": "part of the model",
        "feature": "of which feature",
        "gain": "log-likelihood gained a value, on devices that did not choose it",
        "error": "standard error of the gain",
        "kept": "whether the device has it",
    }
    data = {
        name: ("part", np.array([getattr(part, name) for part in parts]), {"long_name": long_name, "units": "1"})
        for name, long_name in words.items()
    }
    return xr.Dataset(data, attrs={"sentences": [_sentence(part) for part in parts if np.isfinite(part.gain)]})


def _sentence(part: Part) -> str:
    gained = f"gains {number(part.gain, 2)} ± {number(part.error, 2)} a value"
    return f"{part.name} of {feature(part.feature).symbol}: {gained}, {'kept' if part.kept else 'left out'}."


def _unit(feature: int, scale: str) -> str:
    return f"log10({FEATURES[feature].unit})" if scale == "log10" else FEATURES[feature].unit


def _spread(learnt: Learnt) -> F64:
    return np.sqrt(np.maximum(np.diag(learnt.covariance), 0.0))


def _state(table: Table, group: str, label: str, value: float, half: float, unit: str, origin: str) -> None:
    """A positive number with the interval that one of its logarithm gives, `half` to either side."""
    around = float(np.exp(half))
    table.state(group, label, value, (value / around, value * around), unit, origin)
