"""What of a measurement is worth learning from; what is not, and why, is said."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.analysis.fitting.stages import Said
from synaptogen_core.analysis.loops import screening
from synaptogen_core.counts import counted
from synaptogen_core.errors import NeedsExtended
from synaptogen_core.measurement import select_records
from synaptogen_core.schema import DEVICE_STATES, FAILURES, FEATURES

FEWEST_CYCLES = 10  # of a device


def usable(
    measured: xr.Dataset, report: xr.Dataset, said: Said, fewest: int = FEWEST_CYCLES
) -> tuple[xr.Dataset, Panel]:
    """The records worth learning from, and their panel.

    Parameters
    ----------
    measured : xarray.Dataset
        Features of a measurement, one record a cycle.
    report : xarray.Dataset
        What `screen_devices` says of its devices.
    said : Said
        Takes the sentence on what is left out.
    fewest : int
        Cycles that a device must have.

    Returns
    -------
    measured : xarray.Dataset
        The records that are kept.
    panel : Panel
        The same as a table of devices and cycles.

    Raises
    ------
    ValueError
        If nothing is left to learn from.
    """
    keep = screening.usable_records(measured, report)
    for number, (code, words) in enumerate(DEVICE_STATES):
        count = int((report["state"].values == number).sum())
        if code != "healthy" and count:
            labels = [str(label)[:40] for label in report["device"].values[report["state"].values == number]]
            said.warnings.append(
                f"{count} of {counted(report.sizes['device'], 'device')} left out ({words}): {', '.join(labels[:8])}"
                + (" and others." if count > 8 else ".")
            )
    if not keep.any():
        raise ValueError(_none_switches(measured, report))
    used = _without_rare(measured if keep.all() else select_records(measured, keep), fewest, said)
    panel = panel_of(used)
    lasting = panel.counts.min(axis=1) >= fewest
    if not lasting.any():
        raise NeedsExtended(
            f"ds: must hold a device with at least {fewest} cycles of each feature (got none); measure more"
        )
    steady = np.asarray((panel.moments[1] > 0).all(axis=1))
    if not (lasting & steady).any():
        raise ValueError("ds: must hold features that vary over cycles (got constants); is a column a setting?")
    for kept, words in (
        (lasting, f"a feature in fewer than {fewest} cycles"),
        (steady | ~lasting, "a feature that never varies"),
    ):
        if not kept.all():
            said.warnings.append(f"{int((~kept).sum()):,} of {counted(kept.size, 'device')} left out ({words}).")
    if not (lasting & steady).all():
        chosen = (lasting & steady)[used["device_index"].values]
        keep[keep] = chosen
        used = select_records(used, chosen)
        panel = panel_of(used)
    said.warnings.extend(_left_out(measured, keep))
    if panel.step != 1:
        said.assumed.append(
            f"Records lie {panel.step:,} cycles apart: a cycle of the fitted device stands for as many, and its memory "
            "is that from record to record."
        )
    return used, panel


def _none_switches(measured: xr.Dataset, report: xr.Dataset) -> str:
    """Why nothing can be learnt: how many devices are of which state, and what is wrong with how many cycles."""
    bad, good = screening.bad_cycles(measured)
    states = np.bincount(report["state"].values, minlength=len(DEVICE_STATES)).tolist()
    got = [f"{n:,} {'device' if n == 1 else 'devices'} ({words})" for n, (_, words) in
           zip(states, DEVICE_STATES, strict=True) if n]  # fmt: skip
    got.append(f"{int(good.sum()):,} of {good.size:,} cycles that switch")
    failed = np.bincount(measured["failure"].values, minlength=len(FAILURES)) if "failure" in measured else [0]
    got += [f"{n:,} not ({FAILURES[code][1]})" for code, n in enumerate(failed) if n and code]
    unswitched = int(bad.sum() - sum(failed[1:]))
    got += [f"{unswitched:,} not (a closed window, or as the one before)"] if unswitched else []
    few = states[screening.STATE["too_few"]] > 0
    remedy = f"measure at least {screening.FEWEST} cycles of a device" if few else "look at the loops of these cycles"
    wanted = f"of {screening.FEWEST} cycles or more" if few and good.all() else "that switches"
    return f"ds: must hold a device {wanted} (got {', '.join(got)}); {remedy}"


def _without_rare(used: xr.Dataset, fewest: int, said: Said) -> xr.Dataset:
    """Without features that no device has in `fewest` cycles, if there are others: a missing one costs only itself."""
    panel = panel_of(used)
    most = panel.counts.max(axis=0)
    rare = [FEATURES[i] for i, count in zip(panel.features, most, strict=True) if count < fewest]
    if not rare or len(rare) == len(panel.features):
        return used
    for feature, count in zip(panel.features, most, strict=True):
        if count < fewest:
            said.warnings.append(
                f"{FEATURES[feature].symbol} left out: no device has it in {fewest} cycles (at most in {count})."
            )
    return used.drop_vars([f.name for f in rare])


def _left_out(measured: xr.Dataset, kept: NDArray[np.bool_]) -> list[str]:
    """How many values of a measurement do not reach the fit, and why; nothing if all do."""
    index = measured["device_index"].values
    away = ~np.isin(index, index[kept])
    failed = ~away & (measured["failure"].values > 0 if "failure" in measured else False)
    columns = {f: measured[f.name].values for f in FEATURES if f.name in measured}
    columns = {f: values for f, values in columns.items() if np.isfinite(values).any()}
    rest = ~away & ~failed
    counts = {
        "of devices left out": len(columns) * int(away.sum()),
        "of failed cycles": len(columns) * int(failed.sum()),
        "missing": sum(int((rest & ~np.isfinite(values)).sum()) for values in columns.values()),
        "not above 0": sum(
            int((rest & np.isfinite(values) & (values <= 0)).sum()) for f, values in columns.items() if f.scale == "log"
        ),
    }
    if not any(counts.values()):
        return []
    why = ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)
    return [f"{sum(counts.values()):,} of {len(columns) * index.size:,} values are not in the fit: {why}."]
