"""The selected cells as files."""

from __future__ import annotations

import threading
from functools import partial
from typing import IO

import numpy as np
import xarray as xr

from app.settings.caption import stem
from app.work.chosen import table_of
from app.work.downloads import Order
from app.work.runs import Run
from app.work.session import Session
from synaptogen_core.analysis.exploring.selecting import choose, read_rule
from synaptogen_core.exchange.api import dataset_stream
from synaptogen_core.progress import Progress
from synaptogen_core.schema import VARIABLES

FORMATS = {
    "selection.nc": ("Selection as NetCDF", "application/x-netcdf"),
    "selection.csv": ("Selection as CSV", "text/csv"),
}
NOTHING = "Nothing is selected: draw a box or a lasso in a picture first."


def selected(run: Run, rule: str) -> xr.Dataset:
    """The selected cells of a run, on (cycle, cell); `selected` says which cycles where not all are.

    Raises
    ------
    ValueError
        If no cell is selected.
    """
    chosen = choose(table_of(run), read_rule(rule))
    if chosen is None or not chosen.count:
        raise ValueError(NOTHING)
    places = np.flatnonzero(chosen.cells)
    data = run.data
    if "cell" not in data.dims:
        row, column = (xr.DataArray(place, dims="cell") for place in divmod(places, data.sizes["column"]))
        data = data.isel(row=row, column=column).assign_coords(cell=("cell", places, VARIABLES["cell"]))
    else:
        data = data.isel(cell=places)
    if chosen.cycles is not None:
        words = {"long_name": "cycle is selected", "units": "1"}
        data = data.assign(selected=(("cycle", "cell"), chosen.cycles[:, places].astype(np.int8), words))
    return data.assign_attrs(selection=rule)


def write(run: Run, rule: str, kind: str, progress: Progress, cancel: threading.Event) -> IO[bytes]:
    """The selected cells as a file that vanishes when closed."""
    return dataset_stream(selected(run, rule), kind.removeprefix("selection."))


def order(session: Session, kind: str) -> Order | str:
    """The selection of the run that the page shows, or why there is none."""
    rule = session.settings.options["explorer"].selection
    if session.run is None or not rule:
        return NOTHING
    name = stem(session.run.request.simulation, {"selection": rule})
    return Order(f"{name}-{kind}", partial(write, session.run, rule, kind))
