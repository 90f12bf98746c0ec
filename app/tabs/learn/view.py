"""Lessons: the list, or one step of one: text, question and verdict beside live pictures and numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel as pn
import panel_material_ui as pmui

from app.look import layout, theme
from app.look.number_box import NumberBox
from app.look.plain import escape
from app.look.tables import table
from app.tabs.learn.picture_view import LessonPicture
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.learn.compute import Ask, Offer, Page, Result, Verdict

MOST_CHOICES = 6
GOES_ON = "goes-on"  # page.js: where the keyboard goes on if the button that was pressed has gone
WIDE: dict[str, object] = {"sizing_mode": "stretch_width", "margin": 0}
TEXT = "p { margin: 0 0 10px; line-height: 1.5 } p:last-child { margin-bottom: 0 } code { font-size: 90% }"
# Where there is room for one column only, the pictures come first: who answers has seen them.
BELOW = "@media (max-width: 1199px) { :host { order: 1 } }"
# On a phone they stay in sight above the text, and the table of numbers comes after them.
STICKY = """@media (max-width: 599px) { :host { position: sticky; top: 0; z-index: 6; max-height: 46vh;
  overflow-y: auto; background: var(--panel-background-color, var(--panel-surface-color, #fff)); } }"""
LATER = "@media (max-width: 599px) { :host { order: 1 } }"
INTRODUCTION = (
    "Each lesson prepares the settings, asks you to predict, runs the experiment and checks your prediction against "
    "your own data. It changes the settings in the sidebar; when you leave the lesson, yours come back."
)


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self._page: Page | None = None
        self._asked: tuple[object, ...] = ()
        self._former: Callable[[], None] | None = None  # brings back the settings from before the lesson
        self.offers = layout.column()
        self.errors = theme.Alert(severity="error", visible=False, **WIDE)
        self.list = layout.column(theme.note(INTRODUCTION), self.offers, self.errors, gap=10)
        words = self._words()
        words.stylesheets = [*words.stylesheets, BELOW]
        halves = theme.grid(words, self._live(), sizes=[{"xs": 12, "lg": 5}, {"xs": 12, "lg": 7}])
        self.step = layout.column(self._head(), halves, visible=False, gap=10)
        self.layout = layout.column(self.list, self.step, css_classes=["lesson"])
        self._shown: tuple[Offer, ...] = ()

    # ------------------------------------------------------------------------------------------------ made once
    def _head(self) -> pn.Row:
        self.title = pmui.Typography("", variant="h6", margin=(0, 6), css_classes=[GOES_ON])
        leave = pmui.Button(label="All lessons", variant="text", size="small", icon="arrow_back", margin=0)
        leave.on_click(lambda event: self._leave())
        return layout.flow(leave, self.title, gap="2px 10px")

    def _words(self) -> pn.Column:
        self.heading = pmui.Typography("", variant="subtitle1", margin=(4, 6))
        self.text, self.explain = markdown(), markdown()
        self.question = markdown(styles={"font-weight": "600"})
        self.choices = [self._choice(i) for i in range(MOST_CHOICES)]
        self.number = NumberBox(label="Your prediction", value=None, width=220, margin=(8, 6))
        self.predict = pmui.Button(label="Predict", variant="contained", icon="science", margin=(6, 6))
        self.again = pmui.Button(label="Predict again", variant="outlined", size="small", icon="replay", margin=(6, 6))
        self.hint = theme.note()
        self.hint.visible = False
        self.verdict = theme.Alert(severity="success", visible=False, css_classes=[GOES_ON], **WIDE)
        self.differs = theme.Alert(severity="info", visible=False, **WIDE)
        self.restore = pmui.Button(label="Restore the lesson's settings", variant="outlined", size="small", icon="tune",
                                   visible=False, margin=(0, 6))  # fmt: skip
        self.back = pmui.Button(label="Back", variant="outlined", icon="chevron_left", margin=(6, 6))
        self.next = pmui.Button(label="Next step", variant="contained", end_icon="chevron_right", margin=(6, 6))
        self.predict.on_click(lambda event: self._type())
        self.again.on_click(lambda event: self._go("again"))
        self.restore.on_click(lambda event: self._go("restore"))
        self.back.on_click(lambda event: self._go("back"))
        self.next.on_click(lambda event: self._go("next"))
        buttons = layout.row(self.back, self.again, self.next)
        return theme.card(layout.column(
            self.heading, self.text, self.question, *self.choices, self.number, self.predict, self.hint, self.verdict,
            self.differs, self.restore, self.explain, buttons, gap=10,
        ))  # fmt: skip

    def _choice(self, i: int) -> pmui.Button:
        left = {"justifyContent": "flex-start", "textAlign": "left", "textTransform": "none"}
        button = pmui.Button(
            label="", variant="outlined", visible=False, margin=(0, 6), sizing_mode="stretch_width", sx=left
        )
        button.on_click(lambda event: self._predict(str(i + 1)))
        return button

    def _live(self) -> pn.Column:
        self.pictures = [LessonPicture(self.theme, f"learn {i}") for i in (1, 2)]
        self.cards = [theme.card(picture.figure, picture.legend) for picture in self.pictures]
        self.numbers = theme.table()
        self.numbers_card = theme.card(self.numbers)
        self.numbers_card.stylesheets = [*self.numbers_card.stylesheets, LATER]
        return layout.column(self.numbers_card, *self.cards, gap=10, stylesheets=[STICKY])

    # ------------------------------------------------------------------------------------------------ events
    def _type(self) -> None:
        """The Predict button: take the number that was typed; one that cannot be read is marked already."""
        if self.number.value is not None and not self.number.error:
            self._predict(f"{self.number.value:.6g}")
        else:
            self._say("" if self.number.error else "Type a number first: there is no risk in being wrong.")

    def _predict(self, answer: str) -> None:
        """Make the experiment; the verdict comes with the numbers of its run."""
        if self._page is not None and self._page.ask is not None:
            self._say("Making the experiment …")
            self.context.apply({**self._page.ask.change, "learn.answer": answer})

    def _say(self, text: str) -> None:
        self.hint.object, self.hint.visible = escape(text), bool(text)

    def _go(self, where: str) -> None:
        page = self._page
        if page is None:
            return
        back, after = page.neighbours
        here = {"learn.answer": ""} | (page.begin if where == "again" else page.wanted)
        target = {"back": back, "next": after, "again": here, "restore": page.wanted}[where]
        if target is None:
            self._leave()
        else:
            self.context.apply(target)

    def _begin(self, offer: Offer) -> None:
        self._former = self.context.keep()
        self.context.apply(offer.begin)

    def _leave(self) -> None:
        """Back to the list of lessons, and to the settings from before; a lesson that a link opened has none."""
        if self._former is not None:
            self._former()
            self._former = None
        self.context.apply({"learn.lesson": "", "learn.answer": ""})

    # ------------------------------------------------------------------------------------------------ replaced
    def update(self, result: Result) -> None:
        self._page = result.page
        self.list.visible, self.step.visible = result.page is None, result.page is not None
        if result.page is None:
            self._show_list(result)
        else:
            self._show_step(result.page)

    def _show_list(self, result: Result) -> None:
        if result.offers != self._shown:
            self._shown = result.offers
            self.offers.objects = [theme.grid(*map(self._offer, result.offers), sizes={"xs": 12, "md": 4})]
        self.errors.visible = bool(result.errors)
        self.errors.object = "Some lessons cannot be shown. " + " ".join(result.errors)

    def _offer(self, offer: Offer) -> pn.Column:
        start = pmui.Button(label="Start", variant="contained", icon="play_arrow", margin=(4, 6), name=offer.key,
                            styles={"margin-top": "auto"})  # fmt: skip
        start.on_click(lambda event: self._begin(offer))
        steps = counted(offer.steps, "step")
        about = f"{offer.level}. {steps}, about {offer.minutes} minutes."
        return theme.card(
            pmui.Typography(offer.title, variant="h6", margin=(4, 6)), theme.note(escape(about)),
            markdown(offer.summary, margin=(6, 6, 10, 6)), start,
        )  # fmt: skip

    def _show_step(self, page: Page) -> None:
        self.title.object = f"{page.lesson.title} ({page.number}/{page.lesson.steps})"
        self.heading.object, self.text.object, self.explain.object = page.title, page.text, page.explain
        self.explain.visible = bool(page.explain)
        self._show_question(page.ask, page.answer)
        self._show_verdict(page.verdict, page.run)
        self.differs.visible = self.restore.visible = bool(page.differs)
        self.differs.object = (
            f"Your settings differ from those of this step: {'; '.join(page.differs)}. "
            "All numbers and pictures are those of your own settings."
        )
        self.back.visible = page.neighbours[0] is not None
        self.again.visible = page.verdict is not None
        self.next.label = "Next step" if page.neighbours[1] else "All lessons"
        self.next.variant = "contained" if page.ask is None or page.answer else "outlined"
        for i, card in enumerate(self.cards):
            card.visible = i < len(page.pictures)
            if card.visible:
                self.pictures[i].show(page.pictures[i])
        self.numbers_card.visible = bool(page.numbers)
        self.numbers.object = numbers_table(page)

    def _show_question(self, ask: Ask | None, answer: str) -> None:
        self.question.visible = ask is not None
        open_ = ask is not None and not answer
        by_number = ask is not None and ask.number is not None
        self.predict.visible = self.number.visible = open_ and by_number
        says = ask.choices if ask is not None and open_ else ()
        for i, button in enumerate(self.choices):
            button.visible = i < len(says)
            if button.visible:
                button.label = says[i]
        self._say("")
        self.question.object = ask.text if ask else ""
        asked = (ask, answer)
        if ask is not None and ask.number is not None and asked != self._asked:  # else leave what is being typed
            label = f"Your prediction ({ask.unit})" if ask.unit else "Your prediction"
            self.number.param.update(
                label=label, unit=ask.unit, start=ask.number.low, end=ask.number.high, step=ask.number.step,
                value=None, draft="", error="",
            )  # fmt: skip
        self._asked = asked

    def _show_verdict(self, verdict: Verdict | None, run: str) -> None:
        self.verdict.visible = verdict is not None
        if verdict is None:
            return
        held = {
            True: ("success", "Your prediction was right"),
            False: ("warning", "Not this time"),
            None: ("info", "No number to compare with"),
        }
        self.verdict.severity, self.verdict.title = held[verdict.held]
        self.verdict.object = verdict_text(verdict, run)


def markdown(text: str = "", **options: object) -> pn.pane.Markdown:
    return pn.pane.Markdown(text, sizing_mode="stretch_width", stylesheets=[TEXT], **{"margin": (0, 6)} | options)


def verdict_text(verdict: Verdict, run: str) -> str:
    """What was said and what was measured."""
    found = verdict.measured
    said = f"Your answer: {verdict.said}"
    if found.problem:
        return f"{said}\nThe {found.name} cannot be computed: {found.problem}."
    interval = f" (95 % interval: {found.interval})" if found.interval else ""
    experiment = f", after the change ({verdict.change})" if verdict.change else ""
    where = f"By {found.of}" if found.of else f"Measured in your run of {run}{experiment}"
    measured = f"{where}: {found.name} {found}{interval}."
    return f"{said}\n{measured}\n{verdict.reply}"


def numbers_table(page: Page) -> str:
    """The step's numbers, before and after the experiment."""
    compare = any(before is not None for _, before in page.numbers)
    rows = []
    for now, before in page.numbers:
        name = now.name[:1].upper() + now.name[1:]
        rows.append((name, [*([str(before)] if compare else []), str(now), now.interval or "–"]))
    others = {now.of for now, _ in page.numbers}
    own = len(others) != 1 or "" in others
    caption = f"Numbers of your run: {page.run}" if own else f"Numbers of {others.pop()}"
    heads = [*(["Before"] if compare else []), "Now", "95 % interval"]
    return table(caption, heads, rows, wraps=True)
