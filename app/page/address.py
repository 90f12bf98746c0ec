"""The address bar follows the settings; the browser's Back and Forward, Undo and Redo go through their states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import panel as pn
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import CustomJS, Div
from param.parameterized import Event

from app.look.copy_button import CopyButton
from app.settings import session_file
from app.settings.history import History
from app.settings.link import to_query
from app.settings.sections import Settings
from app.work.lane import Post, has_loop
from synaptogen_core.device.parameters import DeviceParameters

REST = 0.7  # seconds without a change after which the settings have come to rest: then Back leads here
# Panel's own Location pushes a history entry for each change, which would bury the Back button under a slider.
FOLLOW = "history.replaceState({state: number.at ?? 0}, '', '?' + query.text + device.text)"
# The address of the entry that is left was replaced on the way: it gets back the one with which it had come to rest.
ARRIVE = """
const [what, at] = cb_obj.text.split(":")
if (what === "push") {
  const here = location.href
  history.replaceState({state: cb_obj.at ?? 0}, "", cb_obj.rest ?? here)
  history.pushState({state: Number(at)}, "", here)
}
if (what === "go") { history.go(Number(at)) } else {
  cb_obj.at = Number(at)
  cb_obj.rest = location.href
}
"""
LISTEN = """
number.at = 0
const device = location.hash.startsWith("#device=") ? location.hash : ""
if (device || new URLSearchParams(location.search).has("carried")) { carried.text = device.slice(8) || "none" }
history.replaceState({state: 0}, "", "?" + query.text + device) // every value, also of a page that nobody has changed
number.rest = location.href
window.addEventListener("popstate", (event) => { asked.text = `${event.state?.state ?? 0}:${Date.now()}` })
"""


class Address:
    """Keeps the address of the page equal to its settings, and the states in which they came to rest."""

    def __init__(
        self, settings: Settings, place: Callable[[], tuple[str, bool]], take: Callable[[str], None], post: Post
    ):  # fmt: skip
        self._settings, self._place, self._post, self._due = settings, place, post, False
        self.history = History(settings)
        self.changed: Callable[[], None] = lambda: None  # called when Undo or Redo may have become possible
        self._rest: asyncio.TimerHandle | None = None
        self._number = count()
        self._packed: tuple[DeviceParameters | None, str] = (None, "")  # the user's own device, and as a link has it
        models = [Div(text="", visible=False) for _ in range(5)]
        self._text, self._device, self._at, self._asked, self._carried = models
        follow = CustomJS(args={"number": self._at, "query": self._text, "device": self._device}, code=FOLLOW)
        self._device.js_on_change("text", follow)
        self._text.js_on_change("text", follow)
        self._at.js_on_change("text", CustomJS(code=ARRIVE))
        self._asked.on_change("text", lambda attribute, old, new: self._go(new))
        self._carried.on_change("text", lambda attribute, old, new: take(new))
        self.copy = CopyButton("Copy link", address=True)
        self.layout = pn.Column(
            *(pn.pane.Bokeh(model, width=0, height=0, margin=0) for model in models),
            width=0, height=0, margin=0,
        )  # fmt: skip
        settings.watch(self.refresh)

    def follow(self, document: Document) -> None:
        """Begin with the whole address, and hear of the browser's Back and Forward."""
        self._write()
        args = {"number": self._at, "asked": self._asked, "query": self._text, "carried": self._carried}
        document.js_on_event(DocumentReady, CustomJS(args=args, code=LISTEN))

    def refresh(self, *events: Event) -> None:
        """Write the settings into the address bar: soon, once for many changes, and under the document's lock."""
        if not self._due:
            self._due = True
            self._post(self._write)
        if events and has_loop():
            self.close()
            self._rest = asyncio.get_running_loop().call_later(REST, self._post, self._record)

    def close(self) -> None:
        """No more states."""
        if self._rest is not None:
            self._rest.cancel()

    def undo(self) -> None:
        """Back by one state, through the browser."""
        self._send("go:-1") if self.history.can_undo else None

    def redo(self) -> None:
        """Forth by one state, through the browser."""
        self._send("go:1") if self.history.can_redo else None

    def amend(self) -> None:
        """What came with the link is the state that the page was opened with, not a change of it."""
        self.close()
        self.history.amend()

    def _record(self) -> None:
        if self.history.record():
            self._send(f"push:{self.history.at}")
            self.changed()

    def _go(self, asked: str) -> None:
        """The browser shows another entry of its history."""
        number = asked.partition(":")[0]
        if number.isdecimal() and len(number) < 10:
            self.close()
            self._record()  # what has not come to rest yet is a state, too; the browser has moved on without it
            self.history.go(int(number))
            self._send(f"at:{self.history.at}")
            self.changed()

    def _send(self, text: str) -> None:
        self._at.text = f"{text}:{next(self._number)}"

    def _write(self) -> None:
        self._due = False
        own = self._settings.device.own
        if own is not self._packed[0]:
            self._packed = own, session_file.device_to_link(own)
        packed = self._packed[1]
        self._device.text = f"#device={packed}" if packed else ""
        self._text.text = to_query(self._settings, *self._place(), carried=bool(packed))
