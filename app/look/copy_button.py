"""A button that copies a text, or the address of the page, to the clipboard, and says so."""

from __future__ import annotations

import re

import panel as pn
import panel_material_ui as pmui
from bokeh.models import Div

COPIES = "copies"  # class of such a button; a second one names it
# Run once, when the page is there: Panel attaches no callback of its own to what comes into the page later, such as
# the view of another tab. A browser takes a text from a click only, so the server cannot do it.
LISTEN = f"""
const labels = new Map() // as they are when nothing is said
const copy = (button, text) => {{
  if (!labels.has(button)) {{ labels.set(button, button.data.label) }}
  const say = (words) => {{
    button.data.label = words
    setTimeout(() => {{ button.data.label = labels.get(button) }}, 2000)
  }}
  const old = () => {{ // without https there is no clipboard object, and the browser may refuse
    const box = document.createElement("textarea")
    box.value = text
    box.readOnly = true
    box.setAttribute("aria-label", "Text to copy")
    box.style.cssText = "position: fixed; inset: auto 16px 16px; height: 30vh; z-index: 9999"
    document.body.append(box)
    box.select()
    if (document.execCommand("copy")) {{
      box.remove()
      say("Copied")
    }} else {{ // it stays, selected, until it is left
      box.addEventListener("blur", () => box.remove())
      say("Press Ctrl+C")
    }}
  }}
  if (!text) {{
    say("Nothing to copy yet")
  }} else if (navigator.clipboard) {{
    navigator.clipboard.writeText(text).then(() => say("Copied"), old)
  }} else {{
    old()
  }}
}}
window.addEventListener("click", (event) => {{
  const pressed = event.composedPath().find((element) => element.classList?.contains("{COPIES}"))
  if (!pressed) {{ return }}
  const models = Bokeh.documents.flatMap((document) => [...document.all_models])
  const name = [...pressed.classList].find((each) => each.startsWith("{COPIES}-"))
  const carrier = models.find((model) => model.name === name)
  const button = models.find((model) => model.css_classes?.includes(name))
  copy(button, carrier ? carrier.tags[0] : window.location.href)
}})
"""


class CopyButton:
    """Copies `text`; with `address`, the address of the page instead."""

    def __init__(self, label: str, *, icon: str = "content_copy", address: bool = False):
        name = f"{COPIES}-{re.sub('[^a-z]+', '-', label.lower())}"
        self._carrier = Div(text="", visible=False, tags=[""], name=name)
        self.button = pmui.Button(label=label, variant="outlined", size="small", icon=icon, css_classes=[COPIES, name])
        carrier = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)
        self.layout = pmui.Row(self.button, *([] if address else [carrier]), margin=0)

    @property
    def text(self) -> str:
        return str(self._carrier.tags[0])

    @text.setter
    def text(self, text: str) -> None:
        self._carrier.tags = [text]
