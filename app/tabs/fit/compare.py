"""The fit beside the measurement, as plain arrays and words: what the Fit tab draws of a Fit and of a Validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import synaptogen_core as sc
from app.tabs.fit.compute import features_in
from synaptogen_core.drawing.picture import Picture
from synaptogen_core.report import pictures, summary
from synaptogen_core.report.summary import Number, Row

WORDS = ("good", "not good", "not known")


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
class Judged:
    """How well the device behaves like the measurement."""

    quantiles: dict[str, Picture]  # of each feature
    distances: dict[str, tuple[tuple[str, float, float], ...]]  # kind, distance, expected of sampling alone
    memory: dict[str, Picture]
    correlations: xr.Dataset  # of each kind: measured, its interval, fitted; of the row now with the column
    verdict: tuple[Row, ...]


def named(figure: pictures.Figure) -> dict[str, Picture]:
    """Pictures by their names."""
    return {picture.name: picture for picture in figure.pictures if isinstance(picture, Picture)}


def of_fit(fit: sc.fitting.Fit) -> Fitted:
    choices = {"order": fit.orders.attrs, "components": fit.components.attrs}
    chosen = {name: (int(a["chosen"]), int(a.get("suggested", a["chosen"]))) for name, a in choices.items()}
    borrowed = not np.isfinite(fit.curves.current["measured"].values).any()
    return Fitted(
        tuple(summary.facts(fit)), named(pictures.criteria(fit)), chosen,
        tuple(named(pictures.conduction(fit)).values()), borrowed, tuple(summary.numbers(fit.estimates)),
        tuple(fit.assumed), tuple(fit.warnings), features_in(fit.features),
    )  # fmt: skip


def of_validation(validation: sc.fitting.Validation) -> Judged:
    found, distances = validation.distances, {}
    for name in found["feature"].values:
        columns = (found["kind"].values, *(found[part].sel(feature=name).values for part in ("distance", "expected")))
        rows = [(str(kind), float(far), float(expected)) for kind, far, expected in zip(*columns, strict=True)]
        distances[str(name)] = tuple(row for row in rows if np.isfinite(row[1]))
    return Judged(
        named(pictures.values(validation)), distances, named(pictures.memory(validation)),
        validation.correlations, tuple(summary.verdict(validation)),
    )  # fmt: skip


@dataclass(frozen=True)
class Two:
    """A fit that was kept and the present one: what each is, and line by line what is said of both."""

    names: tuple[str, str]
    score: str
    lines: tuple[tuple[str, str, str], ...]  # label, and a mark of each
    uses: tuple[str, str]


def of_two(found: Mapping[str, Any]) -> Two | None:
    """Two fits side by side; None where there are not two of the same data."""
    if found["beside"] is None:
        return None
    both = (found["kept"], found)
    gain, error = (float(found["beside"][name].values[1]) for name in ("gain", "error"))
    word = "better" if gain > 0 else "worse"
    sure = f" ± {error:.3f}" if np.isfinite(error) else ""
    findings = [{row.label: row.mark for row in summary.verdict(one["judge"])[1:]} for one in both]
    numbers = [[row.mark for row in summary.compared(one["numbers"])] for one in both]
    lines = [(label, mark, findings[1].get(label, "")) for label, mark in findings[0].items()]
    first, second = (", ".join(f"{marks.count(word)} {word}" for word in WORDS) for marks in numbers)
    return Two(
        (_kind(both[0]["fit"]), _kind(both[1]["fit"])),
        f"This fit predicts later cycles {word} than the kept one, by {abs(gain):.3f}{sure} nat a value."
        if gain
        else "Both fits predict later cycles equally well.",
        (*lines, ("Numbers that matter", first, second)),
        (str(both[0]["numbers"].attrs["uses"]), str(both[1]["numbers"].attrs["uses"])),
    )


def _kind(fit: sc.fitting.Fit) -> str:
    return "format 2" if fit.parts is not None else f"published class, order {fit.orders.attrs['chosen']}"
