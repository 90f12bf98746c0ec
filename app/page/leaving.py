"""The browser asks before it leaves a page whose device or fit would be lost."""

from __future__ import annotations

import panel as pn
from bokeh.models import Div
from param.parameterized import Event

from app.settings.sections import Settings
from app.tabs.fit.session import FitWork
from app.work.lane import Post

NAME = "lost when the page is left"
ASK = f"""
window.addEventListener("beforeunload", (event) => {{
  const models = Bokeh.documents.flatMap((document) => [...document.all_models])
  if (models.some((model) => model.name === "{NAME}" && model.text !== "")) {{ event.preventDefault() }}
}})
"""


class Leaving:
    """Tells the browser whether there is something to lose."""

    def __init__(self, settings: Settings, work: FitWork, post: Post):
        self._settings, self._work, self._post = settings, work, post
        self._lost = Div(text="", visible=False, name=NAME)
        self.layout = pn.pane.Bokeh(self._lost, width=0, height=0, margin=0)
        settings.device.param.watch(self._changed, "own")
        work.status.param.watch(self._changed, "stage")

    def lost(self) -> bool:
        """Whether leaving the page would lose a device of the user's own, or a file with what was made of it."""
        return self._settings.device.own is not None or self._work.source is not None

    def _changed(self, *events: Event) -> None:
        self._post(lambda: self._lost.update(text="yes" if self.lost() else ""))
