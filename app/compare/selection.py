"""The cells that are selected on the whole page: a line that says so, and steps through the most unusual ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.look import layout
from app.work.chosen import places_of, table_of
from app.work.lane import Post, begin, in_thread
from app.work.runs import Run
from app.work.session import Session
from synaptogen_core.analysis.exploring.unusual import worst
from synaptogen_core.schema import FEATURES

ANY = "any"
ITEMS = ((ANY, "Next outlier in any number"), *(
    (f"{f.name}.{number}", f"Next outlier in the {words} of {f.symbol}")
    for f in FEATURES for number, words in (("median", "median"), ("std", "C2C spread"))
))  # fmt: skip


class SelectionLine:
    """Shown while cells are selected."""

    def __init__(self, session: Session, post: Post, show: Callable[[str], None]):
        self._session, self._post = session, post
        self._step: tuple[str, int] = ("", -1)  # quantity, and how far through its worst cells
        self.text = pn.pane.HTML("", margin=(8, 8), styles={"font-size": "0.9rem"})
        edit = pmui.Button(label="Open in the Explorer", variant="text", size="small")
        edit.on_click(lambda event: post(self._edit))
        clear = pmui.Button(label="Unmark", variant="text", size="small")
        clear.on_click(lambda event: post(lambda: setattr(session.settings.selection, "group", "")))
        self._show = show
        self.layout = layout.flow(self.text, edit, clear, visible=False)
        session.settings.selection.param.watch(lambda event: self.refresh(), "group")
        session.status.param.watch(lambda event: self.refresh(), "state")

    def _edit(self) -> None:
        self._session.settings.options["explorer"].selection = self._session.settings.selection.group
        self._show("explorer")

    def refresh(self) -> None:
        """Say how many there are."""
        rule, run = self._session.settings.selection.group, self._session.run
        self.layout.visible = bool(rule)
        if rule and run is not None and self._session.status.state == "ready":
            try:
                count = places_of(run, rule)[0].size
            except ValueError as error:
                self._session.settings.selection.group = ""  # what is accepted takes away what was told before
                self._session.tell(ValueError(f"Selected cells: {error}"))
                return
            self.text.object = (
                f'<span style="color:#E69F00">◯</span> {count:,} of {run.sample.count:,} cells are marked on every tab'
            )

    def next(self, quantity: str) -> None:
        """Follow the next cell of those that differ most from the others."""
        run = self._session.run
        if run is not None:
            begin(self._next(run, quantity))

    async def _next(self, run: Run, quantity: str) -> None:
        cells = await in_thread(worst_cells, run, "" if quantity == ANY else quantity)
        last, step = self._step
        step = step + 1 if last == quantity and step + 1 < len(cells) else 0
        self._step = quantity, step
        self._post(lambda: setattr(self._session.settings.selection, "cells", [cells[step]]))


def worst_cells(run: Run, quantity: str, most: int = 200) -> Sequence[tuple[int, int]]:
    """Row and column of the most unusual cells of a run, the worst first."""
    order: Any = worst(table_of(run), quantity)[:most]
    kept = run.sample.select()
    flat = order if kept is None else kept[order]
    return [divmod(int(place), run.request.array.columns) for place in flat]
