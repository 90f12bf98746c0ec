"""A button that copies a text to the clipboard."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from bokeh.models import Div

# `cb_obj` is the click, not the button. What is said goes through the label: there the eye is.
COPY = """
const button = cb_obj.origin
const text = %(what)s
const say = (words) => {
  button.data.label = words
  setTimeout(() => { button.data.label = "%(label)s" }, 2000)
}
const old = () => { // without https there is no clipboard object, and the browser may refuse
  const box = document.createElement("textarea")
  box.value = text
  box.readOnly = true
  box.setAttribute("aria-label", "Press Ctrl+C to copy")
  box.style.cssText = "position: fixed; inset: auto 16px 16px; height: 30vh; z-index: 9999"
  document.body.append(box)
  box.select()
  if (document.execCommand("copy")) {
    box.remove()
    say("Copied")
  } else { // it stays, selected, until it is left
    box.addEventListener("blur", () => box.remove())
    say("Press Ctrl+C")
  }
}
if (!text) {
  say("Nothing to copy yet")
} else if (navigator.clipboard) {
  navigator.clipboard.writeText(text).then(() => say("Copied"), old)
} else {
  old()
}
"""


class CopyButton:
    """Copies `text`, or what a JavaScript expression (`what`) gives when the button is pressed."""

    def __init__(self, label: str, *, icon: str = "content_copy", what: str = ""):
        name = f"text of {label}"
        self._carrier = Div(text="", visible=False, tags=[""], name=name)
        # Panel keeps the arguments of a JavaScript callback for ever, and with them the page: find it by name.
        found = f"Array.from(button.document.all_models).find((model) => model.name === '{name}').tags[0]"
        self.button = pmui.Button(label=label, variant="outlined", size="small", icon=icon)
        self.button.js_on_click(code=COPY % {"what": what or found, "label": label})
        carrier = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)
        self.layout = pmui.Row(self.button, carrier, margin=0)

    @property
    def text(self) -> str:
        return str(self._carrier.tags[0])

    @text.setter
    def text(self, text: str) -> None:
        self._carrier.tags = [text]
