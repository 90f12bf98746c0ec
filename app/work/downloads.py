"""Downloads: the shown run (or another thing) as a file, written in the background and sent piece by piece.

The pieces go through the page's own websocket, so that a run of any size needs neither its size in memory nor a route
of its own in the server. The browser acknowledges each piece, so that no more than one is ever under way.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, CustomJS, Div

from app.look import theme
from app.look.plain import escape
from app.settings.sections import Request
from app.tabs.crossbar import compute
from app.work import runs
from app.work.session import LONG_RUNS, Session, sentence
from synaptogen_core.errors import Cancelled
from synaptogen_core.exchange.api import dataset_stream, simulate_to_file, temporary_folder

PIECE = 4_000_000  # bytes
FORMATS = {
    "nc": ("NetCDF", "application/x-netcdf"),
    "zarr.zip": ("Zarr (zip)", "application/zip"),
    "csv": ("CSV", "text/csv"),
    "cir": ("SPICE netlist", "text/plain"),
}
RUN, NETLIST = ("nc", "zarr.zip", "csv"), ("cir",)
OF_SHOWN = "It holds the run that is shown: the settings have changed since."
RECEIVE = """
const [job, index, last, name, type] = cb_obj.tags
if (index === 0) { cb_obj.pieces = [] }
cb_obj.pieces.push(new Blob([cb_obj.get_column("bytes")]))
if (last) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob(cb_obj.pieces, {type}))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
  cb_obj.pieces = []
}
answer.text = `${job}:${index}`
"""


def file_name(run: runs.Run, kind: str) -> str:
    """``synaptogen-64x64-100c-seed1.nc``."""
    array = run.request.array
    return f"synaptogen-{array.rows}x{array.columns}-{run.cycles}c-seed{array.seed}.{kind}"


def write(
    run: runs.Run, request: Request, kind: str, progress: Callable[[float], None], cancel: threading.Event
) -> IO[bytes]:
    """Write all cells of a run to a file that vanishes when closed; simulated again if only a sample is at hand."""
    if kind in NETLIST:
        return io.BytesIO(compute.netlist_of(run, request).encode())
    if run.sample.step == 1:
        return dataset_stream(run.data, kind)
    with temporary_folder() as folder:
        path = folder / f"run.{kind}"
        simulate_to_file(
            runs.make_cells(run.request), run.train, path, **runs.recording(run.request, run.train),
            budget=runs.BUDGET // 2, progress=progress, cancel=cancel,
        )  # fmt: skip
        return path.open("rb")  # the open file outlives its name


@dataclass(frozen=True)
class Order:
    """A file to be sent: its name, and what writes it when it is given `progress` and `cancel`."""

    name: str
    write: Callable[[Callable[[float], None], threading.Event], IO[bytes]]
    note: str = ""  # what is to be said of it when it has been sent


def run_order(session: Session, kind: str) -> Order | str:
    """The run that a page shows, or why there is none."""
    run = session.run
    if run is None:
        return "Nothing to download yet: the run that the settings ask for has not been made."
    changed = OF_SHOWN if session.settings.request().simulation != run.key else ""
    return Order(file_name(run, kind), partial(write, run, session.request_for(run), kind), changed)


class Downloads:
    """Buttons of some formats (a label and a media type each), and a line that says how far the download is.

    Each click is answered there: the file is written, or waits for its turn, or cannot be had (`order` gives a sentence
    then, which says why). One file at a time; what is asked for meanwhile comes next. The buttons stay as they are: a
    material component that is changed twice before it has drawn the first change sets the first one again, and a
    button that was disabled for a moment could stay so.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        order: Callable[[str], Order | str],
        formats: Mapping[str, tuple[str, str]],
    ):
        self._post, self._order, self._formats = post, order, formats
        self._file: IO[bytes] | None = None
        self._cancel = threading.Event()
        self._job = self._sent = self._size = 0
        self._name = self._type = self._doing = self._note = ""
        self._waiting: list[tuple[Order, str]] = []  # and their media types
        self._tasks: set[asyncio.Task[None]] = set()
        self._pieces, self._answer = ColumnDataSource({"bytes": []}), Div(text="", visible=False)
        self._pieces.js_on_change("data", CustomJS(args={"answer": self._answer}, code=RECEIVE))
        self._carrier = Div(text="", visible=False, tags=[self._pieces])  # the source must belong to the document
        self._answer.on_change("text", self._acknowledged)
        self.buttons = {kind: self._button(kind) for kind in formats}
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", icon="close", visible=False)
        self.cancel.on_click(self._stop)
        self.bar = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", visible=False)
        self.said = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 6), styles={"min-height": "1.4rem"})
        hidden = [pn.pane.Bokeh(model, width=0, height=0, margin=0) for model in (self._answer, self._carrier)]
        self._row = pmui.FlexBox(*self.buttons.values(), self.cancel, gap="8px", sizing_mode="stretch_width")
        self.layout = pmui.Column(
            self._row, self.bar, self.said, *hidden, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _button(self, kind: str) -> pmui.Button:
        button = pmui.Button(label=self._formats[kind][0], variant="outlined", icon="download", margin=2)
        button.on_click(lambda event: self.start(kind))
        return button

    def offer(self, kinds: Collection[str]) -> None:
        """Show the buttons of these formats only."""
        wanted = [*(button for kind, button in self.buttons.items() if kind in kinds), self.cancel]
        if wanted != self._row.objects:
            self._row.objects = wanted

    def start(self, kind: str) -> None:
        """Begin a download of what there is now, or let it wait for its turn."""
        order, busy = self._order(kind), self.cancel.visible
        if isinstance(order, str):
            self.said.object = escape(f"{self._doing}. {order}" if busy else order)
            return
        asked = [waiting.name for waiting, _ in self._waiting]
        if busy and not self._cancel.is_set():
            asked.append(self._name)
        if order.name not in asked:
            self._waiting.append((order, self._formats[kind][1]))
        if busy:
            self._say(self._doing)  # and what comes next
        else:
            self._next()

    def _next(self) -> None:
        order, self._type = self._waiting.pop(0)
        self._name, self._note, self._sent, self._cancel = order.name, order.note, 0, threading.Event()
        self._job += 1
        self._busy(True, f"Writing {order.name}")
        task = asyncio.get_running_loop().create_task(self._write(self._job, order, self._cancel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """The end of the page."""
        self._cancel.set()
        self._waiting.clear()
        if self._file:
            self._file.close()
            self._file = None

    def _stop(self, event: object) -> None:
        sending = self._file is not None
        self.stop()
        self._busy(not sending, "Cancelled." if sending else "Stopping …")

    async def _write(self, job: int, order: Order, cancel: threading.Event) -> None:
        loop = asyncio.get_running_loop()

        def progress(done: float) -> None:
            text = f"Writing {order.name}, {100 * done:.0f} %"
            loop.call_soon_threadsafe(self._post, lambda: self._show(job, done, text))

        try:
            file = await loop.run_in_executor(LONG_RUNS, order.write, progress, cancel)
        except Cancelled:
            self._post(lambda: self._done("Cancelled."))
            return
        except Exception as error:
            dropped = ", ".join(order.name for order, _ in self._waiting)
            text = sentence(error) + (f" Not sent either: {dropped}." if dropped else "")
            self._waiting.clear()  # or the next one would write over what went wrong
            self._post(lambda: self._done(text))
            return
        if cancel.is_set():
            file.close()
            self._post(lambda: self._done("Cancelled."))
            return
        self._size, self._file = file.seek(0, os.SEEK_END), file
        file.seek(0)
        self._post(lambda: self._send(0))

    def _send(self, index: int) -> None:
        if self._file is None:
            return
        piece = self._file.read(PIECE)
        self._sent += len(piece)
        last = self._sent >= self._size
        self._pieces.update(
            tags=[self._job, index, last, self._name, self._type], data={"bytes": np.frombuffer(piece, np.uint8)}
        )
        self._show(self._job, self._sent / max(1, self._size), f"Sending {self._name}")
        if last:
            self._file.close()
            self._file = None

    def _acknowledged(self, attribute: str, old: str, new: str) -> None:
        job, index = (int(part) for part in new.split(":"))
        if job != self._job:
            return
        if self._file is not None:
            self._send(index + 1)
        elif self.cancel.visible:  # not cancelled on the way
            self._done(f"Sent {self._name}, {theme.size(self._size)}. {self._note}".strip())

    def _show(self, job: int, done: float, text: str) -> None:
        if job == self._job and self.cancel.visible:
            self.bar.value = int(100 * done)
            self._say(text)

    def _done(self, text: str) -> None:
        self._busy(False, text)
        if self._waiting:
            self._next()

    def _busy(self, busy: bool, text: str) -> None:
        self.bar.visible = self.cancel.visible = busy
        self.bar.value = 0
        self._say(text)

    def _say(self, text: str) -> None:
        self._doing = text
        after = ", ".join(order.name for order, _ in self._waiting)
        self.said.object = escape(f"{text}; then {after}" if after else text)
