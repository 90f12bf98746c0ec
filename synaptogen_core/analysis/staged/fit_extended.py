"""Measured features -> a device of format 2, which holds what real devices show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.conduction.scaled_curves import curves_for
from synaptogen_core.analysis.fitting import estimates, stages
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.fitting.fit import MOST_SOURCE, Fit, device_points, prepared
from synaptogen_core.analysis.fitting.usable import usable
from synaptogen_core.analysis.resampling import check_confidence
from synaptogen_core.analysis.staged.learn import PARTS, Result, learn
from synaptogen_core.analysis.staged.stuck import runs_of, set_aside, with_runs
from synaptogen_core.analysis.staged.table import add_result, parts_dataset
from synaptogen_core.array.blas import one_thread
from synaptogen_core.counts import counted
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import shown
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.schema import FEATURES

FEWEST_CYCLES = 4  # of a device: what it does not tell stands in its intervals


@one_thread()
def fit_extended(
    ds: xr.Dataset,
    template: DeviceParameters,
    *,
    name: str,
    curves: Curves | None = None,
    devices: xr.Dataset | None = None,
    leave_out: tuple[str, ...] = (),
    stuck: bool = False,
    confidence: float = 0.95,
    intervals: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fit:
    """Fit a device of format 2: coordinates, shapes, slow memory, break-in.

    Parts are kept where they gain on devices that did not choose them. Five cycles of one device are enough for a
    device with wide intervals: what they do not tell comes from priors, which its notes name.

    Parameters
    ----------
    ds : xarray.Dataset
        A measurement (`load_measurements`, `extract_features`) or the features of a simulation.
    template : DeviceParameters
        Tells what was not measured. Of either format.
    name : str
        Of the device.
    curves : Curves, optional
        Conduction; without it, fitted where there are loops, else the template's, scaled.
    devices : xarray.Dataset, optional
        What `screen_devices` says of `ds`; without it, it is asked.
    leave_out : tuple of {"offset", "warp", "slow", "break_in"}
        Parts not to use, for comparison.
    stuck : bool
        Give the device runs of cycles in which it does not switch, as failed cycles show them (three runs or more).
        Without it they are left out, and said.
    confidence : float
        Probability of the intervals.
    intervals : bool
        False: only estimates.
    seed : int
        Of simulations.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Fit
        Its `parts` say what each part gained.

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule, or there is too little to learn from; the sentence says what is missing.
    Cancelled
        If `cancel` said so.
    """
    check_confidence(confidence)
    checks.instance("template", template, DeviceParameters, "use load_device")
    if not isinstance(leave_out, tuple) or not set(leave_out) <= set(PARTS):
        raise ValueError(f"leave_out: must be a tuple of some of {', '.join(PARTS)} (got {shown(leave_out)})")
    said, work = stages.Said([], []), Work(progress, cancel, "fit")
    measured, loops, states, drifting = prepared(ds, devices, intervals)
    runs = runs_of(measured, states)
    used, panel = usable(set_aside(measured, runs), states, said, FEWEST_CYCLES)
    said.warnings.extend(filter(None, [runs.sentence]))
    work.done(0.1)
    if curves is None:
        curves = curves_for(template, used, loops, measured, confidence=confidence)
    said.assumed.extend(curves.assumed)
    said.warnings.extend(curves.warnings)
    result = learn(
        panel, template, curves, name, intervals=intervals, seed=seed, work=work, leave_out=leave_out
    )  # fmt: skip
    _say(said, panel, template, result)
    parts = parts_dataset(result.parts)
    source = str(measured.attrs.get("source") or "measured cycles")[:MOST_SOURCE]
    device = replace(
        result.device,
        source=f"fitted to {source} (data {measured.attrs['data_hash']}): {counted(panel.devices, 'device')}, "
        f"{counted(int(panel.counts.max(axis=1).sum()), 'cycle')}",
        citation=template.citation,
        notes=(*said.warnings, *said.assumed, *parts.attrs["sentences"]),
        extension=with_runs(result.device, runs) if stuck else result.device.extension,
    )
    table = estimates.Table(confidence)
    add_result(table, result, panel.features)
    estimates.add_curves(table, curves)
    work.done(1.0)
    again = {"template": template, "name": name, "curves": curves, "leave_out": leave_out, "stuck": stuck,
             "seed": seed}  # fmt: skip
    points = np.concatenate([result.summary.mean, np.exp(result.summary.log_sd)], axis=1)
    return Fit(
        device, table.dataset(), _one("order", "order of the autoregression"),
        _one("components", "components of the mixture"), used, drifting.result() if drifting else states,
        device_points(points, panel.features), curves, tuple(said.assumed), tuple(said.warnings),
        measured.attrs["data_hash"], again, parts,
    )  # fmt: skip


def _say(said: stages.Said, panel: Panel, template: DeviceParameters, result: Result) -> None:
    """What was assumed, in words."""
    rest = [FEATURES[i].symbol for i in range(4) if i not in panel.features]
    if rest:
        said.assumed.append(
            f"{' and '.join(rest)} not measured: taken from {template.name}, independent of what was measured."
        )
    said.assumed.extend(result.said)
    cycles = int(panel.counts.sum(axis=0).min())
    if cycles < 3000:
        said.assumed.append(
            f"{cycles:,} cycles in total say little about tails and slow memory: their shapes are kept mild, and "
            "memory to that of other filamentary devices (a quarter of the variance, some 67 cycles)."
        )


def _one(name: str, words: str) -> xr.Dataset:
    """A choice that had one candidate."""
    data = {"bic": (name, [np.nan], {"long_name": "Bayesian information criterion", "units": "1"})}
    if name == "order":
        data |= {other: (name, [np.nan], {"long_name": other, "units": "1"}) for other in ("aic", "hannan_quinn")}
    coords = {name: (name, [1], {"long_name": words, "units": "1"})}
    return xr.Dataset(data, coords, attrs={"chosen": 1, "suggested": 1, "criterion": "bic"})
