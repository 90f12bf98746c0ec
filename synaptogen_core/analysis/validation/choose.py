"""Which class of device a measurement asks for: the published one, unless format 2 predicts better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import xarray as xr
from scipy.special import stdtrit

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.fitting.fit import Fit, check_options, fit
from synaptogen_core.analysis.staged.fit_extended import fit_extended
from synaptogen_core.analysis.validation.lines import compare_numbers
from synaptogen_core.analysis.validation.rows import WORDS
from synaptogen_core.analysis.validation.scores import compare
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import NeedsExtended, reason_of
from synaptogen_core.progress import Cancel, Progress, part_of

SURE, SURELY_WORSE = 0.9985, 0.02  # probability of a gain in log score
NOT_ASKED = ("possible values", "range")  # lines that hardly tell the classes apart: of rare draws, of the curves


class Choice(NamedTuple):
    """A fit, and why it is of its class.

    Attributes
    ----------
    fit : Fit
    reason : str
        A sentence.
    """

    fit: Fit
    reason: str


def choose(
    ds: xr.Dataset,
    template: DeviceParameters,
    *,
    name: str,
    curves: Curves | None = None,
    devices: xr.Dataset | None = None,
    published: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    intervals: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Choice:
    """Fit both classes of device, and keep the published one unless format 2 is the better by prediction or simulation.

    Both are fitted to the first 70 % of every device's cycles and predict the others (`compare`). Format 2 is kept
    where its log score is surely better (once in 700 cases by chance); where that says neither, and simulations of it
    are wrong in fewer numbers (`compare_numbers`), by two at least if it predicts rather worse, as one of fifty numbers
    may be wrong by chance; and where there is too little for the published class.

    Parameters
    ----------
    ds, template, name, curves, devices, confidence, intervals, seed
        As for `fit`.
    published : mapping, optional
        Further arguments of `fit`, such as its order.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule, or there is too little to learn from.
    Cancelled
        If `cancel` said so.
    """
    both: dict[str, Any] = {"name": name, "curves": curves, "devices": devices, "confidence": confidence, "seed": seed,
                            "cancel": cancel, "intervals": intervals}  # fmt: skip
    check_options(**(published or {}))  # before the fit of the other class
    first, second = (part_of(progress, *ends) for ends in ((0.0, 0.4), (0.4, 0.8)))
    extended = fit_extended(ds, template, **both, progress=first)
    try:
        old = fit(ds, template, **both, **(published or {}), progress=second)
    except NeedsExtended as few:
        asked = str(few).partition("; ")[0].removeprefix("ds: ")
        return _said(extended, f"Format 2, with wide intervals, as the published class asks for more: {asked}.")
    try:
        found = compare([old, extended], old.features)
    except NeedsExtended:  # of the first cycles alone
        return _said(extended, "Format 2, as there are too few cycles to hold some back and compare the classes.")
    except ValueError as refused:
        return _said(extended, f"Format 2, as the first cycles alone do not suffice: {reason_of(refused)}.")
    if progress is not None:
        progress(1.0)
    gain, error = (float(found[what].values[1]) for what in ("gain", "error"))
    better, worse = (error * float(stdtrit(max(int(found["units"]) - 1, 1), p)) for p in (SURE, SURELY_WORSE))
    word = "better" if gain > 0 else "worse"
    said = f"format 2 predicts later cycles {word} by {abs(gain):.3f} ± {error:.3f} nat a value"
    if gain > better:
        return _said(extended, f"Format 2 was chosen: {said}".replace(": format 2", ": it") + ".")
    if gain < worse:
        return _said(old, f"The published class was chosen: {said}.")
    wrong = [_wrong(one, seed) for one in (old, extended)]
    fewer = _is_fewer(wrong[0], wrong[1], gain)
    return _said(
        extended if fewer else old,
        f"{'Format 2' if fewer else 'The published class'} was chosen: {said}, which decides nothing; of the numbers "
        f"that matter, its simulations have {wrong[1]} wrong, those of the published class {wrong[0]}.",
    )


def _is_fewer(published: int, extended: int, gain: float) -> bool:
    """Whether format 2 is wrong in fewer numbers; by two at least where it predicts rather worse."""
    return published - extended > (1 if gain < 0 else 0)


def _wrong(of: Fit, seed: int) -> int:
    """In how many numbers a simulation is wrong by more than its limit."""
    found = compare_numbers(of.device, of.features, seed=seed)
    return int(((found["word"] == WORDS[1]) & ~found["about"].isin(NOT_ASKED)).sum())


def _said(chosen: Fit, reason: str) -> Choice:
    """The fit with the reason, which its device keeps, too."""
    device = replace(chosen.device, notes=(reason, *chosen.device.notes))
    return Choice(replace(chosen, device=device, reason=reason), reason)
