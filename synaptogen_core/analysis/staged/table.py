"""The numbers of a fit of format 2 with their intervals, and what each of its parts gained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from synaptogen_core.analysis.fitting.estimates import Table, symbols
from synaptogen_core.analysis.staged.device import Learnt
from synaptogen_core.analysis.staged.learn import FEW_DEVICES, Part, Result
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

    def rows(group: str, labels: list[str], of: F64, each: list[F64], unit: list[str]) -> None:
        table.add(group, labels, of, np.array(each), unit, 0)

    labels = [*(f"mu {name}" for name in names), *(f"ln sigma {name}" for name in names)]
    both = [*units, *["1"] * f]
    rows("mean", labels, result.learnt.centre, [r.centre for r in repeats], both)
    spread, known = _spread(result.learnt), np.array([_spread(r) for r in repeats])
    assumed = result.summary.mean.shape[0] < FEW_DEVICES
    for k, (label, unit) in enumerate(zip(labels, both, strict=True)):
        # a spread lies above zero: its interval is one of its logarithm
        error = UNKNOWN if assumed else float(known[:, k].std() / max(spread[k], 1e-12)) if repeats else np.nan
        _state(table, "device to device", f"sd of {label}", spread[k], error, unit, "assumed" if assumed else "fitted")
    for name, memory in zip(names, result.learnt.memories, strict=True):
        if memory.share:
            tau = -1 / np.log(memory.persistence)
            low, high = (memory.share + sign * table.half * memory.errors[0] for sign in (-1, 1))
            table.state("memory", f"w {name}", memory.share, (max(low, 0.0), min(high, 1.0)), "1", "fitted")
            _state(table, "memory", f"tau {name}", tau, memory.errors[1], "cycles", "fitted")
    for i, coordinate in zip(features, result.learnt.coordinates, strict=True):
        if coordinate.offset:
            nothing = (float("nan"), float("nan"))
            table.state(
                "coordinate", f"offset {FEATURES[i].symbol}", coordinate.offset, nothing, FEATURES[i].unit, "fitted"
            )


def parts_dataset(parts: Sequence[Part]) -> xr.Dataset:
    """What each part gained, on ``part``.

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
    return xr.Dataset(data)


def sentences(parts: Sequence[Part]) -> list[str]:
    """What each part gained, in words.

    Parameters
    ----------
    parts : sequence of Part
    """
    return [
        f"{part.name} of {feature(part.feature).symbol}: gains {part.gain:.3f} +- {part.error:.3f} a value, "
        f"{'kept' if part.kept else 'left out'}."
        for part in parts
        if np.isfinite(part.gain)
    ]


def _unit(feature: int, scale: str) -> str:
    return f"log10({FEATURES[feature].unit})" if scale == "log10" else FEATURES[feature].unit


def _spread(learnt: Learnt) -> F64:
    return np.sqrt(np.maximum(np.diag(learnt.covariance), 0.0))


def _state(table: Table, group: str, label: str, value: float, error: float, unit: str, origin: str) -> None:
    """A positive number with the interval that an error of its logarithm gives."""
    around = float(np.exp(table.half * error))
    table.state(group, label, value, (value / around, value * around), unit, origin)
