"""The fit beside the measurement, as plain arrays and words: what the Fit tab draws of a Fit and of a Validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.tabs.fit.compute import features_in
from synaptogen_core.drawing.picture import Picture
from synaptogen_core.report import pictures, summary
from synaptogen_core.report.summary import Number, Row
from synaptogen_core.schema import feature


@dataclass(frozen=True)
class Fitted:
    """What the fit has found."""

    facts: tuple[Row, ...]
    criteria: dict[str, Picture]  # of the order and of the number of components, where there was a choice
    chosen: dict[str, tuple[int, int]]  # of both, and what was suggested
    family: tuple[Picture, ...]  # currents of the high and of the low state
    borrowed: bool  # the family is from the published set
    estimates: tuple[Number, ...]
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]
    features: tuple[str, ...]


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

    quantiles: dict[str, Picture]  # of each feature
    distances: dict[str, tuple[tuple[str, float, float], ...]]  # kind, distance, expected of sampling alone
    memory: dict[str, Picture]
    matrices: tuple[Matrix, ...]
    verdict: tuple[Row, ...]


def named(figure: pictures.Figure) -> dict[str, Picture]:
    """Pictures by their names."""
    return {picture.name: picture for picture in figure.pictures if isinstance(picture, Picture)}


def of_fit(fit: Any) -> Fitted:
    choices = {"order": fit.orders.attrs, "components": fit.components.attrs}
    chosen = {name: (int(a["chosen"]), int(a.get("suggested", a["chosen"]))) for name, a in choices.items()}
    borrowed = not np.isfinite(fit.curves.current["measured"].values).any()
    return Fitted(
        tuple(summary.facts(fit)), named(pictures.criteria(fit)), chosen,
        tuple(named(pictures.conduction(fit)).values()), borrowed, tuple(summary.numbers(fit.estimates)),
        tuple(fit.assumed), tuple(fit.warnings), features_in(fit.features),
    )  # fmt: skip


def of_validation(validation: Any) -> Judged:
    found, matrices = validation.distances, validation.correlations
    names = [str(name) for name in found["feature"].values]
    distances = {}
    for name in names:
        columns = (found["kind"].values, *(found[part].sel(feature=name).values for part in ("distance", "expected")))
        rows = [(str(kind), float(far), float(expected)) for kind, far, expected in zip(*columns, strict=True)]
        distances[name] = tuple(row for row in rows if np.isfinite(row[1]))
    symbols = tuple(feature(name).symbol for name in names)
    tables = tuple(
        Matrix(str(kind), symbols, *(matrices.sel(kind=kind)[part].values for part in pictures.PARTS))
        for kind in matrices["kind"].values
    )
    memory = named(pictures.memory(validation, first=0))
    return Judged(named(pictures.values(validation)), distances, memory, tables, tuple(summary.verdict(validation)))
