"""What a download would hold: xarray's own view of it, its size in each format, the Python that makes it again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import param
import xarray as xr

from app.settings.sections import Choices, Request, TabOptions
from app.work import runs
from app.work.runs import Run
from synaptogen_core.array.runs.recording import request as checked
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.exchange.api import dataset_bytes
from synaptogen_core.schema import RECORDABLE

USES: frozenset[str] = frozenset({"read"})
PROBE = 500_000  # bytes that are written to learn how well a format packs them
KINDS = ("nc", "zarr.zip", "csv")


class Options(TabOptions):
    """What the files record; each quantity has the name that `simulate` knows it by."""

    content = param.Selector(default="shown", objects={"As shown": "shown", "As chosen": "chosen"}, label="Recorded",
                             doc="What the pictures are made of, or what you choose here.")  # fmt: skip
    features = param.Boolean(True, doc="R_HRS, U_SET, R_LRS and U_RESET of every cycle.")
    conductance = param.Boolean(True, doc="Measured at the read voltage of the sidebar.")
    current = param.Boolean(False, doc="At each pulse, at its own voltage.")
    state = param.Boolean(False, doc="High, low or in between.")
    cycle_count = param.Boolean(False, label="Cycle count", doc="How many cycles each cell has gone through.")
    voltage = param.Boolean(False, doc="Of each pulse, also where all cells have the same.")
    every = param.Selector(default="cycle", objects={"End of each cycle": "cycle", "Each pulse": "pulse"}, label="When",
                           doc="When all but the features are recorded.")  # fmt: skip
    read_noise = param.Boolean(False, label="With read noise", doc="That of the sidebar, in conductances and currents.")

    def active(self) -> tuple[str, ...]:
        return self.names() if self.content == "chosen" else ("content",)


@dataclass(frozen=True)
class Result:
    html: str  # xarray's
    python: str
    bytes: int  # in memory
    sizes: dict[str, int]  # expected bytes of the file in each format
    streamed: str  # a sentence, where the file is made by simulating again


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Nothing is simulated for it: what the page does not hold is shown as it would be."""
    recording = recorded(run, request)
    whole = planned(run, recording)
    sizes = {kind: expected(run, request, kind) for kind in KINDS}
    why = "Too large to keep" if run.sample.step > 1 else "More than the page keeps"
    streamed = "" if at_hand(run, recording) else f"{why}; the download recomputes it."
    return Result(whole._repr_html_(), whole.attrs["python"], int(whole.nbytes), sizes, streamed)


def recorded(run: Run, request: Request) -> dict[str, Any]:
    """What a file holds, as the keywords of `simulate`."""
    chosen, read = request.of_tab("data"), request.read
    if chosen.get("content") != "chosen":
        return runs.recording(run.request, run.train)
    return {
        "record": tuple(name for name in RECORDABLE if chosen[name]) or ("features",),
        "every": 1 if chosen["every"] == "pulse" else "cycle",
        "read_voltage": read.u_read,
        "bandwidth": read.bandwidth * 1e6 if chosen["read_noise"] and read.noise else 0.0,
    }


def at_hand(run: Run, recording: dict[str, Any]) -> bool:
    """Whether the page holds all that is to be recorded."""
    return run.sample.step == 1 and recording == runs.recording(run.request, run.train)


def expected(run: Run, request: Request, kind: str) -> int:
    """About how many bytes a file of all cells takes, from one of some of them. A CSV holds what the page shows; of
    other quantities than those that it shows nothing is known: they are taken to be packed as well.
    """
    shown = runs.recording(run.request, run.train)
    whole = planned(run, shown if kind == "csv" else recorded(run, request))
    part = probe(run.data)
    return round(len(dataset_bytes(part, kind)) * whole.nbytes / part.nbytes)


def planned(run: Run, recording: dict[str, Any]) -> xr.Dataset:
    """The Dataset of all cells; without its values where the page does not hold them."""
    if at_hand(run, recording):
        return run.data
    cells = runs.make_cells(run.request)
    # without the counts of switched and stuck cells: those of the run are of the cells that it recorded
    return Parts.of(cells, run.train, checked(cells, **recording), budget=runs.BUDGET // 2).template()


def probe(data: xr.Dataset) -> xr.Dataset:
    """Some rows or cells of a Dataset, of about PROBE bytes."""
    dimension = "cell" if "cell" in data.dims else "row"
    length = data.sizes[dimension]
    count = min(length, max(1, length * PROBE // data.nbytes))
    return data.isel({dimension: slice(0, count)})
