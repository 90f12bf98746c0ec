"""How far a device is from a measurement in numbers that an engineer uses, each with its interval and a limit.

The device is simulated as it was measured, again and again: as many devices and cycles, with the same values missing.
How the numbers scatter over these repeats is their interval.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import ndtri

from synaptogen_core import checks
from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import shown
from synaptogen_core.measurement import from_simulation, is_measurement
from synaptogen_core.schema import FEATURES, R_HRS, R_LRS
from synaptogen_core.types import F64

# Defaults: what two real lots of one technology differ by, about.
LIMITS = {"possible values": 0.0, "quantiles": 0.10, "rare quantiles": 0.20, "bit errors": 0.30, "averages": 0.15,
          "devices": 0.20, "range": 0.01}  # fmt: skip
WORDS = ("right within the limit", "wrong by more", "not known")
REPEATS = 30
CONFIDENCE = 0.95
PROBABILITIES = (0.001, 0.01, 0.5, 0.99, 0.999)
RARE = 0.005
BEYOND = 10  # values beyond a quantile, at least
FEWEST_DEVICES = 8
POSSIBLE_CELLS = 4000


def compare_numbers(
    device: DeviceParameters, data: xr.Dataset, *, limits: Mapping[str, float] | None = None, seed: int = 0
) -> xr.Dataset:
    """Compare a device with a measurement in numbers that matter for its use.

    Parameters
    ----------
    device : DeviceParameters
        Of either format, such as ``fit.device``. A break-in is in it and in the data.
    data : xarray.Dataset
        A measurement (such as ``fit.features``) or the features of a simulation.
    limits : mapping of str to float, optional
        By line (`LIMITS`), the relative error that still serves; without one, about what two lots of one technology
        differ by.
    seed : int
        Of the simulations.

    Returns
    -------
    xarray.Dataset
        On ``line``: `about` (one of `LIMITS`), `what`, `measured`, `simulated`, `error` (relative; of shares the
        share itself) with `lower` and `upper`, `limit` and `word`: "right within the limit" or "wrong by more" where
        the whole interval says so, else "not known". Attribute `uses`: a sentence for each use.

    Raises
    ------
    TypeError, ValueError
        If something is of the wrong kind, or there is no such line.
    """
    checks.instance("device", device, DeviceParameters, "use load_device")
    checks.instance("data", data, xr.Dataset, "give a measurement")
    allowed = dict(LIMITS)
    for name, value in (limits or {}).items():
        if name not in LIMITS:
            raise ValueError(f"limits: must name some of {', '.join(LIMITS)} (got {shown(name)}); correct it")
        allowed[name] = checks.number(name, value)
    panel = panel_of(data if is_measurement(data) else from_simulation(data))
    drawn = repeated_measurement(device, panel, REPEATS, seed)
    seen = _numbers(panel)
    each = [_numbers(drawn.part(k * panel.devices, (k + 1) * panel.devices)) for k in range(REPEATS)]
    rows = []
    for (about, what), value in seen.items():
        repeats = np.array([numbers[about, what] for numbers in each])
        if value > 0 and np.all(repeats > 0):
            centre, spread = np.log(repeats).mean(), np.log(repeats).std(ddof=1) * np.sqrt(1 + 1 / REPEATS)
            off, half = centre - np.log(value), float(ndtri((1 + CONFIDENCE) / 2)) * spread
            error, low, high = (float(np.expm1(x)) for x in (off, off - half, off + half))
            limit = allowed[about]
            rows.append((about, what, value, float(np.exp(centre)), error, low, high, limit, _word(low, high, limit)))
    rows.append(_possible(device, seed, allowed["possible values"]))
    rows.append(_range(device, panel, allowed["range"]))
    return _dataset(rows)


Row = tuple[str, str, float, float, float, float, float, float, str]


def _word(low: float, high: float, limit: float) -> str:
    """What an interval of a relative error says of a limit."""
    least = -limit / (1 + limit)
    if low >= least and high <= limit:
        return WORDS[0]
    return WORDS[1] if low > limit or high < least else WORDS[2]


def _numbers(panel: Panel) -> dict[tuple[str, str], float]:
    """Positive numbers of a panel, by line and name."""
    found: dict[tuple[str, str], float] = {}
    columns = {}
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
    if R_HRS in columns and R_LRS in columns:
        found["bit errors", "rate at the best threshold"] = bit_error_rate(columns[R_HRS], columns[R_LRS])
    return found


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
    both = np.concatenate([high, low])
    order = np.argsort(both)
    is_high = np.concatenate([np.ones(high.size, np.bool_), np.zeros(low.size, np.bool_)])[order]
    below = np.cumsum(is_high) / high.size  # HRS below the threshold
    above = 1 - np.cumsum(~is_high) / low.size  # LRS above it
    return float(max(((below + above) / 2).min(), 0.25 / min(high.size, low.size)))


def _possible(device: DeviceParameters, seed: int, limit: float) -> Row:
    """Share of draws that cannot be: a resistance not above zero, or a voltage of the wrong sign."""
    like = Panel(np.zeros((3 * POSSIBLE_CELLS, 4)), np.repeat(np.arange(POSSIBLE_CELLS, dtype=np.int32), 3),
                 np.arange(POSSIBLE_CELLS + 1) * 3, (0, 1, 2, 3), 1)  # fmt: skip
    values = repeated_measurement(device, like, 1, seed).values
    wrong = ~np.isfinite(values[:, 0]) | (values[:, 1] >= 0) | (values[:, 2] <= 0) | (values[:, 3] <= 0)
    there = np.isfinite(values).any(axis=1)
    share = float((wrong & there).sum() / max(there.sum(), 1))
    clipped = max(share, device.clipped_share())
    word = WORDS[0] if clipped <= limit else WORDS[1]
    return "possible values", "share of draws that cannot be", 0.0, clipped, clipped, clipped, clipped, limit, word


def _range(device: DeviceParameters, panel: Panel, limit: float) -> Row:
    """Share of measured thresholds beyond the valid range of the curves."""
    shares = [0.0]
    for j, i in enumerate(panel.features):
        if FEATURES[i].unit == "V":
            known = panel.values[np.isfinite(panel.values[:, j]), j]
            shares.append(float((np.abs(known) > device.valid_range).mean()))
    share = max(shares)
    word = WORDS[0] if share <= limit else WORDS[1]
    return "range", "share of thresholds beyond the valid range", share, 0.0, share, share, share, limit, word


def _dataset(rows: list[Row]) -> xr.Dataset:
    names = ("about", "what", "measured", "simulated", "error", "lower", "upper", "limit", "word")
    words = ("line", "what is compared", "measured", "simulated", "relative error of the device", "lower end",
             "upper end", "limit", "what the interval says")  # fmt: skip
    columns = zip(*rows, strict=True)
    data = {
        name: ("line", np.array(column), {"long_name": long_name})
        for name, long_name, column in zip(names, words, columns, strict=True)
    }
    uses = {"bit errors": ("bit errors",), "averages": ("averages",), "single values": ("quantiles",),
            "tails": ("rare quantiles",), "arrays of devices": ("devices",)}  # fmt: skip
    said = []
    for use, lines in uses.items():
        chosen = [row for row in rows if row[0] in lines]
        if chosen:
            worst = max(max(abs(row[5]), abs(row[6])) for row in chosen)
            said.append(f"{use[0].upper()}{use[1:]}: within {100 * worst:.0f} %.")
        else:
            said.append(f"{use[0].upper()}{use[1:]}: not known.")
    return xr.Dataset(data, attrs={"confidence": CONFIDENCE, "uses": " ".join(said)})
