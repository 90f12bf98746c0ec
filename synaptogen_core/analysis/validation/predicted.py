"""Prediction as an engineer asks for it: log scores above a plain model's, and shares within predicted intervals.

A device promises, in its own simulations, to predict so well; the measurement says whether it does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged.cycles import part_of
from synaptogen_core.analysis.validation.rows import Row, difference
from synaptogen_core.analysis.validation.scores import WORST, Scores, is_late, prediction, scores, units_of
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

SCORED = 150_000  # cycles of simulations, about
REPEATS = (2, 20)
FEW = 5  # repeats: fewer do not tell their own scatter
SHARES = (0.5, 0.9, 0.99)
GRID = np.concatenate([[2e-4, 1e-3], np.linspace(0.005, 0.995, 199), [1 - 1e-3, 1 - 2e-4]])


def later_cycles(
    early: DeviceParameters, template: DeviceParameters | None, panel: Panel, limits: dict[str, float], seed: int
) -> list[Row]:
    """How the later 30 % of the cycles are predicted by a device that has not seen them.

    Parameters
    ----------
    early : DeviceParameters
        Fitted to the first 70 %.
    template : DeviceParameters, optional
        To compare with.
    panel : Panel
        All cycles.
    limits : dict of str to float
    seed : int
        Of simulations.
    """
    if not is_late(panel).any():
        return []
    mine = scores(early, panel)
    gain = mine.less(log_normal(panel))
    if not gain.units.size:
        return []
    many = _many(panel)
    drawn = repeated_measurement(early, panel, many, seed)
    parts = [drawn.part(k * panel.devices, (k + 1) * panel.devices) for k in range(many)]
    promised = np.array([scores(early, part).less(log_normal(part)).mean for part in parts])
    made = [
        difference(
            "prediction", "log score of later cycles above a log-normal without memory", gain.mean,
            float(promised.mean()), _error(gain.error, promised), (-np.inf, limits["prediction"]), "nat",
        )
    ]  # fmt: skip
    if template is not None:
        above = mine.less(scores(template, panel))
        made.append(
            difference(
                "prediction", f"log score of later cycles above {template.name}", above.mean, 0.0, above.error,
                (-np.inf, 0.0), "nat",
            )
        )  # fmt: skip
    own, others = ranks(early, panel), [ranks(early, part) for part in parts]
    for share in SHARES:
        seen = within(own, panel, share)
        expected = np.array([within(one, part, share).mean for one, part in zip(others, parts, strict=True)])
        made.append(
            difference(
                "predicted intervals", f"later values within intervals of {100 * share:g} %", seen.mean,
                float(expected.mean()), _error(seen.error, expected),
                (-limits["predicted intervals"], limits["predicted intervals"]),
            )
        )  # fmt: skip
    return made


def other_devices(half: DeviceParameters, panel: Panel, limits: dict[str, float], seed: int) -> list[Row]:
    """How every second device is predicted by a device fitted to the others.

    Parameters
    ----------
    half : DeviceParameters
        Fitted to those of even number.
    panel : Panel
    limits : dict of str to float
    seed : int
        Of simulations.
    """
    even = np.arange(panel.devices) % 2 == 0
    learnt, asked = part_of(panel, even), part_of(panel, ~even)
    many = _many(asked)
    drawn = repeated_measurement(half, asked, many, seed)
    plain = _pooled(learnt)
    law = _Population.of(repeated_measurement(half, asked, max(many, 8), seed + 1))
    gain = law.scores(asked).less(_normal(asked, *plain))
    promised = np.array([
        law.scores(part).less(_normal(part, *plain)).mean
        for part in (drawn.part(k * asked.devices, (k + 1) * asked.devices) for k in range(many))
    ])  # fmt: skip
    return [
        difference(
            "prediction", "log score of other devices above one log-normal", gain.mean, float(promised.mean()),
            _error(gain.error, promised), (-np.inf, limits["prediction"]), "nat",
        )
    ]  # fmt: skip


def log_normal(panel: Panel) -> Scores:
    """Log scores of later cycles by a log-normal with each device's mean and spread in its first ones.

    Parameters
    ----------
    panel : Panel
    """
    late, logs = is_late(panel), _logs(panel)
    known = Panel(np.where(late[:, None], np.nan, logs), panel.device, panel.starts, panel.features, panel.step)
    mean, sd = (moment[panel.device] for moment in known.moments)
    found = _normal(panel, mean, np.maximum(sd, 1e-9))
    return Scores(np.where(late[:, None], found.values, np.nan), units_of(panel))


def ranks(device: DeviceParameters, panel: Panel) -> F64:
    """Probability of a value below each one, as it was predicted; 2 where the device cannot have it. Shape (rows, f).

    Parameters
    ----------
    device : DeviceParameters
    panel : Panel
    """
    found = [ndtr(prediction(device, panel, j).surprise) for j in range(len(panel.features))]
    return np.nan_to_num(np.stack(found, axis=1), nan=2.0)


def within(rank: F64, panel: Panel, share: float) -> Scores:
    """Whether later values lie within their predicted intervals: 1 or 0.

    Parameters
    ----------
    rank : ndarray, shape (rows, f)
    panel : Panel
    share : float
        Probability of the intervals.
    """
    late = is_late(panel)
    inside = np.abs(rank - 0.5) <= share / 2
    return Scores(np.where(late[:, None] & panel.present, inside, np.nan), units_of(panel))


def _many(panel: Panel) -> int:
    return int(np.clip(SCORED // max(int(panel.starts[-1]), 1), *REPEATS))


def _error(measured: float, repeats: F64) -> float:
    """Standard error of a difference: that of the measurement as simulations of it scatter, where they are enough."""
    if repeats.size >= FEW:
        return float(repeats.std(ddof=1) * np.sqrt(1 + 1 / repeats.size))
    return float(measured * np.sqrt(1 + 1 / repeats.size))


def _logs(panel: Panel) -> F64:
    """Natural logarithms of magnitudes; NaN where there are none."""
    columns = []
    for i, column in zip(panel.features, panel.values.T, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            columns.append(column * np.log(10.0) if FEATURES[i].scale == "log" else np.log(np.abs(column)))
    made = np.stack(columns, axis=1)
    return np.where(np.isfinite(made), made, np.nan)


def _pooled(panel: Panel) -> tuple[F64, F64]:
    logs = _logs(panel)
    return np.nanmean(logs, axis=0), np.maximum(np.nanstd(logs, axis=0), 1e-9)


def _normal(panel: Panel, mean: F64, sd: F64) -> Scores:
    """Log densities of values in their own scales, of normal logarithms."""
    logs = _logs(panel)
    score = -0.5 * ((logs - mean) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))
    for j, i in enumerate(panel.features):  # of log10, or of the magnitude itself
        score[:, j] += np.log(np.log(10.0)) if FEATURES[i].scale == "log" else -logs[:, j]
    return Scores(np.where(np.isfinite(score), np.maximum(score, WORST), np.nan), panel.device.astype(np.intp))


@dataclass(frozen=True)
class _Population:
    """Density of a feature over all devices and cycles, by the quantiles of a simulation; beyond them exponential."""

    at: F64  # shape (f, quantiles)

    @classmethod
    def of(cls, drawn: Panel) -> _Population:
        return cls(np.array([np.quantile(column[np.isfinite(column)], GRID) for column in drawn.values.T]))

    def scores(self, panel: Panel) -> Scores:
        """Log densities of values in their own scales."""
        found = np.full(panel.values.shape, np.nan)
        for j, (at, own) in enumerate(zip(self.at, panel.values.T, strict=True)):
            wide = np.maximum(np.diff(at), 1e-9)
            inside = np.isfinite(own)
            y = own[inside]
            place = np.clip(np.searchsorted(at, y) - 1, 0, wide.size - 1)
            beyond = np.maximum(np.maximum(at[0] - y, y - at[-1]), 0.0) / wide[place]
            found[inside, j] = np.maximum(np.log(np.diff(GRID) / wide)[place] - beyond, WORST)
        return Scores(found, panel.device.astype(np.intp))
