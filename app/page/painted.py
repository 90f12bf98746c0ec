"""The browser says when it has painted what it was sent: the server cannot know."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import CustomJS, Div

from app.look import layout

PLACES = "places-of-tabs"  # class of what the pictures are in
# A drawing is painted when, in a frame of the browser, every visible part of it has its view, every view is finished,
# and no figure has anything left to paint; and when that frame is over. A page in the background has no frames: what
# nobody can see is not painted. A number that is no longer the newest one is forgotten.
LOOK = f"""
const number = sent.text
const children = (view) => (view.model.type === "Figure" ? [] : view.child_models ?? [])
const painted = (view) => {{
  if (view.model.visible === false || view.el?.style.visibility === "hidden") {{ return true }}
  const models = children(view).filter((model) => model.visible !== false)
  const views = (view.child_views ?? []).filter((child) => models.includes(child.model))
  if (views.length < models.length || !views.every(painted)) {{ return false }}
  if (view.model.type !== "Figure") {{ return view._rendered ?? true }}
  return view.has_finished() && !view._invalidate_all && !view._invalidated_painters?.size
}}
const places = (view) => {{
  if (view.model.css_classes?.includes("{PLACES}")) {{ return view }}
  for (const child of view.child_views ?? []) {{
    const found = places(child)
    if (found) {{ return found }}
  }}
}}
const look = () => {{
  if (sent.text !== number) {{ return }}
  const roots = [...Bokeh.index].filter((view) => view.model.document === sent.document)
  const found = roots.map(places).find((view) => view)
  if (!found || !painted(found)) {{ // look again, but leave the time to who paints
    setTimeout(() => requestAnimationFrame(look), 30)
    return
  }}
  requestAnimationFrame(() => setTimeout(() => {{ if (sent.text === number) {{ answer.text = number }} }}))
}}
requestAnimationFrame(look)
"""


class Painted:
    """Asks the browser to say when it has painted; `painted` gets the number of the drawing."""

    def __init__(self, painted: Callable[[int], None]):
        self._sent, self._answer = Div(text="", visible=False), Div(text="", visible=False)
        self._look = CustomJS(args={"sent": self._sent, "answer": self._answer}, code=LOOK)
        self._sent.js_on_change("text", self._look)
        self._answer.on_change("text", lambda attribute, old, new: painted(int(new)))
        self.layout = layout.column(
            *(pn.pane.Bokeh(model, width=0, height=0, margin=0) for model in (self._sent, self._answer)), height=0
        )

    def ask(self, number: int) -> None:
        """Set with the document's lock, in the same hold as the changes themselves, and after them."""
        self._sent.text = str(number)

    def follow(self, document: Document) -> None:
        """A page that is sent with its pictures says so, too."""
        document.js_on_event(DocumentReady, self._look)
