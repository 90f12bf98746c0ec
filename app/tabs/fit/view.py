"""The Fit tab: a file, its loops with the extracted points, the fit beside the measurement, the device for all tabs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from param.parameterized import Event

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.plain import escape
from app.tabs.fit import text
from app.tabs.fit.compare_view import ComparePart
from app.tabs.fit.file_view import FilePart
from app.tabs.fit.loops_view import LoopsPart
from app.tabs.view import Context
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.fit.compare import Fitted, Judged

FILES = ("json", "published.json", "html", "features.csv", "estimates.csv")
OF_LOOPS = ("set_method", "reset_method", "smoothing", "series_resistance", "polarity")


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        work = context.work
        self.file = FilePart(work)
        self.loops = LoopsPart(self.theme, partial(work.look, "loop"))
        self.compare: ComparePart | None = None  # a dozen figures: made with the first fit
        self.verdict, self.facts = text.words(), text.words()
        self.use = pmui.Button(label="Use this device on all tabs", variant="contained", icon="check", margin=(6, 8))
        self.use.on_click(lambda event: work.use())
        self.used, self.of_file = theme.note(), theme.note()  # which device the tabs show
        work.status.param.watch(self._whose, "page")
        context.options.param.watch(self._whose, "device_name")
        self.estimates: Any = None
        self.of_loops, self.of_fit = self._controls()
        self.fitted: Fitted | None = None
        self.judged: Judged | None = None
        self.verdict_card = theme.card(theme.heading("What this device is good for"), self.verdict, self.use, self.used)
        self.facts_card = theme.card(theme.heading("The fit"), self.facts)
        self.said = theme.grid(self.verdict_card, self.facts_card, sizes={"xs": 12, "lg": 6})
        self.numbers = text.words()
        self.numbers_card = theme.card(theme.heading("In numbers that matter"), self.numbers)
        self.two = text.words()
        keep = pmui.Button(label="Keep this fit to compare", variant="outlined", size="small", margin=(2, 8))
        keep.on_click(lambda event: work.keep())
        self.two_card = theme.card(theme.heading("Fits side by side"), self.two, keep)
        self.files = context.downloads(FILES)
        self.downloads = theme.card(theme.heading("Download"), self.files.layout)
        self.pictures = layout.column(gap=10)
        after = (self.said, self.numbers_card, self.two_card, self.pictures, self.downloads)
        for part in (*after, self.of_loops, self.of_fit):
            part.visible = False
        self.layout = layout.column(
            self.file.layout, self.of_file, self.of_loops, self.loops.layout, self.of_fit, self.said, self.numbers_card,
            self.two_card, self.pictures, self.downloads, gap=10,
        )  # fmt: skip
        work.connect(self.show)

    def _controls(self) -> tuple[Panel, Panel]:
        """Options of the extraction, and of the fit."""
        options = self.context.options

        def row(of_loops: bool) -> Panel:
            names = tuple(name for name in options.names() if (name in OF_LOOPS) == of_loops)
            boxes = ("smoothing", "series_resistance")
            return Panel(
                (Group(options, names),), layout="bar", boxes=boxes, words={"device_name": "words", "limits": "words"}
            )

        return row(True), row(False)

    def update(self, result: None) -> None:
        """Nothing here depends on the run."""

    def _whose(self, *events: Event) -> None:
        says = escape(self.context.work.whose())
        self.used.object = says
        self.of_file.param.update(object=says, visible=bool(says) and self.fitted is None)

    def show(self, stage: str, found: Any) -> None:
        """Pictures of a stage, or nothing. Called with the document's lock, inside one hold."""
        if stage == "columns":
            self.file.columns.ask(found)
        elif stage == "read":
            self.file.show(found)
            self.of_loops.visible = found is not None and found.loops
        elif stage == "screen":
            self.loops.show(found)
            self.of_fit.visible = found is not None
        elif stage == "fit":
            self.fitted, self.pictures.visible = found, found is not None
            if found is not None:
                self._show_fit(found)
        elif stage == "judge":
            self.judged = found
            if self.compare is not None:
                self.compare.show_validation(found)
        elif stage == "numbers":
            self.numbers.object, self.numbers_card.visible = text.compared(found), found is not None
            self.two_card.visible = found is not None
        elif stage == "beside":
            self.two.object = text.two(found)
        self.said.visible = self.fitted is not None
        offered = [kind for kind in FILES if not isinstance(self.context.work.order(kind), str)]
        self.files.offer(offered)
        self.downloads.visible = bool(offered)
        self._whose()
        self.verdict.object = text.verdict(self.judged, self.fitted)

    def _show_fit(self, found: Fitted) -> None:
        if self.compare is None:
            self.compare = ComparePart(self.theme, partial(self.context.work.look, "scatter"))
            self.estimates = theme.table()
            numbers = theme.card(theme.heading("Estimates"), self.estimates)
            self.pictures.objects = [self.compare.of_validation, self.compare.of_fit, numbers]
        self.compare.show_fit(found)
        self.facts.object = text.facts(found)
        self.estimates.object = text.estimates(found.estimates)
