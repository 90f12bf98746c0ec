"""A button that copies a text to the clipboard."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from bokeh.models import Div

COPY = """
const text = %s
const done = () => { cb_obj.data.label = "Copied"; setTimeout(() => { cb_obj.data.label = "%s" }, 1500) }
const old = () => { // without https there is no clipboard object
  const box = document.createElement("textarea")
  box.value = text
  document.body.append(box)
  box.select()
  document.execCommand("copy")
  box.remove()
  done()
}
if (navigator.clipboard) { navigator.clipboard.writeText(text).then(done, old) } else { old() }
"""


class CopyButton:
    """Copies `text`, or what a JavaScript expression (`what`) gives when the button is pressed."""

    def __init__(self, label: str, *, icon: str = "content_copy", what: str = ""):
        name = f"text of {label}"
        self._carrier = Div(text="", visible=False, tags=[""], name=name)
        # Panel keeps the arguments of a JavaScript callback for ever, and with them the page: find it by name.
        found = f"Array.from(cb_obj.document.all_models).find((model) => model.name === '{name}').tags[0]"
        self.button = pmui.Button(label=label, variant="outlined", size="small", icon=icon)
        self.button.js_on_click(code=COPY % (what or found, label))
        carrier = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)
        self.layout = pmui.Row(self.button, carrier, margin=0)

    @property
    def text(self) -> str:
        return str(self._carrier.tags[0])

    @text.setter
    def text(self, text: str) -> None:
        self._carrier.tags = [text]
