"""Downloads: the shown run, or another thing, as a file: written in the background and sent piece by piece.

The pieces go through the page's own websocket, so that a run of any size needs neither its size in memory nor a route
of its own in the server. The browser acknowledges each piece, so that no more than one is ever under way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, CustomJS, Div

from app.look import theme
from app.look.plain import escape
from app.work.lane import LONG_RUNS, JobError, Lane, Post, begin
from synaptogen_core.errors import Cancelled
from synaptogen_core.progress import Progress

PIECE = 4_000_000  # bytes
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


@dataclass(frozen=True)
class Order:
    """A file to be sent: its name, and what writes it when it is given `progress` and `cancel`."""

    name: str
    write: Callable[[Progress, threading.Event], IO[bytes]]
    note: str = ""  # what is to be said of it when it has been sent
    question: str = ""  # what is to be said first of a very large one: it is written at the second click


class Downloads:
    """Buttons of some formats (a label and a media type each), and a line that says how far the download is.

    Each click is answered there: the file is written, or waits for its turn, or cannot be had (`order` gives a sentence
    then, which says why). One file at a time; what is asked for meanwhile comes next. The buttons stay as they are: a
    material component that is changed twice before it has drawn the first change sets the first one again, and a
    button that was disabled for a moment could stay so.
    """

    def __init__(
        self,
        post: Post,
        order: Callable[[str], Order | str],
        formats: Mapping[str, tuple[str, str]],
    ):
        self._post, self._order, self._formats = post, order, formats
        self._file: IO[bytes] | None = None
        self._lane = Lane()
        self._sent = self._size = 0
        self._name = self._type = self._doing = self._note = self._asked = ""
        self._waiting: list[tuple[Order, str]] = []  # and their media types
        self._pieces, self._answer = ColumnDataSource({"bytes": []}), Div(text="", visible=False)
        self._pieces.js_on_change("data", CustomJS(args={"answer": self._answer}, code=RECEIVE))
        self._carrier = Div(text="", visible=False, tags=[self._pieces])  # the source must belong to the document
        self._answer.on_change("text", self._acknowledged)
        self.buttons = {kind: self._button(kind) for kind in formats}
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", icon="close", visible=False)
        self.cancel.on_click(self._stop)
        self.bar = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", visible=False)
        self.said = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 6))
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
        if order.question and self._asked != order.name:
            self._asked = order.name
            self.said.object = escape(order.question)
            return
        self._asked = ""
        asked = [waiting.name for waiting, _ in self._waiting]
        if busy and not self._lane.cancelled:
            asked.append(self._name)
        if order.name not in asked:
            self._waiting.append((order, self._formats[kind][1]))
        if busy:
            self._say(self._doing)  # and what comes next
        else:
            self._next()

    def _next(self) -> None:
        order, self._type = self._waiting.pop(0)
        self._name, self._note, self._sent = order.name, order.note, 0
        self._busy(True, f"Writing {order.name}")
        begin(self._write(order, self._lane.do(order.write, tell=self._tell, pool=LONG_RUNS)))

    def _tell(self, done: float, seconds: float) -> None:
        job, text = self._lane.number, f"Writing {self._name}, {100 * done:.0f} %"
        self._post(lambda: self._show(job, done, text))

    def stop(self) -> None:
        """The end of the page."""
        self._lane.cancel()
        self._waiting.clear()
        if self._file:
            self._file.close()
            self._file = None

    def _stop(self, event: object) -> None:
        sending = self._file is not None
        self.stop()
        self._busy(not sending, "Cancelled." if sending else "Stopping …")

    async def _write(self, order: Order, written: Coroutine[Any, Any, IO[bytes]]) -> None:
        try:
            file = await written
        except Cancelled:
            self._post(lambda: self._done("Cancelled."))
            return
        except JobError as failed:
            dropped = ", ".join(order.name for order, _ in self._waiting)
            text = str(failed) + (f" Not sent either: {dropped}." if dropped else "")
            self._waiting.clear()  # or the next one would write over what went wrong
            self._post(lambda: self._done(text))
            return
        if self._lane.cancelled:
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
        job = self._lane.number
        self._pieces.update(
            tags=[job, index, last, self._name, self._type], data={"bytes": np.frombuffer(piece, np.uint8)}
        )
        self._show(job, self._sent / max(1, self._size), f"Sending {self._name}")
        if last:
            self._file.close()
            self._file = None

    def _acknowledged(self, attribute: str, old: str, new: str) -> None:
        job, index = (int(part) for part in new.split(":"))
        if job != self._lane.number:
            return
        if self._file is not None:
            self._send(index + 1)
        elif self.cancel.visible:  # not cancelled on the way
            self._done(f"Sent {self._name}, {theme.size(self._size)}. {self._note}".strip())

    def _show(self, job: int, done: float, text: str) -> None:
        if job == self._lane.number and self.cancel.visible:
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
