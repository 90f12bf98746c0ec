"""The verdict on a fit in words: what it is good for, and what not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synaptogen_core.analysis.loops.screening import STATE
from synaptogen_core.analysis.validation.distances import KINDS, LEVELS, SHAPES
from synaptogen_core.counts import counted
from synaptogen_core.schema import feature

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting.fit import Fit

MOST_OUTSIDE = 0.15  # share of correlations outside bands of 95 %, which depend on each other
FAR = 2.5  # half widths of a band: no accident
STRAY = 1  # quantile outside a band that holds 95 % of whole curves: one in 20 curves leaves it
FEWEST = {"Tails": 200, "Memory": 50, "Correlations": 50}  # cycles in all: ten values beyond 5 %; as fits ask for
INDEPENDENT = 20  # cycles, one of them beyond 5 %: a walk of 300 cycles can be worth three
OF_CYCLES = {
    "Values": "Quantiles", "Tails": "Extreme values", "Cycle to cycle": "Shapes of the distributions over cycles",
    "Memory": "Autocorrelation", "Correlations": "Correlations", "Drift": "Drift",
}  # fmt: skip
FEWEST_FAILED = 0.002  # share of the cycles
MOST_WIDTH = 0.15  # of a share of variance, either way, that still tells something


@dataclass(frozen=True)
class Finding:
    """One sentence of the verdict.

    Attributes
    ----------
    about : str
        What was looked at.
    good : bool or None
        None: the measurement cannot tell.
    text : str
        The sentence.
    """

    about: str
    good: bool | None
    text: str


def findings(
    fit: Fit, marginals: xr.Dataset, distances: xr.Dataset, autocorrelation: xr.Dataset, correlations: xr.Dataset,
    held_out: xr.Dataset, failed: float,
) -> tuple[Finding, ...]:  # fmt: skip
    """The findings on a fit, the last one saying what it is good for.

    Parameters
    ----------
    fit : Fit
    marginals, distances, autocorrelation, correlations, held_out : xarray.Dataset
        As in `Validation`.
    failed : float
        Share of bad cycles in a simulation.

    Returns
    -------
    tuple of Finding
    """
    tails = marginals.where((marginals["probability"] < 0.05) | (marginals["probability"] > 0.95), drop=True)
    found = [
        _values(marginals.sel(probability=slice(0.05, 0.95)), "Values", "Quantiles from 5 to 95 %"),
        _values(tails, "Tails", "Extreme values (below 5 %, above 95 %)"),
        _apart("Cycle to cycle", distances.sel(kind=["cycle to cycle"]), "shapes of the distributions over cycles"),
        _memory(autocorrelation),
        _correlations(correlations.sel(kind=["within devices", "one cycle later"])),
        _apart("Device to device", distances.sel(kind=list(LEVELS)), "means and spreads of devices"),
        _later(held_out),
        _others(held_out),
        _drift(fit.devices),
        *_shapes(distances),
        *_failed(fit, failed),
    ]
    counts = [int(np.isfinite(fit.features[str(name)].values).sum()) for name in distances["feature"].values]
    next_one = autocorrelation["measured"].isel(lag=slice(1, 2)).fillna(0).clip(0, 1).sum("lag").values
    worth = float((counts * (1 - next_one) / (1 + next_one)).min())
    found = [_unless_few(finding, min(counts), worth) for finding in found]
    return (*found, summary({f.about: f.good for f in found}))


def _unless_few(finding: Finding, cycles: int, worth: float) -> Finding:
    """What so few cycles do not contradict is not thereby good: their bands are as wide as anything."""
    fewest = max(FEWEST.get(finding.about, 0), INDEPENDENT if finding.about in OF_CYCLES else 0)
    if finding.good and cycles < fewest:
        few = f"{cycles} cycles in total are too few; {fewest} would do."
    elif finding.good and finding.about in OF_CYCLES and worth < INDEPENDENT:
        few = f"{cycles:,} cycles, each so much like the one before that they are worth {worth:.0f} independent ones, "
        few += f"are too few; {INDEPENDENT} would do."
    else:
        return finding
    return Finding(finding.about, None, f"{OF_CYCLES[finding.about]}: {few}")


def _values(marginals: xr.Dataset, about: str, where: str) -> Finding:
    bad = _leaving(marginals, "probability")
    if bad:
        return Finding(about, False, f"{where} of {_list(bad)} leave the measurement's 95 % band.")
    return Finding(about, True, f"{where} lie in the measurement's 95 % band.")


def _leaving(curves: xr.Dataset, along: str) -> list[str]:
    """Symbols of the features whose fitted curve leaves its band."""
    outside = (curves["fitted"] < curves["lower"]) | (curves["fitted"] > curves["upper"])
    count = outside.sum(along)
    return [_symbol(str(name)) for name in curves["feature"].values if int(count.sel(feature=name)) > STRAY]


def _apart(about: str, distances: xr.Dataset, what: str) -> Finding:
    ratio = distances["distance"] / distances["expected"]
    if not np.isfinite(ratio).any():
        return Finding(about, None, f"Too few devices to compare {what}.")
    worst = ratio.where(np.isfinite(ratio), -1.0)
    at = worst.argmax(("kind", "feature"))
    place = worst.isel(at)
    distance, expected = (float(distances[name].isel(at)) for name in ("distance", "expected"))
    name, subject = _symbol(str(place["feature"].values)), f"{what[0].upper()}{what[1:]}"
    where = f"{name}, distance {distance:.3f} where sampling alone gives {expected:.3f}"
    if float(place) <= 1:
        return Finding(about, True, f"{subject} agree within sampling error (farthest: {where}).")
    if float(place) <= distances.attrs["tolerated"]:
        return Finding(about, True, f"{subject} agree nearly within sampling error (farthest: {where}).")
    return Finding(about, False, f"{subject} differ by more than sampling error ({where}).")


def _shapes(distances: xr.Dataset) -> list[Finding]:
    """Skews and tails of each device's own: a line where there are any, which no class of device has."""
    found = _apart("Shapes of devices", distances.sel(kind=list(SHAPES)), "skews and tails of devices")
    return [found] if found.good is False else []


def _memory(autocorrelation: xr.Dataset) -> Finding:
    part = autocorrelation.isel(lag=slice(1, None))
    bad = _leaving(part, "lag")
    last = int(part["lag"].max())
    if bad:
        text = f"The autocorrelation of {_list(bad)} up to lag {last} leaves the 95 % band: try a higher order."
        return Finding("Memory", False, text)
    return Finding("Memory", True, f"The autocorrelation up to lag {last} lies in the measurement's 95 % band.")


def _correlations(correlations: xr.Dataset) -> Finding:
    names = [str(name) for name in correlations["feature"].values]
    if len(names) == 1:
        return Finding("Correlations", None, "One feature has no correlation with another.")
    half = (correlations["upper"] - correlations["lower"]) / 2
    away = abs(correlations["fitted"] - (correlations["upper"] + correlations["lower"]) / 2) / half
    pairs = [("within devices", i, j) for i in range(len(names)) for j in range(i)]
    pairs += [("one cycle later", i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
    far = {pair: float(away.sel(kind=pair[0])[pair[1], pair[2]]) for pair in pairs}
    outside = [pair for pair, distance in far.items() if distance > 1]
    named = [f"{_symbol(names[i])} with {_symbol(names[j])} {kind}" for kind, i, j in outside]
    if len(outside) > max(1, MOST_OUTSIDE * len(pairs)) or max(far.values()) > FAR:
        return Finding("Correlations", False, f"Correlations leave their 95 % bands: {_list(named)}.")
    if outside:
        text = f"Correlations lie in their 95 % bands, but for {_list(named)}: of {len(pairs)} bands some are missed."
        return Finding("Correlations", True, text)
    return Finding("Correlations", True, "Correlations of features, and one cycle later, lie in their 95 % bands.")


def _later(held_out: xr.Dataset) -> Finding:
    skill = held_out["skill"]
    if not np.isfinite(skill).all():
        return Finding("Later cycles", None, f"Not tested: {held_out.attrs['cycles']}.")
    low, high, expected = (held_out[f"skill_{name}"] for name in ("lower", "upper", "expected"))
    width = (high - low) / 2
    bad = (expected < low - width) | (expected > high + width)
    shares = ", ".join(
        f"{_symbol(str(name))} {_percent(skill.sel(feature=name))} "
        f"({_percent(expected.sel(feature=name))} expected)" for name in skill["feature"].values
    )  # fmt: skip
    if float(width.max()) > MOST_WIDTH:
        return Finding("Later cycles", None, f"Too few held-out cycles for a verdict. Variance explained: {shares}.")
    if bool(bad.any()):
        return Finding("Later cycles", False, f"Held-out cycles are not predicted as the fit expects: {shares}.")
    return Finding("Later cycles", True, f"Held-out cycles are predicted as the fit expects: {shares} of variance.")


def _others(held_out: xr.Dataset) -> Finding:
    if "distance" not in held_out:
        return Finding("Other devices", None, f"Not tested: {held_out.attrs['devices']}.")
    found = held_out[["distance", "expected"]].sel(kind=list(KINDS[:3]))
    return _apart("Other devices", found, "devices held back and a fit of the others")


def _drift(devices: xr.Dataset) -> Finding:
    if "trend_q" not in devices or not np.isfinite(devices["trend_q"]).any():
        return Finding("Drift", None, "Too few cycles to test for drift.")
    most = devices.attrs["drift_q"]
    trend, jump = (devices[f"{kind}_q"] < most for kind in ("trend", "jump"))
    moving = trend | jump
    size = abs(devices["trend"].where(~jump | (devices["trend_p"] < devices["jump_p"]), devices["jump"]))
    count, total = int(moving.any("feature").sum()), devices.sizes["device"]
    if count:
        typical = size.where(moving).median("device")
        named = [f"{_symbol(str(name))} by {float(typical.sel(feature=name)):.1f}" for name in devices["feature"].values
                 if bool(moving.sel(feature=name).any())]  # fmt: skip
        moves = "drifts or jumps" if count == 1 else "drift or jump"
        sizes = f"{_list(named)} standard deviations"
        text = f"{count} of {counted(total, 'device')} {moves} ({sizes}): drift looks like long memory."
        return Finding("Drift", False, text)
    return Finding("Drift", True, "No device drifts or jumps by more than its memory explains.")


def _failed(fit: Fit, drawn: float) -> list[Finding]:
    """Cycles in which devices that switch did not: a line where there are more of them than the fit draws."""
    about, extension = "Failed cycles", fit.device.extension
    if extension is not None and extension.stuck is not None:
        return [Finding(about, True, "Devices stop switching for some cycles, as often and as long as was measured.")]
    healthy = fit.devices["state"].values == STATE["healthy"]
    failed, cycles = (fit.devices[name].values[healthy] for name in ("failed", "cycles"))
    share, error = failed.sum() / cycles.sum(), failed.std() * np.sqrt(failed.size) / cycles.sum()
    if share - drawn < max(FAR * error, FEWEST_FAILED):
        return []
    text = (
        f"{100 * share:.2g} % of the cycles failed, in simulations {100 * drawn:.2g} %: the device does not draw them."
    )
    return [Finding(about, False, text)]


def summary(good: dict[str, bool | None]) -> Finding:
    """What a fit is good for, as the lines say: nothing that one of them finds not good."""
    uses = {
        "values of single cycles": ("Values", "Cycle to cycle"),
        "rare values": ("Tails",),
        "sequences of cycles": ("Memory", "Correlations", "Later cycles", "Drift", "Failed cycles"),
        "arrays of many devices": ("Device to device", "Other devices"),
        "tails of single devices": ("Shapes of devices",),
    }
    fine: list[str] = []
    poor: list[str] = []
    unknown: list[str] = []
    for use, needs in uses.items():
        states = [good[need] for need in needs if need in good]
        if not states:
            continue
        place = poor if False in states else unknown if all(state is None for state in states) else fine
        place.append(use)
    parts = [
        f"{word} {_list(names)}"
        for word, names in (("Good for", fine), ("not good for", poor), ("nothing known about", unknown))
        if names
    ]
    text = "; ".join(parts)
    return Finding("Verdict", False if poor else True if fine else None, f"{text[0].upper()}{text[1:]}.")


def _percent(share: xr.DataArray) -> str:
    return f"{round(100 * float(share))} %"


def _symbol(name: str) -> str:
    return feature(name).symbol


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
