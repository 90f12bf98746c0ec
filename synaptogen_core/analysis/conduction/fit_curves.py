"""What loops teach of conduction: the I-V family, the curvature eta of the RESET transition, Umax and valid range."""

from __future__ import annotations

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.conduction import known_state as cut
from synaptogen_core.analysis.conduction import powers, reset_curve
from synaptogen_core.analysis.conduction.curves import GRID, PUBLISHED_ETA, Curves, currents
from synaptogen_core.analysis.conduction.iv_family import GUESSES, Family, Fitted, assisted, fit_family
from synaptogen_core.analysis.conduction.known_state import LOW, Branches, Loops
from synaptogen_core.analysis.loops.extraction import FeatureOptions
from synaptogen_core.analysis.resampling import bootstrap_weights, check_confidence
from synaptogen_core.array.blas import one_thread
from synaptogen_core.counts import counted
from synaptogen_core.device.curve_rules import U_MAX_LIMIT, most_u_max
from synaptogen_core.errors import CurvesUnknown
from synaptogen_core.measurement import is_measurement
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.types import F64

LEAST_DEGREE, MOST_DEGREE = 3, 9
SOUND = 0.9  # of the valid range: up to there ...
FAR = 2.5  # ... where a state was not seen, no curve may fall, or differ by this factor from what is then assumed
POSITIVE = 0.9  # of the basis curve of high resistance: the conductance from which currents rise everywhere
MARGINS = 0.5, 1.2  # the basis curves lie so far outside the measured conductances
REPLICATES = 400
CLASSES = 3  # of conductance for each state, in pictures


@one_thread()
def fit_curves(
    loops: xr.Dataset,
    features: xr.Dataset,
    *,
    u_0: float | None = None,
    degree: int = 6,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Curves:
    """The I-V family and the RESET transition of measured loops.

    I(U) = alpha(U) + beta(U) G is fitted, G being the static conductance at `u_0` that the features say, to the samples
    at which the state is known (`branches`). eta is one number for all transitions (`transitions`). Intervals are a
    bootstrap of devices; with fewer than 8 of them, of blocks of cycles.

    Parameters
    ----------
    loops, features : xarray.Dataset
        Measurements of the same cycles: with samples, and with the four features.
    u_0 : float, optional
        Voltage at which the features' resistances are read [V]; by default as the features say, else 0.2 V.
    degree : int
        Of the polynomials, 3 to 9; lowered, with a warning, if the curves run away where no state was seen, or cross.
    confidence : float
        Probability of the intervals.
    seed : int
        Of the resampling.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Curves
        With intervals, and what was assumed.

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule.
    CurvesUnknown
        If no loop has what is needed.
    Cancelled
        If `cancel` said so.
    """
    for part, given in (("loops", loops), ("features", features)):
        if not is_measurement(given):
            raise TypeError(f"{part}: must be a measurement (got {type(given).__name__}); see load_measurements")
    check_confidence(confidence)
    checks.whole("degree", degree, LEAST_DEGREE, MOST_DEGREE)
    if u_0 is None:
        u_0 = (FeatureOptions.of(features) or FeatureOptions()).read_voltage
    u_0 = checks.number("u_0", u_0)
    work = Work(progress, cancel, "fit_curves")
    usable = cut.usable_loops(loops, features)
    work.done(0.3)
    parts = _parts(usable, u_0)
    reach = float(np.max(np.abs(usable.voltage)))
    assumed = [] if u_0 == FeatureOptions.read_voltage else [f"Resistances are those at {u_0:g} V."]
    warnings = _loop_warnings(usable)
    g_high = MARGINS[0] * float(np.quantile(parts.conductance[parts.kind != LOW], 0.01))
    g_low = MARGINS[1] * float(np.quantile(parts.conductance[parts.kind == LOW], 0.99))
    if reach > U_MAX_LIMIT:
        fitted = fit_family(parts, powers.DEGREE, u_0, POSITIVE * g_high)
        assumed.append(f"I-V curves: of odd powers, which hold at any voltage; the sweeps go up to {reach:.3g} V.")
    else:
        fitted = _sound(parts, degree, u_0, reach, assumed, warnings, work)
    hhrs, llrs = fitted.family.member(g_high), fitted.family.member(g_low)
    limit = most_u_max(hhrs, llrs)
    if usable.common_end > limit:
        warnings.append(
            f"u_max: set to {limit:g} V, as the curves of high and low resistance nearly meet beyond; the sweeps go up "
            f"to {usable.common_end:.3g} V."
        )
    work.done(0.7)
    eta, eta_interval = _eta(usable, fitted.family, limit, confidence, seed, assumed, warnings)
    work.done(0.8)
    resampled = fitted.members(parts.group, bootstrap_weights(int(parts.group.max()) + 1, REPLICATES, seed))
    tails = (1 - confidence) / 2, (1 + confidence) / 2
    hhrs_interval, llrs_interval = (_ends(parts, resampled, g, tails) for g in (g_high, g_low))
    work.done(0.9)
    return Curves(
        hhrs=hhrs,
        llrs=llrs,
        hhrs_interval=hhrs_interval,
        llrs_interval=llrs_interval,
        u_0=u_0,
        eta=eta,
        eta_interval=eta_interval,
        u_max=min(usable.common_end, limit),
        valid_range=reach,
        current=_pictured(parts, fitted.family, resampled, reach, tails),
        residual=float(np.median(fitted.deviation)),
        assumed=tuple(assumed),
        warnings=tuple(warnings),
    )


def _parts(usable: Loops, u_0: float) -> Branches:
    """The branches on which the state is known; there must be some of both, and `u_0` inside them."""
    parts = cut.branches_of(usable)
    for low, word in ((True, "low"), (False, "high")):
        if not np.any((parts.kind == LOW) == low):
            raise CurvesUnknown(
                f"loops: must show the {word} resistance in at least one cycle (got none); sweep it too"
            )
    if not 0 < u_0 < usable.common_end:
        raise ValueError(
            f"u_0: must be above 0 and below the RESET voltage, {usable.common_end:g} V (got {u_0:g}); lower it"
        )
    return parts


def _eta(
    usable: Loops, family: Family, limit: float, confidence: float, seed: int, assumed: list[str], warnings: list[str]
) -> tuple[float, tuple[float, float]]:
    """The curvature of the RESET transition with its interval; the published one where no loop shows a transition."""
    resets = reset_curve.transitions_of(usable, family, limit)
    if resets.left_out:
        warnings.append(f"eta: {resets.left_out} RESET transitions without a clear shape were ignored.")
    if resets.group.size:
        eta, ends = reset_curve.fit_eta(resets, family, confidence=confidence, seed=seed)
        at = [bound for bound in reset_curve.BOUNDS if np.isclose(eta, bound)]
        if at:
            smallest, largest = reset_curve.BOUNDS
            warnings.append(
                f"eta: it stopped at its bound of {at[0]:g} (searched: {smallest:g} to {largest:g}), so that its "
                "interval says nothing; see whether these RESETs go to u_max in a curve, or fall at once."
            )
        return eta, ends
    assumed.append(f"eta: {PUBLISHED_ETA}, the published one; no loop shows a RESET transition.")
    return PUBLISHED_ETA, (np.nan, np.nan)


def _ends(parts: Branches, resampled: tuple[F64, F64], g: float, tails: tuple[float, float]) -> F64:
    """Interval of each coefficient of the curve at a conductance, of resampled groups; NaN where there is one group."""
    alphas, betas = resampled
    ends = np.quantile(alphas + betas * g, tails, axis=0).T
    return ends if np.unique(parts.group).size > 1 else np.full_like(ends, np.nan)


def _loop_warnings(loops: Loops) -> list[str]:
    said = []
    short, cycles = int((~loops.full).sum()), loops.ends.size
    if short:
        said.append(
            f"u_max: {short} of {counted(cycles, 'sweep')} end below the common {loops.common_end:.3g} V; eta and the "
            "resistance after RESET are taken from the others."
        )
    if not loops.by_device:
        said.append("Intervals of the curves and of eta are those of resampled blocks of cycles: too few devices.")
    return said


def _sound(
    parts: Branches, degree: int, u_0: float, reach: float, assumed: list[str], warnings: list[str], work: Work
) -> Fitted:
    """The family that fits best of those that neither run away nor cross; assumptions only where they are needed."""
    found: tuple[Fitted, float] | None = None
    for lower in range(degree, LEAST_DEGREE - 1, -1):
        work.done(0.3 + 0.4 * (degree - lower) / degree)
        plain = fit_family(parts, lower, u_0)
        if _fault(plain.family, parts, reach) is None:
            tried = [(plain, 0.0)]
        else:
            tried = [(assisted(parts, plain, reach, guess), guess) for guess in GUESSES]
        sound = [one for one in tried if _fault(one[0].family, parts, reach) is None]
        for one in sound[:1]:
            if found is None or np.median(one[0].deviation) < np.median(found[0].deviation):
                found = one
        if found is not None and found[1] == 0.0:
            break
    fitted, guess = found or (plain, 0.0)
    if guess:
        (least, most), (high_least, _) = parts.seen(True), parts.seen(False)
        assumed.append(
            f"I-V curves: the low resistance was seen from {least:.2f} to {most:.2f} V only, and is taken as ohmic "
            f"beyond; the high one down to {high_least:.2f} V, and is taken as the mirror image of its other side "
            f"beyond ({100 * guess:g} % each)."
        )
    if fitted.degree < degree:
        warnings.append(f"I-V curves: degree {fitted.degree} instead of {degree}; with that they run away or cross.")
    if found is None:
        warnings.append(f"I-V curves: {_fault(fitted.family, parts, reach)}; do not trust currents beyond.")
    warnings += _bends(fitted.family, parts, reach)
    return fitted


def _fault(family: Family, parts: Branches, reach: float) -> str | None:
    """What is wrong with the curves where the states were not seen; where they were, the data may do what they do."""
    meets = family.meets_at(-reach, reach)
    if meets is not None:
        return f"those of high and low resistance nearly meet at {meets:.2f} V"
    for low, word in ((True, "low"), (False, "high")):
        least, most = parts.seen(low)
        grid = np.linspace(-SOUND * reach, SOUND * reach, GRID)
        grid = grid[(grid < least) | (grid > most)]
        for g in np.quantile(parts.conductance[(parts.kind == LOW) == low], (0.05, 0.95)):
            expected = g * grid if low else -family.current(-grid, g)
            away = np.abs(np.log(np.maximum(family.current(grid, g) / expected, 1e-9))) > np.log(FAR)
            away |= np.polyval(np.polyder(family.member(float(g))), grid) <= 0
            if away.any():
                nearest = grid[away][np.abs(grid[away]).argmin()]
                return f"the current of the {word} resistance runs away or falls beyond {nearest:.2f} V"
    return None


def _bends(family: Family, parts: Branches, reach: float) -> list[str]:
    """Sentences on currents that fall with voltage somewhere in the valid range."""
    said = []
    for low, word in ((True, "low"), (False, "high")):
        middle = float(np.median(parts.conductance[(parts.kind == LOW) == low]))
        for end in (-reach, reach):
            bend = family.bends_at(middle, min(end, 0.0), max(end, 0.0))
            if bend is not None:
                said.append(f"I-V curves: the current of the {word} resistance falls again beyond {bend:.2f} V.")
    return said


def _pictured(
    parts: Branches, family: Family, resampled: tuple[F64, F64], reach: float, tails: tuple[float, float]
) -> xr.Dataset:
    grid = np.linspace(-reach, reach, GRID)
    own = parts.spread(parts.conductance)
    error = parts.current - family.current(parts.voltage, own)
    place = np.rint((parts.voltage + reach) / (grid[1] - grid[0])).astype(np.intp)
    rows, at, states = [], [], []
    for low, word in ((False, "HRS"), (True, "LRS")):
        members = (parts.kind == LOW) == low
        edges = np.quantile(parts.conductance[members], np.linspace(0, 1, CLASSES + 1))
        number = np.clip(np.searchsorted(edges, parts.conductance, side="right") - 1, 0, CLASSES - 1)
        for one in range(CLASSES):
            chosen = members & (number == one)
            if not chosen.any():
                continue
            inside = parts.spread(chosen).astype(bool)
            count = np.bincount(place[inside], minlength=GRID)
            with np.errstate(invalid="ignore"):
                rows.append(np.bincount(place[inside], error[inside], minlength=GRID) / np.where(count, count, np.nan))
            at.append(float(parts.conductance[chosen].mean()))
            states.append(word)
    levels = np.array(at)
    fitted = family.current(grid, levels[:, None])
    powers = grid[:, None] ** np.arange(resampled[0].shape[1])[::-1]
    alphas, betas = (c @ powers.T for c in resampled)
    ends = np.stack([np.quantile(alphas + g * betas, tails, axis=0) for g in levels], axis=1)
    return currents(grid, levels, states, np.array(rows) + fitted, fitted, *ends)
