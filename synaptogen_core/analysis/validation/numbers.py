"""Numbers of a measurement that matter for its use: quantiles, bit errors, averages over cycles, spreads of devices."""

from __future__ import annotations

import numpy as np

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.schema import FEATURES, R_HRS, R_LRS
from synaptogen_core.types import F64

PROBABILITIES = (0.001, 0.01, 0.5, 0.99, 0.999)
RARE = 0.005
BEYOND = 10  # values beyond a quantile, at least
MOST_ERRORS = 0.01  # of a device's bits
FEWEST_DEVICES = 8
SHAPE = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
SHAPED = 100  # cycles of each device, to tell its shape
RATE = "rate at the best threshold"


def numbers_of(panel: Panel) -> dict[tuple[str, str], float]:
    """Positive numbers of a panel, by line and name.

    Parameters
    ----------
    panel : Panel
    """
    found: dict[tuple[str, str], float] = {}
    columns, shapes = {}, shapes_of(panel)
    for j, i in enumerate(panel.features):
        values = panel.values[:, j]
        size = 10.0**values if FEATURES[i].scale == "log" else np.abs(values)
        known = size[np.isfinite(size)]
        columns[i] = known
        for p in PROBABILITIES:
            if min(p, 1 - p) * known.size >= BEYOND:
                about = "rare quantiles" if min(p, 1 - p) < RARE else "quantiles"
                found[about, f"{100 * p:g} % of {FEATURES[i].symbol}"] = float(np.quantile(known, p))
        for cycles in sorted({10, int(np.diff(panel.starts).min() - 1) // 4}):
            spread = _spread_of_means(panel, j, cycles)
            if spread is not None:
                found["averages", f"sd of means of {cycles} cycles of {FEATURES[i].symbol}"] = spread
        if panel.devices >= FEWEST_DEVICES:
            mean, sd = (moment[:, j] for moment in panel.moments)
            found["devices", f"spread of the devices' means of {FEATURES[i].symbol}"] = _width(mean)
            found["devices", f"spread of the devices' spreads of {FEATURES[i].symbol}"] = _width(np.log(sd + 1e-12))
            for shape, values in zip(("skews", "tails"), shapes, strict=True):
                if np.isfinite(values[:, j]).all():
                    found["devices", f"spread of the devices' {shape} of {FEATURES[i].symbol}"] = _width(values[:, j])
    if R_HRS in columns and R_LRS in columns:
        found["bit errors", RATE] = bit_error_rate(columns[R_HRS], columns[R_LRS])
        if panel.devices >= FEWEST_DEVICES:
            share = _poor_devices(panel, best_threshold(columns[R_HRS], columns[R_LRS]))
            found["bit errors", f"devices with more than {100 * MOST_ERRORS:g} % of errors"] = share
    return found


def quantity_of(about: str, what: str) -> str:
    """In what a number of a panel is: "ohm", "V", "share", or nothing.

    Parameters
    ----------
    about, what : str
    """
    if about == "bit errors":
        return "share"
    units = [f.unit for f in FEATURES if what.endswith(f" % of {f.symbol}")]
    return units[0] if units else ""


def is_told(panel: Panel, what: str, value: float) -> bool:
    """Whether a number of a panel is more than a few errors among its bits.

    Parameters
    ----------
    panel : Panel
    what : str
    value : float
    """
    return what != RATE or value * int(panel.counts.sum(axis=0).min()) >= BEYOND


def _poor_devices(panel: Panel, threshold: float) -> float:
    """Share of devices with more bit errors than may be, at the threshold [ohm] of all."""
    wrong, total = np.zeros(panel.devices), np.zeros(panel.devices)
    for i, is_high in ((R_HRS, True), (R_LRS, False)):
        column = panel.values[:, panel.features.index(i)]
        size = 10.0**column if FEATURES[i].scale == "log" else column
        known = np.isfinite(size)
        off = known & ((size < threshold) == is_high)
        wrong += np.bincount(panel.device, off, panel.devices)
        total += np.bincount(panel.device, known, panel.devices)
    return float((wrong > MOST_ERRORS * total).mean())


def shapes_of(panel: Panel) -> tuple[F64, F64]:
    """Skew of each device, and how far its tails reach, by quantiles of ln |value|.

    Parameters
    ----------
    panel : Panel
        With f features.

    Returns
    -------
    skews, tails : ndarray, shape (devices, f)
        NaN of a feature that some device has in fewer than `SHAPED` cycles.
    """
    skews, tails = (np.full((panel.devices, len(panel.features)), np.nan) for _ in range(2))
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    wide = np.empty((panel.devices, int(np.diff(panel.starts).max())))
    for j, i in enumerate(panel.features):
        if panel.counts[:, j].min() < SHAPED:
            continue
        own = panel.values[:, j]
        wide.fill(np.nan)
        with np.errstate(divide="ignore"):
            wide[panel.device, place] = own if FEATURES[i].scale == "log" else np.log(np.abs(own))
        wide[~np.isfinite(wide)] = np.nan
        wide.sort(axis=1)  # NaN last
        at = np.multiply.outer(SHAPE, np.isfinite(wide).sum(axis=1) - 1)
        low = at.astype(np.intp)
        below, above = (np.take_along_axis(wide, k.T, axis=1).T for k in (low, np.ceil(at).astype(np.intp)))
        q = below + (at - low) * (above - below)
        skews[:, j] = (q[5] + q[1] - 2 * q[3]) / np.maximum(q[5] - q[1], 1e-12)
        tails[:, j] = np.log(np.maximum(q[6] - q[0], 1e-12) / np.maximum(q[4] - q[2], 1e-12))
    return skews, tails


def _width(values: F64) -> float:
    """Half the distance of the 84 and the 16 % quantiles."""
    low, high = np.quantile(values, (0.16, 0.84))
    return float(max((high - low) / 2, 1e-12))


def _spread_of_means(panel: Panel, column: int, cycles: int) -> float | None:
    """Standard deviation, within devices, of means of successive cycles (of ln |value|); None for too few of them."""
    values = panel.values[:, column]
    logs = values * np.log(10.0) if FEATURES[panel.features[column]].scale == "log" else np.log(np.abs(values))
    squares, number = 0.0, 0
    for first, last in zip(panel.starts[:-1], panel.starts[1:] - 1, strict=True):
        pieces = (last - first) // max(cycles, 1)
        if cycles < 2 or pieces < 3:
            continue
        with np.errstate(invalid="ignore"):
            means = logs[first : first + pieces * cycles].reshape(pieces, cycles).mean(axis=1)
        means = means[np.isfinite(means)]
        if means.size >= 3:
            squares += float(((means - means.mean()) ** 2).sum())
            number += means.size - 1
    return float(np.sqrt(squares / number)) if number >= 3 and squares > 0 else None


def bit_error_rate(high: F64, low: F64) -> float:
    """Share of wrong bits at the threshold that makes it least, both states equally likely.

    Parameters
    ----------
    high, low : ndarray
        Resistances in HRS and in LRS [ohm].

    Returns
    -------
    float
        At least half an error in all values.
    """
    _, wrong = _errors(high, low)
    return float(max(wrong.min(), 0.25 / min(high.size, low.size)))


def best_threshold(high: F64, low: F64) -> float:
    """Where the bit error rate is least [ohm]: values up to it count as LRS.

    Parameters
    ----------
    high, low : ndarray
        Resistances in HRS and in LRS [ohm].
    """
    places, wrong = _errors(high, low)
    return float(places[wrong.argmin()])


def _errors(high: F64, low: F64) -> tuple[F64, F64]:
    """Possible thresholds, and the share of wrong bits at each."""
    both = np.concatenate([high, low])
    order = np.argsort(both)
    is_high = np.concatenate([np.ones(high.size, np.bool_), np.zeros(low.size, np.bool_)])[order]
    below = np.cumsum(is_high) / high.size  # HRS below the threshold
    above = 1 - np.cumsum(~is_high) / low.size  # LRS above it
    return both[order], (below + above) / 2
