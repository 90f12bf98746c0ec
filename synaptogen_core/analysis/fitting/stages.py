"""The stages of a fit: what is used, what its cycles tell, what its devices tell; each says what it had to assume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.analysis.fitting import assembly, cycle_to_cycle, shapes
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.fitting.device_to_device import (
    FEWEST_MEMBERS,
    DeviceFit,
    SamplingError,
    fit_devices,
    sampling_error,
)
from synaptogen_core.analysis.resampling import bootstrap_weights
from synaptogen_core.counts import counted
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import NeedsExtended
from synaptogen_core.progress import Work
from synaptogen_core.schema import FEATURES

REPLICATES = 200
DEVICE_REPLICATES = 40
FEW_REPLICATES = 100
FEW_DEVICES = 8  # with fewer, resampling devices tells nothing: measurements are simulated instead
FEW_ROWS = 10_000  # with no more cycles in all, simulating is cheap, and tells more than resampling some dozens
WINDOWS = 10  # of successive cycles for each coefficient
FEWEST_SIMULATED = 64  # devices
SETTLING = (16, 20_000)  # devices at least, and cycles, of the smaller simulations that follow
SIMULATED = (600, 40_000, 1_000_000)  # cycles of the simulation that tells the bias: for each device, least, most
MOST_BROKEN = 0.1  # of the runs of cycles with a gap: more is worth a word
BLURRED = 0.5  # of the variance between devices being sampling error: worth a warning
FEWEST_VALUES = 3  # different ones, of a feature that is to have a shape
FEWEST_STEPS = 20
LIKE_A_WALK = 0.8  # correlation with the value before, from which drift is looked for
DICKEY_FULLER = -2.86  # standard errors


class Said(NamedTuple):
    """Sentences that a fit collects."""

    assumed: list[str]
    warnings: list[str]


def _broken_runs(panel: Panel, windows: float, order: int) -> list[str]:
    """How much of the cycles the memory could not be learnt from, if that is worth a word."""
    records = np.add.reduceat(panel.present.any(axis=1), panel.starts[:-1], dtype=np.intp)
    whole = int(np.maximum(records - order, 0).sum())
    if windows >= (1 - MOST_BROKEN) * whole:
        return []
    return [
        f"Memory was estimated from {windows:,.0f} of {whole:,} runs of {order + 1} successive cycles: "
        "the others have a gap, or a value that is missing."
    ]


def check_steady(panel: Panel) -> None:
    """Refuse what autoregressions cannot hold, before they are fitted: drift, random walks, a few fixed values.

    Parameters
    ----------
    panel : Panel

    Raises
    ------
    NeedsExtended
        With the feature, the number found, and what to do.

    References
    ----------
    Dickey and Fuller 1979: the regression of a change on the level before it, against its 5 % point for large samples.
    """
    for j, i in enumerate(panel.features):
        name, values = FEATURES[i].name, panel.values[:, j]
        known = np.unique(values[np.isfinite(values)])
        if known.size < FEWEST_VALUES:
            raise NeedsExtended(
                f"ds: {name} must take at least {FEWEST_VALUES} values (got {known.size}); measure it finer, leave "
                "it to the template, or use fit_extended"
            )
        level, change = [], []
        for first, last in zip(panel.starts[:-1], panel.starts[1:], strict=True):
            own = values[first:last] - np.nanmean(values[first:last]) if last > first else values[first:last]
            level.append(own[:-1])
            change.append(np.diff(own))
        before, step = np.concatenate(level), np.concatenate(change)
        there = np.isfinite(before) & np.isfinite(step)
        before, step = before[there], step[there]
        squares = float(before @ before)
        if there.sum() < FEWEST_STEPS or squares == 0:
            continue
        slope = float(before @ step) / squares
        error = float(np.sqrt(np.mean((step - slope * before) ** 2) / squares))
        if 1 + slope > LIKE_A_WALK and slope > DICKEY_FULLER * error:
            raise NeedsExtended(
                f"ds: {name} must come back to its mean (got a correlation of {1 + slope:.2f} with the one before, "
                "as drift and random walks have); detrend it, take every tenth cycle, or use fit_extended"
            )


@contextmanager
def full_rank() -> Iterator[None]:
    """What follows from something else, such as copied devices, ends in a sentence, not in one of a library.

    Raises
    ------
    NeedsExtended
        Where a covariance has no full rank.
    """
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise NeedsExtended(
            "ds: must hold features and devices of which none follows from the others (got a covariance without full "
            "rank); leave out copies, leave a feature to the template, or use fit_extended"
        ) from error


def longest_order(panel: Panel, order: int | None, max_order: int, said: Said) -> int:
    """The largest order for which there are windows enough: ten for each coefficient of a feature.

    Parameters
    ----------
    panel : Panel
    order : int or None
        What the caller wants; None leaves it open.
    max_order : int
        The largest that is tried where it is open.
    said : Said
        Takes the sentence, if the measurement allows less.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If there are too few pairs of successive cycles, or too few for `order`.
    """
    wanted = order or max_order
    whole = panel.present.all(axis=1)
    broken = np.flatnonzero(np.diff(np.concatenate([[False], whole, [False]]).astype(np.int8)))
    runs = broken[1::2] - broken[::2]
    for longest in range(wanted, 0, -1):
        windows = np.maximum(runs - longest, 0).sum()
        if windows >= WINDOWS * (longest * len(panel.features) + 1):
            break
    else:
        raise NeedsExtended(
            f"ds: must hold at least {WINDOWS * (len(panel.features) + 1)} pairs of successive cycles with all "
            f"features (got {windows}); measure more cycles, or use fit_extended, for which few are enough"
        )
    if longest < wanted:
        text = (
            f"order {wanted} needs more successive cycles than were measured; up to order {longest} can be estimated."
        )
        if order is not None:
            raise ValueError(
                f"order: must be at most {longest} for {windows} windows (got {order}); measure more cycles"
            )
        said.warnings.append(f"Memory: {text}")
    return longest


def is_small(panel: Panel) -> bool:
    """Whether intervals of cycle-to-cycle numbers come from simulated measurements, not from resampled devices."""
    return panel.devices < FEW_DEVICES or int(panel.starts[-1]) <= FEW_ROWS


def learn_cycles(
    panel: Panel,
    recipe: cycle_to_cycle.Recipe,
    template: DeviceParameters,
    replicates: int,
    seed: int,
    said: Said,
    work: Work,
) -> tuple[cycle_to_cycle.CycleFit, assembly.Remainder, SamplingError]:
    """Shapes and memory, what the template adds, and what the number of cycles leaves unknown of a device.

    Parameters
    ----------
    panel : Panel
    recipe : cycle_to_cycle.Recipe
        Orders and degrees to try.
    template : DeviceParameters
        Gives the features that were not measured.
    replicates : int
        Of the bootstrap; 0 for no intervals.
    seed : int
        Of the bootstrap.
    said : Said
        Takes what was assumed, and what to be careful with.
    work : Work
        Progress and cancel.

    Returns
    -------
    cycles : cycle_to_cycle.CycleFit
    remainder : assembly.Remainder
        What the template adds.
    error : SamplingError
        What the number of cycles leaves unknown of a device's moments.

    Raises
    ------
    Cancelled
        If `work` is asked to stop.
    """
    few = is_small(panel)

    def weights(of: Panel, purpose: int) -> NDArray[np.float64]:
        units = of.borders.size - 1
        return np.ones((1, units)) if few or not replicates else bootstrap_weights(units, replicates, seed + purpose)

    first = cycle_to_cycle.fit_cycles(panel, recipe, weights(panel, 0))
    said.warnings.extend(_broken_runs(panel, first.windows, recipe.longest))
    work.done(0.5)
    rest = assembly.remainder(template, panel.features, first.order)
    typical = cycle_to_cycle.typical_cycles(panel, recipe.longest + 2)

    def made(fit: cycle_to_cycle.CycleFit, devices: int, purpose: int) -> Panel:
        a, noise, _ = fit.models()[fit.order]
        return assembly.standardised_panel(
            template, panel.features, np.array([s.polynomial for s in fit.shapes]), {fit.order: (a, noise)}, rest,
            devices=devices, cycles=typical, seed=seed + purpose,
        )  # fmt: skip

    size = int(np.clip(SIMULATED[0] * panel.devices, *SIMULATED[1:]))
    simulated = made(first, max(FEWEST_SIMULATED, size // typical), 1)
    work.done(0.6)
    found = cycle_to_cycle.unbiased(first, simulated, recipe, weights(simulated, 1))
    found = replace(
        found,
        shapes=tuple(
            new if shapes.rises(new.polynomial) else old for new, old in zip(found.shapes, first.shapes, strict=True)
        ),
    )

    def again(fit: cycle_to_cycle.CycleFit) -> Panel:
        return made(fit, max(SETTLING[0], SETTLING[1] // typical), 3)

    settled = cycle_to_cycle.settled_shapes(first, found, again, recipe)
    if few and replicates:
        many = made(found, panel.devices * FEW_REPLICATES, 2)
        found = cycle_to_cycle.simulated_replicates(found, many, recipe, panel.devices)
        said.assumed.append(
            f"With {counted(panel.devices, 'device')}, intervals of cycle-to-cycle numbers come from "
            "simulated measurements of the fitted device."
        )
    if replicates:
        found = cycle_to_cycle.stretched(found, again, recipe)
    found = cycle_to_cycle.moved(found, settled)
    held = [FEATURES[i].symbol for i, shape in zip(panel.features, found.shapes, strict=True) if shape.held]
    if held:
        said.warnings.append(
            f"The distribution curves of {', '.join(held)} had to be forced to increase; use more cycles or a lower "
            "degree."
        )
    drawn_in = [str(q) for q, (_, _, changed) in found.models().items() if changed]
    if drawn_in:
        said.warnings.append(
            f"Memory of order {', '.join(drawn_in)} came out unstable and was drawn in: does a feature drift?"
        )
    work.done(0.75)
    return found, rest, sampling_error(*simulated.moments, typical)


def learn_devices(
    panel: Panel, error: SamplingError, components: int | None, replicates: int, seed: int, said: Said
) -> DeviceFit:
    """The mixture over devices.

    Parameters
    ----------
    panel : Panel
    error : SamplingError
        What the number of cycles leaves unknown of a device's moments.
    components : int or None
        Of the mixture; None: as many as the Bayesian information criterion suggests.
    replicates, seed : int
        Of the bootstrap.
    said : Said
        Takes what was assumed, and what to be careful with.

    Returns
    -------
    DeviceFit
    """
    mean, sd = panel.moments
    cycles = panel.counts.min(axis=1).astype(np.float64)
    found = fit_devices(mean, sd, cycles, error, components=components, replicates=replicates, seed=seed)
    devices, count = panel.devices, found.weights.size
    if devices == 1:
        said.assumed.append("One device was measured: device to device nothing is known, and no spread is assumed.")
    elif devices < 2 * FEWEST_MEMBERS:
        said.warnings.append(
            f"{devices} devices: their spread is one normal, known to about {100 / np.sqrt(2 * devices - 2):.0f} %."
        )
    if devices > 1:
        names = [f"{kind} of {FEATURES[i].symbol}" for kind in ("mean", "spread") for i in panel.features]
        blurred = [name for name, share in zip(names, found.blurred, strict=True) if share > BLURRED]
        if blurred:
            said.warnings.append(
                f"Device to device, more than half of what is seen of the {', '.join(blurred)} is sampling error of "
                "the cycles: more cycles per device would settle it."
            )
    if count > 1:
        said.assumed.append(f"{count} components of devices, {'as asked for' if components else 'by BIC'}.")
    return found
