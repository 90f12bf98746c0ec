"""How far a device is from a measurement in numbers that an engineer uses, each with its interval and a limit.

The device is simulated as it was measured, again and again: as many devices and cycles, with the same values missing.
How the numbers scatter over these repeats is their interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.analysis.fitting.fit import Fit
from synaptogen_core.analysis.staged.cycles import some_devices
from synaptogen_core.analysis.staged.stuck import without_runs
from synaptogen_core.analysis.validation import predicted, steady
from synaptogen_core.analysis.validation.held_out import Refits, refits
from synaptogen_core.analysis.validation.numbers import FEWEST_DEVICES, is_told, numbers_of, quantity_of
from synaptogen_core.analysis.validation.rows import CONFIDENCE, Row, difference, relative
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import shown
from synaptogen_core.measurement import from_simulation, is_measurement
from synaptogen_core.schema import FEATURES

# Defaults: what two real lots of one technology differ by, about.
LIMITS = MappingProxyType({
    "possible values": 0.0, "quantiles": 0.10, "rare quantiles": 0.20, "bit errors": 0.30, "averages": 0.15,
    "devices": 0.20, "prediction": 0.10, "predicted intervals": 0.05, "steadiness": 0.05, "break-in": 0.25,
    "range": 0.01,
})  # fmt: skip
MOST = 400_000  # cycles that are compared: a part of the devices tells enough
SIMULATED = 4_000_000  # cycles, about
REPEATS = (8, 30)
EDGES = (0.01, 0.99)  # of the population of devices
POSSIBLE_CELLS = 4000
NEVER = 1e-6  # of draws: what is rarer hardly occurs in an array


def compare_numbers(
    of: Fit | DeviceParameters,
    data: xr.Dataset | None = None,
    *,
    limits: Mapping[str, float] | None = None,
    refitted: Refits | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Compare a device with a measurement in numbers that matter for its use.

    Parameters
    ----------
    of : Fit or DeviceParameters
        Of either format. A break-in is in it and in the data. Of a fit, prediction is judged by what it makes of the
        first 70 % of the cycles, and of every second device; a device alone has seen what it is to predict.
    data : xarray.Dataset, optional
        A measurement or the features of a simulation; of a fit its own.
    limits : mapping of str to float, optional
        By line (`LIMITS`), the error that still serves: relative, of shares the share itself, of prediction the log
        score a value; without one, about what two lots of one technology differ by.
    refitted : Refits, optional
        What `validate` has fitted to parts of the measurement; without it, it is fitted.
    seed : int
        Of the simulations.

    Returns
    -------
    xarray.Dataset
        On ``line``: `about` (one of `LIMITS`), `what`, `measured`, `simulated`, `error` with `lower` and `upper`,
        `unit` of these ("%"; "nat": log score a value; "σ"), `quantity` (what is compared is in), `limit` and `word`:
        "right within the limit" or "wrong by more" where the whole interval says so, else "not known". Attribute
        `uses`: a sentence for each use.

    Raises
    ------
    TypeError, ValueError
        If something is of the wrong kind, or there is no such line.
    """
    fit = of if isinstance(of, Fit) else None
    device: DeviceParameters = checks.instance("of", fit.device if fit else of, DeviceParameters, "or give a fit")
    device = without_runs(device)
    given: xr.Dataset = checks.instance("data", fit.features if fit and data is None else data, xr.Dataset, "give one")
    allowed = LIMITS | checked_limits(limits or {})
    measured = given if is_measurement(given) else from_simulation(given)
    panel = some_devices(panel_of(measured), MOST)
    repeats = int(np.clip(SIMULATED // max(int(panel.starts[-1]), 1), *REPEATS))
    drawn = repeated_measurement(device, panel, repeats, seed)
    each = [drawn.part(k * panel.devices, (k + 1) * panel.devices) for k in range(repeats)]
    seen, simulated = numbers_of(panel), [numbers_of(one) for one in each]
    rows = []
    for (about, what), value in seen.items():
        again = np.array([numbers.get((about, what), np.nan) for numbers in simulated])
        if value > 0 and np.all(again > 0) and is_told(panel, what, max(value, float(np.median(again)))):
            rows.append(relative(about, what, value, again, allowed[about], quantity_of(about, what)))
    rows += _beyond(panel, each, allowed["devices"])
    if fit is not None and refitted is None:
        refitted = refits(fit, measured)
    early = refitted.early.device if refitted and refitted.early else device if fit is None else None
    if early is not None:
        template = fit.again["template"] if fit is not None else None
        rows += predicted.later_cycles(early, template, panel, allowed, seed + 1)
    if refitted is not None and refitted.half is not None:
        rows += predicted.other_devices(refitted.half.device, panel, allowed, seed + 2)
    report = fit.devices if fit is not None else None
    rows += steady.drifting(device, report, panel, allowed["steadiness"], seed + 3)
    rows += steady.first_cycles(device, panel, allowed["break-in"], seed + 4)
    rows.append(_possible(device, seed, allowed["possible values"]))
    rows.append(_range(device, panel, allowed["range"]))
    return _dataset(rows)


def checked_limits(limits: Mapping[str, float]) -> dict[str, float]:
    """The limits of `compare_numbers`, each of a line that there is, and not below 0.

    Parameters
    ----------
    limits : mapping of str to float

    Returns
    -------
    dict

    Raises
    ------
    ValueError, TypeError
        If one is of no line, or no such number.
    """
    for name, value in checks.instance("limits", limits, Mapping, "give {name: limit}").items():
        if name not in LIMITS:
            raise ValueError(f"limits: must name some of {', '.join(LIMITS)} (got {shown(name)}); correct it")
        if checks.number(name, value) < 0:
            raise ValueError(f"limits: {name} must not be below 0 (got {value:g}); give an error that still serves")
    return dict(limits)


def limits_said(texts: Iterable[str]) -> dict[str, float]:
    """Limits out of texts such as "quantiles=0.05" or "bit errors = 50 %".

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    dict
        As `checked_limits`.

    Raises
    ------
    ValueError
        If a text has no number, or names no line.
    """
    found = {}
    for text in texts:
        line, _, said = text.partition("=")
        number, percent = said.strip().removesuffix("%").strip(), said.strip().endswith("%")
        try:
            found[line.strip()] = float(number) / (100 if percent else 1)
        except ValueError:
            raise ValueError(f"limits: must read line=error (got {shown(text)}); write quantiles=5%") from None
    return checked_limits(found)


def _beyond(panel: Panel, each: Sequence[Panel], limit: float) -> list[Row]:
    """Share of devices whose mean lies beyond the 1 and the 99 % of the population."""
    if panel.devices < FEWEST_DEVICES:
        return []
    rows = []
    for j, i in enumerate(panel.features):
        means = np.array([one.moments[0][:, j] for one in each])
        low, high = np.quantile(means, EDGES)
        shares = ((means < low) | (means > high)).mean(axis=1)
        own = panel.moments[0][:, j]
        what = f"devices beyond 1 and 99 % of the population, by the mean of {FEATURES[i].symbol}"
        measured = float(((own < low) | (own > high)).mean())
        error = float(shares.std(ddof=1) * np.sqrt(1 + 1 / len(each)))
        rows.append(difference("devices", what, measured, float(shares.mean()), error, (-limit, limit)))
    return rows


def _possible(device: DeviceParameters, seed: int, limit: float) -> Row:
    """Share of draws that cannot be: a resistance not above zero, or a voltage of the wrong sign."""
    like = Panel(np.zeros((3 * POSSIBLE_CELLS, 4)), np.repeat(np.arange(POSSIBLE_CELLS, dtype=np.int32), 3),
                 np.arange(POSSIBLE_CELLS + 1) * 3, (0, 1, 2, 3), 1)  # fmt: skip
    values = repeated_measurement(device, like, 1, seed).values
    wrong = ~np.isfinite(values[:, 0]) | (values[:, 1] >= 0) | (values[:, 2] <= 0) | (values[:, 3] <= 0)
    there = np.isfinite(values).any(axis=1)
    share = max(float((wrong & there).sum() / max(there.sum(), 1)), device.clipped_share())
    share = share if share > NEVER else 0.0
    return difference("possible values", "share of draws that cannot be", 0.0, share, 0.0, (-limit, limit))


def _range(device: DeviceParameters, panel: Panel, limit: float) -> Row:
    """Share of measured thresholds beyond the valid range of the curves."""
    shares = [0.0]
    for j, i in enumerate(panel.features):
        if FEATURES[i].unit == "V":
            known = panel.values[np.isfinite(panel.values[:, j]), j]
            shares.append(float((np.abs(known) > device.valid_range).mean()))
    return difference("range", "share of thresholds beyond the valid range", max(shares), 0.0, 0.0, (-limit, limit))


USES = {"bit errors": ("bit errors",), "averages": ("averages",), "single values": ("quantiles",),
        "tails": ("rare quantiles",), "arrays of devices": ("devices",), "sequences": ("prediction",)}  # fmt: skip


def _dataset(rows: list[Row]) -> xr.Dataset:
    words = ("line", "what is compared", "measured", "simulated", "error of the device", "lower end", "upper end",
             "limit", "what the interval says", "unit of the error", "quantity")  # fmt: skip
    data = {
        name: ("line", np.array(column), {"long_name": long_name})
        for name, long_name, column in zip(Row._fields, words, zip(*rows, strict=True), strict=True)
    }
    said = []
    for use, lines in USES.items():
        ends = [max(-row.lower, row.upper) if np.isfinite(row.limit) and row.unit == "%" else row.upper
                for row in rows if row.about in lines and np.isfinite(row.lower)]  # fmt: skip
        title = f"{use[0].upper()}{use[1:]}"
        if not ends:
            said.append(f"{title}: not known.")
        elif use == "sequences":
            said.append(f"{title}: within {max(*ends, 0.0):.2f} nat a value of the log score that it promises.")
        else:
            said.append(f"{title}: within {100 * max(ends):.0f} %.")
    return xr.Dataset(data, attrs={"confidence": CONFIDENCE, "uses": " ".join(said)})
