"""Loops of which one way was recorded: said before they are used, and left out where the user does not want them."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.measurement import data_hash, one_way, select_records, ways
from synaptogen_core.types import Bools

OUT = "what a SET leaves is read in the RESET sweep after it, what a RESET leaves in the next SET sweep"
BACK = "no threshold is sought there, and resistances are those of the way back"
SIDES = "at V < 0", "at V > 0", "at both signs"


def announced(ds: xr.Dataset, answer: str) -> xr.Dataset:
    """The measurement, with a note on what is assumed of one-way sweeps, or without these.

    Parameters
    ----------
    ds : xarray.Dataset
        A measurement, with its notes.
    answer : {"", "read", "left out"}
        What the user said of them; nothing: read.

    Returns
    -------
    xarray.Dataset
        The same where it holds no loops, or all run both ways.

    Raises
    ------
    FileError
        If nothing but one-way sweeps are there, and they are to be left out.
    """
    if "sample_count" not in ds:
        return ds
    count = ds["sample_count"].values
    way = one_way(ways(ds["voltage"].values, count))
    alone: Bools = (way != 0).any(axis=0)
    if not alone.any():
        return ds
    notes = json.loads(ds.attrs.get("notes", "[]"))
    if answer == "left out":
        if alone.all():
            raise FileError(
                f"{ds.attrs['source']}: must hold sweeps of both ways (got {counted(int(alone.sum()), 'record')}, each "
                "with a sweep of one way); let them be read: one_way=read"
            )
        kept = select_records(ds, ~alone)
        ds = kept.assign_attrs(ds.attrs | {"data_hash": data_hash(kept)})
        notes.append(f"{_share(alone)} left out: a sweep has one way only")
    else:
        for sign, what, so in ((1, "go out only,", OUT), (-1, "come back only,", BACK)):
            if (way == sign).any():
                notes.append(_sentence(way == sign, what, so))
    ds.attrs["notes"] = json.dumps(notes, ensure_ascii=False)
    return ds


def _sentence(found: Bools, what: str, so: str) -> str:
    """`found`, shape (2, records): on which side."""
    below, above = found
    side = SIDES[2] if np.array_equal(below, above) else SIDES[0] if not above.any() else SIDES[1]
    if below.any() and above.any() and not np.array_equal(below, above):
        side = "at one sign or both"
    return f"{_share(below | above)} {what} {side}: {so}"


def _share(chosen: Bools) -> str:
    return f"{int(chosen.sum()):,} of {counted(chosen.size, 'record')}"
