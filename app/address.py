"""The address bar follows the settings, and a button copies it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import CustomJS, Div

from app.link import to_query
from app.settings import Settings

# Panel's own Location pushes a history entry for each change, which would bury the Back button under a slider.
FOLLOW = "history.replaceState(null, '', '?' + cb_obj.text)"
COPY = """
const done = () => { button.data.label = "Copied"; setTimeout(() => { button.data.label = "Copy link" }, 1500) }
const old = () => { // without https there is no clipboard object
  const box = document.createElement("textarea")
  box.value = window.location.href
  document.body.append(box)
  box.select()
  document.execCommand("copy")
  box.remove()
  done()
}
if (navigator.clipboard) { navigator.clipboard.writeText(window.location.href).then(done, old) } else { old() }
"""


class Address:
    """Keeps the address of the page equal to its settings."""

    def __init__(self, settings: Settings, tab: Callable[[], str]):
        self._settings, self._tab = settings, tab
        self._text = Div(text="", visible=False)
        self._text.js_on_change("text", CustomJS(code=FOLLOW))
        self.button = pmui.Button(label="Copy link", variant="outlined", size="small", icon="link")
        self.button.js_on_click(args={"button": self.button}, code=COPY)
        self.layout = pn.pane.Bokeh(self._text, width=0, height=0, margin=0)
        settings.watch(self.refresh)

    def refresh(self, *events: Any) -> None:
        """Write the present settings into the address bar."""
        self._text.text = to_query(self._settings, self._tab())
