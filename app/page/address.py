"""The address bar follows the settings, and a button copies it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
from bokeh.models import CustomJS, Div

from app.look.copy_button import CopyButton
from app.settings.link import to_query
from app.settings.sections import Settings
from app.work.lane import Post

# Panel's own Location pushes a history entry for each change, which would bury the Back button under a slider.
FOLLOW = "history.replaceState(null, '', '?' + cb_obj.text)"


class Address:
    """Keeps the address of the page equal to its settings."""

    def __init__(self, settings: Settings, place: Callable[[], tuple[str, bool]], post: Post):
        self._settings, self._place, self._post, self._due = settings, place, post, False
        self._text = Div(text="", visible=False)
        self._text.js_on_change("text", CustomJS(code=FOLLOW))
        self.copy = CopyButton("Copy link", address=True)
        self.layout = pn.pane.Bokeh(self._text, width=0, height=0, margin=0)
        settings.watch(self.refresh)

    def refresh(self, *events: Any) -> None:
        """Write the settings into the address bar: soon, once for many changes, and under the document's lock."""
        if not self._due:
            self._due = True
            self._post(self._write)

    def _write(self) -> None:
        self._due = False
        self._text.text = to_query(self._settings, *self._place())
