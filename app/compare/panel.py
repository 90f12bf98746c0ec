"""The line of the comparison above the tabs: what A is, in which settings B differs, and the differences in numbers."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import panel as pn

from app.compare.numbers import Differences, Number, differences
from app.look import theme
from app.look.plain import escape
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
.tables > div { overflow-x: auto; }
table.numbers tr.far > :is(th, td) { font-weight: 600; }
"""


class ComparePanel:
    """Follows the session while a run is pinned."""

    def __init__(self, session: Session, post: Post):
        self._session, self._post = session, post
        self.pinned: Run | None = None
        self.differences: Differences | None = None
        self._lane = Lane()
        self._of: tuple[Hashable, Hashable] | None = None  # which pair the numbers are of
        self.pane = pn.pane.HTML("", visible=False, sizing_mode="stretch_width", margin=(4, 4),
                                 stylesheets=[theme.TABLE, STYLE])  # fmt: skip
        session.status.param.watch(lambda event: self.refresh(), "state")

    def pin(self, run: Run | None) -> None:
        """Compare with this run from now on; None: with none."""
        self.pinned, self.differences, self._of = run, None, None
        self._lane.cancel()
        self.pane.visible = run is not None
        self.refresh()

    def close(self) -> None:
        self._lane.cancel()
        self.pinned = None

    def refresh(self) -> None:
        """Say what differs, and begin to compute what is not known yet."""
        run = self._session.run
        if self.pinned is None or run is None:
            return
        pair = (self.pinned.key, run.key)
        if pair != self._of and self._session.status.state == "ready":
            self._of, self.differences = pair, None
            if run.key != self.pinned.key:
                self._lane.cancel()
                begin(self._compute(self.pinned, run, pair))
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
        array = self.pinned.request.array
        cycles = counted(self.pinned.cycles, "cycle")
        head = f"<b>A</b>: {array.rows} × {array.columns} cells, {cycles}, seed {array.seed}"
        if run.key == self.pinned.key:
            self.pane.object = (
                f"<details><summary>{head}. Change a setting: B is drawn over A, A dashed.</summary></details>"
            )
            return
        found = self.differences
        if found is None:
            self.pane.object = f"<details><summary>{head}. Comparing …</summary></details>"
            return
        label = partial(label_of, self._session.settings)
        changed = "; ".join(f"{escape(label(name))} {escape(a)} → {escape(b)}" for name, a, b in found.changed)
        far = sum(each.distance > each.chance for each in found.distances)
        words = (
            f"{far} of {len(found.distances)} features differ by more than chance"
            if far
            else "no feature differs by more than chance"
        )
        self.pane.object = (
            f"<details><summary>{head}. <b>B</b>: {changed}; {words}.</summary>"
            f'<div class="tables"><div>{_distances(found)}</div><div>{_numbers(found)}</div></div></details>'
        )


def _distances(found: Differences) -> str:
    rows = "".join(
        f'<tr class="{"far" if each.distance > each.chance else ""}"><th>{feature(each.name).symbol}</th>'
        f"<td>{each.distance:.3f}</td><td>{each.interval[0]:.3f} … {each.interval[1]:.3f}</td>"
        f"<td>{each.chance:.3f}</td></tr>"
        for each in found.distances
    )
    return (
        '<table class="numbers"><caption>Two-sample distance: largest difference of the cumulative curves</caption>'
        f"<tr><th></th><th>Distance</th><th>95 % interval</th><th>Chance (95 %)</th></tr>{rows}</table>"
    )


def _numbers(found: Differences) -> str:
    rows = "".join(
        f'<tr class="{"far" if is_far(each) else ""}"><th>{escape(each.words)}</th>'
        f"<td>{shown(each.a)}</td><td>{shown(each.b)}</td><td>{shown(each.difference, sign=True)}</td>"
        f"<td>{'–' if each.error != each.error else f'± {shown(each.error)}'}</td><td>{each.unit}</td></tr>"
        for each in found.numbers
    )
    return (
        '<table class="numbers"><caption>Numbers of both runs; ± standard error of the difference; bold: beyond two of '
        f"them</caption><tr><th></th><th>A</th><th>B</th><th>B − A</th><th></th><th></th></tr>{rows}</table>"
    )


def is_far(number: Number) -> bool:
    return abs(number.difference) > 2 * number.error


def shown(value: float, *, sign: bool = False) -> str:
    text = f"{value:+.3g}" if sign else f"{value:.3g}"
    return text.replace("-", "−")
