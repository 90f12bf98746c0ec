"""What a download would hold: xarray's own view of it, its size in each format, the Python that makes it again."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import xarray as xr

from app.settings.sections import Choices, Request, TabOptions
from app.work import runs
from app.work.runs import Run
from synaptogen_core.array.runs.recording import request as wanted
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.exchange.api import dataset_bytes

USES: frozenset[str] = frozenset()
PROBE = 500_000  # bytes that are written to learn how well a format packs them
KINDS = ("nc", "zarr.zip", "csv")


class Options(TabOptions):
    """No choices of its own."""


@dataclass(frozen=True)
class Result:
    html: str  # xarray's
    python: str
    bytes: int  # in memory
    sizes: dict[str, int]  # expected bytes of the file in each format
    sampled: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Nothing is simulated for it: what does not fit into the page's budget is shown as it would be."""
    whole = run.data if run.sample.step == 1 else planned(run)
    sizes = {kind: expected(run, whole, kind) for kind in KINDS}
    return Result(whole._repr_html_(), whole.attrs["python"], int(whole.nbytes), sizes, run.sample.text)


def expected(run: Run, whole: xr.Dataset, kind: str) -> int:
    """About how many bytes a file of all cells takes, from one of some of them."""
    part = probe(run.data)
    return round(len(dataset_bytes(part, kind)) * whole.nbytes / part.nbytes)


def planned(run: Run) -> xr.Dataset:
    """The Dataset of all cells, without its values."""
    cells, recording = runs.make_cells(run.request), runs.recording(run.request, run.train)
    # without the counts of switched and stuck cells: those of the run are of the cells that it recorded
    return Parts.of(cells, run.train, wanted(cells, **recording), budget=runs.BUDGET // 2).template()


def probe(data: xr.Dataset) -> xr.Dataset:
    """Some rows or cells of a Dataset, of about PROBE bytes."""
    dimension = "cell" if "cell" in data.dims else "row"
    length = data.sizes[dimension]
    count = min(length, max(1, length * PROBE // data.nbytes))
    return data.isel({dimension: slice(0, count)})
