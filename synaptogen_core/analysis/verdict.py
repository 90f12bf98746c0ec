"""The verdict on a fit in words: what it is good for, and what not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synaptogen_core.schema import feature

if TYPE_CHECKING:
    from synaptogen_core.analysis.learning import Fit

TOLERATED = 1.5  # times what sampling alone gives: a difference that is there, and is small
OUTSIDE = 0.15  # share of points outside a 95 % band that dependent points may have
STRAY = 1  # quantile outside a band that holds 95 % of whole curves: one in 20 curves leaves it
MOST_WIDTH = 0.15  # of a share of variance, either way, that still tells something
DRIFT = 0.01  # false discovery rate


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
    held_out: xr.Dataset,
) -> tuple[Finding, ...]:  # fmt: skip
    """The findings on a fit, the last one saying what it is good for."""
    tails = marginals.where((marginals["probability"] < 0.05) | (marginals["probability"] > 0.95), drop=True)
    found = [
        _values(marginals.sel(probability=slice(0.05, 0.95)), "Values", "Quantiles from 5 to 95 %"),
        _values(tails, "Tails", "Quantiles below 5 and above 95 %"),
        _apart("Cycle to cycle", distances.sel(kind=["cycle to cycle"]), "shapes of the distributions over cycles"),
        _memory(autocorrelation),
        _correlations(correlations.sel(kind=["within devices", "one cycle later"])),
        _apart("Device to device", distances.sel(kind=["device means", "device spreads"]), "spread between devices"),
        _later(held_out),
        _others(held_out),
        _drift(fit.devices),
    ]
    return (*found, _summary({f.about: f.good for f in found}))


def _values(marginals: xr.Dataset, about: str, where: str) -> Finding:
    outside = (marginals["fitted"] < marginals["lower"]) | (marginals["fitted"] > marginals["upper"])
    count = outside.sum("probability")
    bad = [_symbol(str(name)) for name in marginals["feature"].values if int(count.sel(feature=name)) > STRAY]
    if bad:
        return Finding(about, False, f"{where} of {_list(bad)} leave the measurement's 95 % band.")
    return Finding(about, True, f"{where} lie in the measurement's 95 % band.")


def _apart(about: str, distances: xr.Dataset, what: str) -> Finding:
    ratio = distances["distance"] / distances["expected"]
    if not np.isfinite(ratio).any():
        return Finding(about, None, f"Too few devices to compare the {what}.")
    worst = ratio.where(np.isfinite(ratio), -1.0)
    at = worst.argmax(("kind", "feature"))
    place = worst.isel(at)
    distance, expected = (float(distances[name].isel(at)) for name in ("distance", "expected"))
    where = (
        f"{_symbol(str(place['feature'].values))}, distance {distance:.3f} where sampling alone gives {expected:.3f}"
    )
    if float(place) <= 1:
        return Finding(about, True, f"The {what} agree within sampling error (farthest: {where}).")
    if float(place) <= TOLERATED:
        return Finding(about, True, f"The {what} agree nearly within sampling error (farthest: {where}).")
    return Finding(about, False, f"The {what} differ by more than sampling error ({where}).")


def _memory(autocorrelation: xr.Dataset) -> Finding:
    part = autocorrelation.isel(lag=slice(1, None))
    outside = (part["fitted"] < part["lower"]) | (part["fitted"] > part["upper"])
    share = outside.mean("lag")
    bad = [_symbol(name) for name in part["feature"].values if float(share.sel(feature=name)) > 2 * OUTSIDE]
    last = int(part["lag"].max())
    if bad:
        return Finding("Memory", False, f"The autocorrelation of {_list(bad)} up to lag {last} leaves the 95 % band.")
    return Finding("Memory", True, f"The autocorrelation up to lag {last} lies in the measurement's 95 % band.")


def _correlations(correlations: xr.Dataset) -> Finding:
    outside = (correlations["fitted"] < correlations["lower"]) | (correlations["fitted"] > correlations["upper"])
    if correlations.sizes["feature"] == 1:
        return Finding("Correlations", None, "One feature has no correlation with another.")
    share = float(outside.mean())
    if share > OUTSIDE:
        return Finding("Correlations", False, f"{100 * share:.0f} % of the correlations of features leave the band.")
    return Finding("Correlations", True, "The correlations of features, and one cycle later, lie in the 95 % band.")


def _later(held_out: xr.Dataset) -> Finding:
    skill = held_out["skill"]
    if not np.isfinite(skill).all():
        return Finding("Later cycles", None, f"Not tested: {held_out.attrs['cycles']}.")
    low, high, expected = (held_out[f"skill_{name}"] for name in ("lower", "upper", "expected"))
    width = (high - low) / 2
    bad = (expected < low - width) | (expected > high + width)
    shares = ", ".join(
        f"{_symbol(str(name))} {100 * float(skill.sel(feature=name)):.0f} % "
        f"({100 * float(expected.sel(feature=name)):.0f} % expected)" for name in skill["feature"].values
    )  # fmt: skip
    if float(width.max()) > MOST_WIDTH:
        return Finding("Later cycles", None, f"Cycles held back are too few to tell: {shares} of variance predicted.")
    if bool(bad.any()):
        return Finding("Later cycles", False, f"Cycles held back are not predicted as the fit expects: {shares}.")
    return Finding("Later cycles", True, f"Cycles held back are predicted as the fit expects: {shares} of variance.")


def _others(held_out: xr.Dataset) -> Finding:
    if "distance" not in held_out:
        return Finding("Other devices", None, f"Not tested: {held_out.attrs['devices']}.")
    found = _apart("Other devices", held_out[["distance", "expected"]], "devices held back and a fit of the others")
    return found


def _drift(devices: xr.Dataset) -> Finding:
    if "trend_q" not in devices or not np.isfinite(devices["trend_q"]).any():
        return Finding("Drift", None, "Too few cycles to test for drift.")
    moving = (devices["trend_q"] < DRIFT) | (devices["jump_q"] < DRIFT)
    count, total = int(moving.any("feature").sum()), devices.sizes["device"]
    if count:
        names = [_symbol(str(n)) for n in devices["feature"].values if bool(moving.sel(feature=n).any())]
        return Finding(
            "Drift", False, f"{count} of {total} devices drift or jump ({_list(names)}): drift looks like long memory."
        )
    return Finding("Drift", True, "No device drifts or jumps by more than its memory explains.")


def _summary(good: dict[str, bool | None]) -> Finding:
    uses = {
        "values of single cycles": ("Values", "Cycle to cycle"),
        "rare values": ("Tails",),
        "sequences of cycles": ("Memory", "Correlations", "Later cycles"),
        "arrays of many devices": ("Device to device",),
    }
    fine: list[str] = []
    poor: list[str] = []
    unknown: list[str] = []
    for use, needs in uses.items():
        states = [good[need] for need in needs]
        place = poor if False in states else unknown if all(state is None for state in states) else fine
        place.append(use)
    parts = [
        f"{word} {_list(names)}"
        for word, names in (("Good for", fine), ("not good for", poor), ("nothing known about", unknown))
        if names
    ]
    text = "; ".join(parts)
    return Finding("Verdict", not poor if fine else False, f"{text[0].upper()}{text[1:]}.")


def _symbol(name: str) -> str:
    return feature(name).symbol


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
