"""The Explorer: two to four pictures, what is selected in them, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.copy_button import CopyButton
from app.settings.sections import Section
from app.tabs.explorer import choosing
from app.tabs.explorer.card import PictureCard
from app.tabs.explorer.picker import CellList
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted
from synaptogen_core.plots.exploring.draw import KINDS
from synaptogen_core.plots.exploring.quantities import unit_of
from synaptogen_core.schema import FEATURES

if TYPE_CHECKING:
    from bokeh.events import Tap

    from app.tabs.explorer.compute import Result
    from synaptogen_core.plots.exploring.drawing import Drawing

MOST = 4
FILES = ("selection.nc", "selection.csv")
SIGN = "; "
NEW = ("scatter r_hrs.median u_set.median", "trace r_lrs")  # what a further picture shows at first


class Typed(Section):
    """A range without a mouse."""

    quantity = param.Selector(default="r_lrs.median", label="Select by numbers", doc="Of each cell or cycle.",
                              objects={"Median LRS resistance (kΩ)": "r_lrs.median"})  # fmt: skip
    ends = param.String("", label=choosing.ENDS, doc="Two values in this unit, a comma or semicolon between; Enter.")


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        options = context.options
        kinds = [[kind, words, count] for kind, (words, count) in KINDS.items()]
        self.cards = [PictureCard(self.theme, k, kinds, self._pick, self._drawn, self._clicked) for k in range(MOST)]
        self.typed = Typed()
        self.typed.param.watch(self._typed, "ends")
        self.typed.param.watch(lambda event: setattr(self.typed, "ends", ""), "quantity")
        small: dict[str, object] = {"variant": "outlined", "size": "small", "margin": (4, 4)}
        self.more = pmui.Button(label="Add a picture", icon="add", **small)
        self.more.on_click(lambda event: self._pick(MOST, ""))
        self.invert = pmui.Button(label="Invert", icon="flip", **small)
        self.invert.on_click(lambda event: setattr(options, "selection", choosing.inverted(options.selection)))
        self.clear = pmui.Button(label="Clear", icon="close", **small)
        self.clear.on_click(lambda event: setattr(options, "selection", ""))
        small["margin"] = 2  # as the buttons beside them
        self.follow = pmui.Button(label="Follow the most unusual", icon="visibility", **small)
        self.follow.on_click(lambda event: self._follow())
        self.use = pmui.Button(label="Mark on every tab", icon="push_pin", **small)
        self.use.on_click(lambda event: context.apply({"group": options.selection}))
        self.python = CopyButton("Copy the pictures as Python", margin=2)
        self.link = CopyButton("Copy the link", address=True, margin=2)
        self.downloads = context.downloads(FILES)
        self.said, self.note = theme.heading(""), theme.note()
        self.cells = CellList(context.select, sizing_mode="stretch_width", margin=(2, 4))
        self.trouble = theme.Alert(severity="warning", visible=False, sizing_mode="stretch_width", margin=0)
        self.rows: list[tuple[int, int]] = []
        self._pictures: list[str] = []  # that are shown
        groups = Group(options, ("color", "mode")), Group(self.typed, title="More", open=False)
        self.layout = layout.column(
            Panel(groups, layout="bar", words={"ends": "words"}),
            layout.flow(self.invert, self.clear, self.more, gap="4px 4px"), self.trouble,
            theme.grid(*(card.layout for card in self.cards), sizes={"xs": 12, "md": 6}),
            theme.card(
                self.said, layout.flow(self.use, self.follow, self.link, self.python), self.downloads.layout, self.cells
            ),
            self.note, gap=10,
        )  # fmt: skip

    def of_one_run(self) -> Sequence[PictureCard]:
        return [card for card in self.cards if card.shown is not None]

    def update(self, result: Result) -> None:
        quantities = [list(each) for each in result.quantities]
        self._pictures = [str(drawing.spec) for drawing in result.drawings]
        named = {f"{words} ({unit_of(name)})" if unit_of(name) else words: name for name, words, _ in result.quantities}
        if self.typed.param.quantity.names != named:
            self.typed.param.quantity.objects = named
        for k, card in enumerate(self.cards):
            if k < len(result.drawings):
                drawing = result.drawings[k]
                places = choosing.places_in(drawing, result.cells)
                card.show(drawing, quantities, places, chosen=result.asked, can_go=len(result.drawings) > 2)
            else:
                card.hide()
        self.more.visible = len(result.drawings) < MOST
        self.use.visible = result.asked  # the two above the pictures stay: these would jump under the mouse
        self.said.object = f"<h3>{summary(result)}</h3>"
        self.rows = [row.cell for row in result.rows]
        cycles = ["Cycles"] if result.cycles is not None else []
        medians = [f"{f.symbol} ({theme.unit(f.name)})" for f in FEATURES]
        texts = [
            [
                *map(str, row.cell), row.component, *([f"{row.cycles}"] if cycles else []),
                *(theme.measured(value) for value in row.medians), row.why,
            ]
            for row in result.rows
        ]  # fmt: skip
        self.cells.param.update(
            head=["Component", *cycles, *medians, "Why it is unusual"], rows=texts, caption=caption(result)
        )
        self.python.text = result.python
        self.note.object = result.sample
        theme.say(self.trouble, result.trouble)

    def _pick(self, number: int, words: str) -> None:
        """Another picture in a card, none (empty), or one more."""
        now = list(self._pictures)
        if now[number : number + 1] == [words]:
            return  # not chosen, but shown
        if number >= len(now):
            now.append(next((new for new in NEW if new not in now), NEW[0]))
        elif words:
            now[number] = words
        else:
            del now[number]
        self.context.options.pictures = SIGN.join(now)

    def _drawn(self, drawing: Drawing, geometry: Mapping[str, object]) -> None:
        options = self.context.options
        options.selection = choosing.add(options.selection, drawing, geometry, options.mode)

    def _typed(self, event: Any) -> None:
        options = self.context.options
        if event.new:
            try:
                options.selection = choosing.between(options.selection, self.typed.quantity, event.new, options.mode)
            except ValueError as error:
                self.context.tell(str(error))

    def _clicked(self, drawing: Drawing, event: Tap) -> None:
        cell = choosing.cell_at(drawing, event.x, event.y)
        if cell is not None:
            self.context.select(*cell, add=event.modifiers["shift"] or event.modifiers["ctrl"])

    def _follow(self) -> None:
        if self.rows:
            self.context.apply({"cells": self.rows[:MOST]})


def summary(result: Result) -> str:
    """What is selected, in a line."""
    if not result.asked:
        return "Draw a box or a lasso in a picture: the same cells light up in all"
    cells = f"{result.count:,} of {counted(result.of, 'cell')} selected ({100 * result.count / result.of:.3g} %)"
    if result.cycles is None:
        return cells
    return f"{cells}, in {result.cycles:,} of {counted(result.of_cycles, 'cycle')}"


def caption(result: Result) -> str:
    """Over the table."""
    what = "selected cells" if result.asked else "cells of the array"
    if result.asked and not result.count:
        return "No cell is selected: the box is empty, or the steps leave nothing."
    return (
        f"The {len(result.rows)} most unusual {what}, medians over the cycles. σ: robust standard deviation of all "
        f"{counted(result.of, 'cell')}. Click a cell to follow it on every tab, with Shift one more."
    )
