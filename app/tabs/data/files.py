"""Files of the run that a page shows: its data in three formats, and the crossbar for circuit simulators."""

from __future__ import annotations

import io
import threading
import zipfile
from functools import partial
from typing import IO, Any

from app.look import theme
from app.settings import session_file
from app.settings.caption import stem
from app.settings.sections import Request
from app.tabs.crossbar.compute import netlist_of, switching_files  # the netlist is what that tab has solved
from app.tabs.data.compute import at_hand, expected, recorded
from app.work import runs
from app.work.downloads import Order
from app.work.runs import Run
from app.work.session import Session
from synaptogen_core.exchange.api import dataset_stream, simulate_to_file, temporary_folder
from synaptogen_core.progress import Progress
from synaptogen_core.report.run import run_html

FORMATS = {
    "nc": ("NetCDF", "application/x-netcdf"),
    "zarr.zip": ("Zarr (zip)", "application/zip"),
    "csv": ("CSV", "text/csv"),
    "session.json": ("Session (JSON)", "application/json"),
    "report.html": ("Report (HTML)", "text/html"),
    "cir": ("SPICE netlist", "text/plain"),
    "va.zip": ("Verilog-A cells (zip)", "application/zip"),
}
RUN, CHOSEN, NETLIST = ("nc", "zarr.zip", "csv"), ("nc", "zarr.zip"), ("cir", "va.zip")
LARGE = 2e9  # bytes of a file that is not begun without a question
HOW = (
    "It holds array.va and array.cir: cells that switch, and the bias as a pulse. "
    "Unpack it; openvaf-r array.va; ngspice -b array.cir (version 46)."
)
OF_SHOWN = "It holds the run that is shown: the settings have changed since."


def file_name(request: Request, kind: str) -> str:
    """``synaptogen-hennen2024-64x64-100c-seed1-1f0c2ab.nc``; a netlist's tells lines and bias apart, too."""
    more = {**request.lines, **request.of_tab("crossbar")} if kind in NETLIST else {}
    if kind in CHOSEN and request.of_tab("data").get("content") == "chosen":
        more = {**request.read, **request.of_tab("data")}
    return f"{stem(request.simulation, more)}.{kind}"


def write(run: Run, request: Request, kind: str, progress: Progress, cancel: threading.Event) -> IO[bytes]:
    """Write all cells of a run to a file that vanishes when closed; what is not at hand is simulated again."""
    if kind == "cir":
        return io.BytesIO(netlist_of(run, request).encode())
    if kind == "report.html":
        return io.BytesIO(run_html(run.data).encode())
    if kind == "va.zip":
        return zipped(switching_files(run, request))
    recording = recording_of(run, request, kind)
    if at_hand(run, recording):
        return dataset_stream(run.data, kind)
    with temporary_folder() as folder:
        path = folder / f"run.{kind}"
        simulate_to_file(
            runs.make_cells(run.request), run.train, path, **recording,
            budget=runs.BUDGET // 2, progress=progress, cancel=cancel,
        )  # fmt: skip
        return path.open("rb")  # the open file outlives its name


def recording_of(run: Run, request: Request, kind: str) -> dict[str, Any]:
    """What a file of this kind holds, as the keywords of `simulate`; a CSV holds the features of what is shown."""
    return recorded(run, request) if kind in CHOSEN else runs.recording(run.request, run.train)


def zipped(files: dict[str, str]) -> IO[bytes]:
    """Texts by name in one file, with the same bytes whenever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    made.seek(0)
    return made


def order(session: Session, kind: str) -> Order | str:
    """The run that a page shows, or why there is none; the session is what is set, run or not."""
    if kind == "session.json":
        tab, session.saved_from = session.saved_from or session.visible, ""
        content = session_file.to_text(session.settings, tab)
        return Order("synaptogen.session.json", lambda progress, cancel: io.BytesIO(content.encode()))
    run = session.run
    if run is None:
        return "Nothing to download yet: the run that the settings ask for has not been made."
    request = session.request_for(run)
    changed = OF_SHOWN if session.settings.request().simulation != run.key else ""
    note = " ".join(filter(None, (changed, HOW if kind == "va.zip" else "")))
    return Order(file_name(request, kind), partial(write, run, request, kind), note, question(run, request, kind))


def question(run: Run, request: Request, kind: str) -> str:
    """What is asked before a file is written that is far larger than the page keeps; empty if there is no need."""
    if kind not in RUN or at_hand(run, recording_of(run, request, kind)):
        return ""
    size = expected(run, request, kind)
    if size < LARGE:
        return ""
    command = f"synaptogen generate run.{kind} --session synaptogen.session.json"
    if kind in CHOSEN and request.of_tab("data").get("content") == "chosen":
        recording = recorded(run, request)
        command += f" --record {','.join(recording['record'])} --every {recording['every']}"
        command += f" --read-voltage {recording['read_voltage']:g} --bandwidth {recording['bandwidth']:g}"
    return (
        f"This file takes about {theme.size(size)}, and the run is simulated again for it. Click once more to begin, "
        f"or save the session and type: {command}"
    )
