"""What programming came to: its Dataset, and a summary of that."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs import dataset
from synaptogen_core.crossbar.programming.settings import LEFT_ALONE, OUTCOMES, REACHED
from synaptogen_core.crossbar.programming.staircase import Reach, Verification
from synaptogen_core.schema import VARIABLES
from synaptogen_core.types import F64

QUANTILES = (0.05, 0.5, 0.95, 1.0)


def build(cells: CellArray, work: Verification, target: F64, reach: Reach | None) -> xr.Dataset:
    """The Dataset, before `cells` take their new state.

    Parameters
    ----------
    cells : CellArray
        In the state before.
    work : Verification
        After its run.
    target : ndarray, shape (rows, columns)
        [S]
    reach : callable or None
        The lines through which pulses went.

    Returns
    -------
    xarray.Dataset
        Over row and column.
    """
    reached = work.conductance().reshape(cells.shape)
    values = {
        "target": target,
        "reached": reached,
        "error": reached / target - 1,
        "pulses": work.pulses.reshape(cells.shape),
        "set_pulses": work.set_pulses.reshape(cells.shape),
        "last_voltage": work.last.reshape(cells.shape),
        "outcome": work.outcome.reshape(cells.shape),
    }
    data = {name: (("row", "column"), array, dict(VARIABLES[name])) for name, array in values.items()}
    data["outcome"][2].update(
        flag_values=list(range(len(OUTCOMES))), flag_meanings=" ".join(name.replace(" ", "_") for name in OUTCOMES)
    )
    settings = asdict(work.settings) | {"reach": "as wanted" if reach is None else getattr(reach, "__name__", "own")}
    before = dataset.cells_settings(cells) | dataset.beginning(cells) | {"device": cells.device.to_dict()}
    attributes = {
        "title": f"Programming of {cells.rows} x {cells.columns} ReRAM cells",
        **dataset.origin(cells),
        **settings,
        "settings": json.dumps({**settings, **before}, separators=(",", ":"), allow_nan=False),
        **dataset.making(),
    }
    return xr.Dataset(data, dataset.grid_coords(cells), attrs=attributes)


def verify_statistics(ds: xr.Dataset) -> dict[str, Any]:
    """Summary of a Dataset of `program_and_verify`.

    Parameters
    ----------
    ds : xarray.Dataset

    Returns
    -------
    dict
        "cells" that were at work; "reached", the number of those that some verify read found within the tolerance, and
        "share_reached"; "within_tolerance", the number of those whose true conductance, without read noise, lies within
        the tolerance at the end, and "share_within_tolerance". The second may be far smaller: a noisy read is taken for
        the truth, and the more reads, the more often one of them lies near the target by chance; and pulses for other
        cells go on after a cell has been left. A cell at the pulse limit may count in the second alone, where reads are
        noisy. Further "pulses" and "set_pulses" (quantiles over the cells at work, by probability), "rms_error"
        (relative, at the end, of those that were found at their target) and "failures" (number by reason, only those
        that occurred). Shares and quantiles of nothing are NaN.

    Raises
    ------
    TypeError
    """
    if not isinstance(ds, xr.Dataset) or "outcome" not in ds or "pulses" not in ds:
        raise TypeError(f"ds: must come from program_and_verify (got {type(ds).__name__}); give what it returned")
    outcome = ds["outcome"].values.ravel()
    chosen = outcome != LEFT_ALONE
    reached = outcome == REACHED
    counts = np.bincount(outcome, minlength=len(OUTCOMES))
    cells, arrived = int(chosen.sum()), int(reached.sum())
    error = ds["error"].values.ravel()[reached]
    within = int(np.count_nonzero(within_tolerance(ds)))
    return {
        "cells": cells,
        "reached": arrived,
        "share_reached": arrived / cells if cells else float("nan"),
        "within_tolerance": within,
        "share_within_tolerance": within / cells if cells else float("nan"),
        "pulses": _quantiles(ds["pulses"].values.ravel()[chosen]),
        "set_pulses": _quantiles(ds["set_pulses"].values.ravel()[chosen]),
        "rms_error": float(np.sqrt(np.mean(error**2))) if arrived else float("nan"),
        "failures": {
            name: int(n) for k, (name, n) in enumerate(zip(OUTCOMES, counts, strict=True)) if n and k > REACHED
        },
    }


def within_tolerance(ds: xr.Dataset) -> NDArray[np.bool_]:
    """Whether the true conductance of each cell at work lies within the tolerance at the end; (rows, columns)."""
    g, target, tolerance = ds["reached"].values, ds["target"].values, ds.attrs["tolerance"]
    # as the verify read judges, so that a cell at the very edge is not taken for one that has moved
    inside = (g >= target * (1 - tolerance)) & (g <= target * (1 + tolerance))
    return np.asarray(inside & (ds["outcome"].values != LEFT_ALONE))


def _quantiles(values: NDArray[Any]) -> dict[float, float]:
    return {q: float(np.quantile(values, q)) if values.size else float("nan") for q in QUANTILES}
