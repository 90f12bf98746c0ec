"""The line of the comparison above the tabs: what A is, in which settings B differs, and the differences in numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import panel as pn
import param

from app.compare.beside import Pinned
from app.compare.ghosts import Ghosts
from app.compare.numbers import Differences, Number, changed, differences
from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.plain import escape
from app.look.tables import table
from app.settings.sections import Section
from app.settings.words import label_of
from app.work.lane import JobError, Lane, Post, begin
from app.work.runs import Run
from app.work.session import Session
from synaptogen_core.counts import counted
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import feature

STYLE = """
details { border: 1px solid rgba(127, 127, 127, 0.35); border-radius: 6px; padding: 4px 10px; font-size: 0.9rem; }
summary { cursor: pointer; }
.tables { display: flex; flex-wrap: wrap; gap: 6px 28px; padding-top: 6px; }
.tables > div { min-width: 0; }
table.numbers tr.far > :is(th, td) { font-weight: 600; }
"""


SIDES = {"Run B": "b", "Run A": "a", "B − A": "difference"}
UNLIKE = "One of them shows other things or places in A and B: no difference, B is shown."


class SideChoice(Section):
    side = param.Selector(default="b", objects=SIDES, label="Maps and matrices show",
                          doc="Where A and B cannot lie over each other: one of them, or what B has more.")  # fmt: skip


class ComparePanel:
    """Follows the session while a run is pinned."""

    def __init__(self, session: Session, post: Post, choose: Callable[[str], None]):
        self._session, self._post, self._choose = session, post, choose
        self.pinned: Pinned | None = None
        self.shown, self.note = SideChoice(), theme.note()
        self.shown.param.watch(lambda event: choose(event.new), "side")
        self.differences: Differences | None = None
        self._lane = Lane()
        self._of: tuple[Hashable, Hashable] | None = None  # which pair the numbers are of
        self.pane = pn.pane.HTML("", visible=False, sizing_mode="stretch_width", margin=(4, 4),
                                 stylesheets=[theme.TABLE, STYLE])  # fmt: skip
        self.layout = layout.column(self.pane)
        self.side: Any = None  # made when it is first needed
        session.status.param.watch(lambda event: self.refresh(), "state")

    def pin(self, pinned: Pinned | None) -> None:
        """Compare with this run from now on; None: with none."""
        self.pinned, self.differences, self._of = pinned, None, None
        self._lane.cancel()
        self.pane.visible = pinned is not None
        self.shown.side = "b"
        self.refresh()

    def offer(self, ghosts: Ghosts) -> None:
        """The choice of what the pictures of a tab show that have room for one run, if it has such."""
        if ghosts.alone and self.side is None:
            self.side = layout.flow(Panel((Group(self.shown),), layout="bar"), self.note)
            self.layout.append(self.side)
        if self.side is not None:
            self.side.visible = bool(ghosts.alone)
            self.note.object = UNLIKE if ghosts.unlike else ""

    def close(self) -> None:
        self._lane.cancel()
        self.pinned = None

    def refresh(self) -> None:
        """Say what differs, and begin to compute what is not known yet."""
        run = self._session.run
        if self.pinned is None or run is None:
            return
        pair = (self.pinned.run.key, run.key)
        if pair != self._of and self._session.status.state == "ready":
            self._of, self.differences = pair, None
            if run.key != self.pinned.run.key:
                self._lane.cancel()
                begin(self._compute(self.pinned.run, run, pair))
        self._say(run)

    async def _compute(self, a: Run, b: Run, pair: tuple[Hashable, Hashable]) -> None:
        try:
            found = await self._lane.do(lambda progress, cancel: differences(a, b, cancel))
        except (Cancelled, JobError):
            return
        if pair == self._of:
            self.differences = found
            self._post(partial(self._say, b))

    def _say(self, run: Run) -> None:
        if self.pinned is None:
            return
        session, array = self._session, self.pinned.request.array
        cycles = counted(self.pinned.run.cycles, "cycle")
        head = f"<b>A</b>: {array.rows} × {array.columns} cells, {cycles}, seed {array.seed}"
        other = changed(self.pinned.request, session.request_for(run), session.tabs[session.visible])
        label = partial(label_of, session.settings)
        words = "; ".join(f"{escape(label(name))} {escape(a)} → {escape(b)}" for name, a, b in other)
        if run.key == self.pinned.run.key:
            said = f"<b>B</b>: {words}; of the same run" if words else "Change a setting: B is drawn over A, A dashed"
            self.pane.object = f"<details class='differences'><summary>{head}. {said}.</summary></details>"
            return
        found = self.differences
        if found is None:
            self.pane.object = f"<details class='differences'><summary>{head}. Comparing …</summary></details>"
            return
        far = sum(each.distance > each.chance for each in found.distances)
        differ = (
            f"{far} of {len(found.distances)} features differ by more than chance"
            if far
            else "no feature differs by more than chance"
        )
        self.pane.object = (
            f"<details class='differences'><summary>{head}. <b>B</b>: {words}; {differ}.</summary>"
            f'<div class="tables"><div>{_distances(found)}</div><div>{_numbers(found)}</div></div></details>'
        )


def _distances(found: Differences) -> str:
    return table(
        "Two-sample distance: largest difference of the cumulative curves",
        ("Distance", "95 % interval", "Chance (95 %)"),
        [(feature(each.name).symbol, (f"{each.distance:.3f}", f"{each.interval[0]:.3f} … {each.interval[1]:.3f}",
                                      f"{each.chance:.3f}")) for each in found.distances],
        far=[each.distance > each.chance for each in found.distances],
    )  # fmt: skip


def _numbers(found: Differences) -> str:
    return table(
        "Numbers of both runs; bold: 0 lies outside the interval of the difference",
        ("A", "B", "B − A", "95 % interval", ""),
        [(each.words, (shown(each.a), shown(each.b), shown(each.difference, sign=True), interval_text(each), each.unit))
         for each in found.numbers],
        far=list(map(is_far, found.numbers)),
    )  # fmt: skip


def is_far(number: Number) -> bool:
    low, high = number.interval
    return low > 0 or high < 0


def interval_text(number: Number) -> str:
    low, high = number.interval
    return "–" if low != low else f"{shown(low, sign=True)} … {shown(high, sign=True)}"


def shown(value: float, *, sign: bool = False) -> str:
    text = theme.measured(value)
    return f"+{text}" if sign and value > 0 else text
