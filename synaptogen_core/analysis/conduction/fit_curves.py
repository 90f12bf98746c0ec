"""What loops teach of conduction: the I-V family, the curvature eta of the RESET transition, Umax and valid range.

Where there are no loops, the curves of another device serve, scaled to the measured resistance, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.conduction import known_state as cut
from synaptogen_core.analysis.conduction import reset_curve
from synaptogen_core.analysis.conduction.iv_family import GUESSES, Family, Fitted, assisted, fit_family
from synaptogen_core.analysis.conduction.known_state import LOW, Branches, Loops
from synaptogen_core.analysis.loops.extraction import FeatureOptions
from synaptogen_core.analysis.resampling import bootstrap_weights, check_confidence
from synaptogen_core.array.blas import one_thread
from synaptogen_core.device.frozen import freeze
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.rules import U_MAX_LIMIT
from synaptogen_core.measurement import is_measurement
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.types import F64

PUBLISHED_ETA = 3.0567  # Hennen et al. 2024, doi 10.1109/TED.2024.3427616
LEAST_DEGREE, MOST_DEGREE = 3, 9
SOUND = 0.9  # of the valid range: up to there ...
FAR = 2.5  # ... where a state was not seen, no curve may fall, or differ by this factor from what is then assumed
MARGINS = 0.5, 1.2  # the basis curves lie so far outside the measured conductances
REPLICATES = 400
CLASSES = 3  # of conductance for each state, in pictures
GRID = 121


@dataclass(frozen=True, eq=False)
class Curves:
    """Conduction of a device, as `DeviceParameters` wants it; SI units.

    Attributes
    ----------
    hhrs, llrs : ndarray, shape (degree + 1,)
        Two members of the family, highest power first, the last coefficient 0: one below nearly all measured
        conductances, one above. Any two give the same model.
    hhrs_interval, llrs_interval : ndarray, shape (degree + 1, 2)
        Lower and upper ends for each coefficient; NaN where nothing was fitted.
    u_0 : float
        Voltage at which resistances are defined [V].
    eta : float
        Curvature of the RESET transition.
    eta_interval : tuple of float
        Its lower and upper end; NaN if it was not fitted.
    u_max : float
        Voltage of a full RESET [V].
    valid_range : float
        Largest absolute voltage over the cell [V].
    current : xarray.Dataset
        For pictures, on ``level`` (classes of conductance) and ``voltage``: ``measured`` (mean; NaN where the state was
        not seen), ``fitted``, ``lower``, ``upper`` [A]; coordinates ``conductance`` [S] and ``state``.
    residual : float
        Relative deviation (root mean square) of the median branch from the family at its own features.
    assumed, warnings : tuple of str
        Sentences: what was assumed rather than fitted, and what to be careful with.
    """

    hhrs: F64
    llrs: F64
    hhrs_interval: F64
    llrs_interval: F64
    u_0: float
    eta: float
    eta_interval: tuple[float, float]
    u_max: float
    valid_range: float
    current: xr.Dataset
    residual: float
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self)


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
        If an argument breaks its rule, or no loop has what is needed.
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
    parts = cut.branches_of(usable)
    for low, word in ((True, "low"), (False, "high")):
        if not np.any((parts.kind == LOW) == low):
            raise ValueError(f"loops: must show the {word} resistance in at least one cycle (got none); sweep it too")
    u_max = min(usable.common_end, U_MAX_LIMIT)
    if not 0 < u_0 < u_max:
        raise ValueError(f"u_0: must be above 0 and below the RESET voltage, {u_max:g} V (got {u_0:g}); lower it")
    reach = float(np.max(np.abs(usable.voltage)))
    assumed: list[str] = []
    warnings = _loop_warnings(usable)
    fitted = _sound(parts, degree, u_0, reach, assumed, warnings, work)
    work.done(0.7)
    eta, interval = PUBLISHED_ETA, (np.nan, np.nan)
    resets = reset_curve.transitions_of(usable, fitted.family)
    if resets.group.size:
        eta, interval = reset_curve.fit_eta(resets, fitted.family, confidence=confidence, seed=seed)
    else:
        assumed.append(f"eta: {PUBLISHED_ETA}, the published one; no loop shows a RESET transition.")
    if resets.left_out:
        warnings.append(f"eta: {resets.left_out} RESET transitions without a clear shape were ignored.")
    work.done(0.8)
    groups = parts.group
    weights = bootstrap_weights(int(groups.max()) + 1, REPLICATES, seed)
    alphas, betas = fitted.members(groups, weights[:, : int(groups.max()) + 1])
    g_high = MARGINS[0] * float(np.quantile(parts.conductance[parts.kind != LOW], 0.01))
    g_low = MARGINS[1] * float(np.quantile(parts.conductance[parts.kind == LOW], 0.99))
    tails = (1 - confidence) / 2, (1 + confidence) / 2
    ends = [np.quantile(alphas + betas * g, tails, axis=0).T for g in (g_high, g_low)]
    if np.unique(groups).size < 2:
        ends = [np.full_like(end, np.nan) for end in ends]
    work.done(0.9)
    return Curves(
        hhrs=fitted.family.member(g_high),
        llrs=fitted.family.member(g_low),
        hhrs_interval=ends[0],
        llrs_interval=ends[1],
        u_0=u_0,
        eta=eta,
        eta_interval=interval,
        u_max=u_max,
        valid_range=reach,
        current=_pictured(parts, fitted.family, (alphas, betas), reach, tails),
        residual=float(np.median(fitted.deviation)),
        assumed=tuple(assumed),
        warnings=tuple(warnings),
    )


def scaled_curves(
    template: DeviceParameters, features: xr.Dataset | None = None, *, u_0: float | None = None
) -> Curves:
    """The curves of another device, all currents multiplied so that its resistance is the measured one.

    Parameters
    ----------
    template : DeviceParameters
        Whose curves, eta and Umax are taken.
    features : xarray.Dataset, optional
        A measurement. The median of R_LRS, or without it of R_HRS, gives the factor on the currents; U_RESET raises
        Umax if it has to.
    u_0 : float, optional
        Voltage at which the resistances were read [V]; by default as the features say, else the template's.

    Returns
    -------
    Curves
        Without intervals; what was taken from where stands in `assumed`.

    Raises
    ------
    TypeError
        If `template` or `features` is something else.
    """
    checks.instance("template", template, DeviceParameters, "use load_device")
    if features is not None:
        checks.instance("features", features, xr.Dataset, "give a measurement")
    known = {} if features is None else {str(n): features[n].values for n in features.data_vars}
    if u_0 is None:
        extraction = None if features is None else FeatureOptions.of(features)
        u_0 = extraction.read_voltage if extraction else template.u_0
    assumed, warnings = [], []
    mean = template.population_mean
    if template.extension is not None:  # of coordinates
        typical_values = [float(c.feature(mean[i])) for i, c in enumerate(template.extension.coordinates)]
        mean = np.array([np.log10(typical_values[0]), *typical_values[1:]])
    factor, name = 1.0, f"the device {template.name!r}"
    for feature, typical in (("r_lrs", mean[2]), ("r_hrs", 10.0 ** mean[0])):
        values = known.get(feature, np.empty(0))
        values = values[np.isfinite(values)]
        if values.size:
            factor = float(typical / np.median(values))
            assumed.append(
                f"I-V curves: those of {name}, all currents multiplied by {factor:.3g} so that its {feature} is the "
                "measured one; no loops to fit them to."
            )
            break
    else:
        assumed.append(f"I-V curves: those of {name} as they are; neither loops nor resistances to fit them to.")
    assumed.append(f"eta: {template.eta:g}, that of {name}; no loops to fit it to.")
    u_max = template.u_max
    resets = known.get("u_reset", np.empty(0))
    resets = resets[np.isfinite(resets)]
    highest = float(np.quantile(resets, 0.999)) if resets.size else 0.0
    if highest > 0.95 * u_max:
        u_max = min(U_MAX_LIMIT, 1.1 * highest)
        assumed.append(f"u_max: {u_max:.3g} V, above nearly all RESET thresholds measured; its own value is unknown.")
        above = float(np.mean(resets >= u_max))
        if above > 0:
            warnings.append(
                f"u_max: {100 * above:.2g} % of the measured RESET thresholds lie above it; it can be at most "
                f"{U_MAX_LIMIT} V."
            )
    else:
        assumed.append(f"u_max: {u_max:g} V, that of {name}; no loops that tell.")
    size = max(template.hhrs.size, template.llrs.size)
    hhrs, llrs = (factor * np.pad(c, (size - c.size, 0)) for c in (template.hhrs, template.llrs))
    unknown = np.full((size, 2), np.nan)
    grid = np.linspace(-template.valid_range, template.valid_range, GRID)
    at = np.array([10.0 ** -mean[0], 1.0 / mean[2]]) * factor
    mixing = (factor * template.g_llrs - at) / (factor * (template.g_llrs - template.g_hhrs))
    fitted = np.polyval(llrs, grid) + mixing[:, None] * (np.polyval(hhrs, grid) - np.polyval(llrs, grid))
    nothing = np.full_like(fitted, np.nan)
    return Curves(
        hhrs, llrs, unknown, unknown.copy(), u_0, template.eta, (np.nan, np.nan), u_max, template.valid_range,
        _dataset(grid, at, ["HRS", "LRS"], nothing, fitted, nothing, nothing), np.nan, tuple(assumed), tuple(warnings),
    )  # fmt: skip


def _loop_warnings(loops: Loops) -> list[str]:
    said = []
    short, cycles = int((~loops.full).sum()), loops.ends.size
    if short:
        said.append(
            f"u_max: {short} of {cycles} sweeps end below the common {loops.common_end:.3g} V; eta and the resistance "
            "after RESET are taken from the others."
        )
    if loops.common_end > U_MAX_LIMIT:
        said.append(
            f"u_max: set to {U_MAX_LIMIT} V, the largest that is allowed; the sweeps go up to {loops.common_end:.3g} V."
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
    return _dataset(grid, levels, states, np.array(rows) + fitted, fitted, *ends)


def _dataset(
    grid: F64, levels: F64, states: list[str], measured: F64, fitted: F64, lower: F64, upper: F64
) -> xr.Dataset:
    words = {"measured": "mean measured current", "fitted": "current of the fitted family",
             "lower": "lower end of its interval", "upper": "upper end of its interval"}  # fmt: skip
    values = zip(words.items(), (measured, fitted, lower, upper), strict=True)
    return xr.Dataset(
        {name: (("level", "voltage"), v, {"long_name": text, "units": "A"}) for (name, text), v in values},
        coords={
            "voltage": ("voltage", grid, {"long_name": "voltage", "units": "V"}),
            "conductance": ("level", levels, {"long_name": "static conductance at the read voltage", "units": "S"}),
            "state": ("level", states, {"long_name": "resistance state", "units": "1"}),
        },
    )
