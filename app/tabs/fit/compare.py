"""The fit beside the measurement, as plain arrays and words: what the Fit tab draws of a Fit and of a Validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import ndtri

from app.tabs.fit.compute import features_in
from synaptogen_core.report import summary
from synaptogen_core.report.summary import Number, Row
from synaptogen_core.schema import LRS, STATE_NAMES, feature

CRITERIA = {"bic": "BIC", "aic": "AIC", "hannan_quinn": "Hannan–Quinn"}
PARTS = ("measured", "lower", "upper", "fitted")


@dataclass(frozen=True)
class Criteria:
    """Information criteria over orders, or over numbers of components: each less its smallest."""

    x: np.ndarray
    lines: tuple[tuple[str, np.ndarray], ...]
    chosen: int
    suggested: int


@dataclass(frozen=True)
class Family:
    """The I-V family of a device: currents [A] over voltage [V], one line a class of conductance (level, voltage)."""

    voltage: np.ndarray
    fitted: np.ndarray
    measured: np.ndarray  # NaN where a state was not seen; no rows without loops
    low_state: tuple[bool, ...]  # of each line: whether it is the low-resistance state
    borrowed: bool  # from the published set


@dataclass(frozen=True)
class Fitted:
    """What the fit has found."""

    facts: tuple[Row, ...]
    orders: Criteria | None
    components: Criteria | None
    family: Family
    estimates: tuple[Number, ...]
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Marginal:
    """Quantiles of one feature [SI]; the band holds what sampling alone would give."""

    name: str
    score: np.ndarray  # normal score of each probability
    measured: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    fitted: np.ndarray
    distances: tuple[tuple[str, float, float], ...]  # kind, distance, expected of sampling alone


@dataclass(frozen=True)
class Memory:
    """Autocorrelation of one feature."""

    name: str
    lag: np.ndarray
    measured: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    fitted: np.ndarray


@dataclass(frozen=True)
class Matrix:
    """Correlations of one kind, (features, features) each; of the row now with the column."""

    kind: str
    symbols: tuple[str, ...]
    measured: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    fitted: np.ndarray


@dataclass(frozen=True)
class Judged:
    """How well the device behaves like the measurement."""

    marginals: tuple[Marginal, ...]
    memory: tuple[Memory, ...]
    matrices: tuple[Matrix, ...]
    verdict: tuple[Row, ...]


def of_fit(fit: Any) -> Fitted:
    return Fitted(
        tuple(summary.facts(fit)), criteria(fit.orders, "order"),
        criteria(fit.components, "components"), family(fit), tuple(summary.numbers(fit.estimates)),
        tuple(fit.assumed), tuple(fit.warnings),
        features_in(fit.features),
    )  # fmt: skip


def criteria(ds: xr.Dataset | None, dimension: str) -> Criteria | None:
    """Differences from the best: their height has no meaning, their distance has."""
    if ds is None or not ds.sizes.get(dimension):
        return None
    x = ds[dimension].values
    lines = []
    for name, title in CRITERIA.items():
        if name in ds:
            values = ds[name].values.astype(float)
            if np.isfinite(values).sum() > 1:
                lines.append((title, values - np.nanmin(values)))
    chosen = int(ds.attrs.get("chosen", x[0]))
    return Criteria(x, tuple(lines), chosen, int(ds.attrs.get("suggested", chosen)))


def family(fit: Any) -> Family:
    """Measured branches and the fitted ones of the same conductance; without loops, those of typical resistances."""
    ds = fit.curves.current.transpose("level", "voltage")
    low = tuple(state == STATE_NAMES[LRS] for state in ds["state"].values.tolist())
    borrowed = not np.isfinite(ds["measured"].values).any()
    measured = ds["measured"].values[:0] if borrowed else ds["measured"].values
    return Family(ds["voltage"].values, ds["fitted"].values, measured, low, borrowed)


def of_validation(validation: Any) -> Judged:
    ds, memory, matrices = validation.marginals, validation.autocorrelation, validation.correlations
    names = [str(name) for name in ds["feature"].values]
    marginals, lines = [], []
    for name in names:
        one, far = ds.sel(feature=name), validation.distances.sel(feature=name)
        log = feature(name).scale == "log"
        quantiles = {part: 10 ** one[part].values if log else one[part].values for part in PARTS}
        distances = zip(far["kind"].values, far["distance"].values, far["expected"].values, strict=True)
        told = tuple((str(kind), float(distance), float(expected)) for kind, distance, expected in distances)
        marginals.append(Marginal(name, ndtri(ds["probability"].values), **quantiles, distances=told))
        lines.append(Memory(name, memory["lag"].values, *(memory.sel(feature=name)[part].values for part in PARTS)))
    symbols = tuple(feature(name).symbol for name in names)
    tables = tuple(
        Matrix(str(kind), symbols, *(matrices.sel(kind=kind)[part].values for part in PARTS))
        for kind in matrices["kind"].values
    )
    return Judged(tuple(marginals), tuple(lines), tables, tuple(summary.verdict(validation)))
