"""The status line: what is shown, whether it is up to date, Run, progress, time left, Cancel; errors as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from app.look import layout, theme
from app.look.plain import escape
from app.work.runs import Run
from app.work.session import Session
from app.work.states import Status
from synaptogen_core.counts import counted
from synaptogen_core.durations import duration

STYLE = """
.status { display: flex; gap: 20px; align-items: center; height: 36px; font-size: 0.9rem; white-space: nowrap; }
.shown, .badge { overflow: hidden; text-overflow: ellipsis; }
.badge { opacity: 0.85; font-size: 0.85rem; flex-shrink: 0; max-width: 100%; }
.of-run > div:focus-visible { outline: 2px solid currentColor; }
@media (max-width: 599px) {
  .status { gap: 10px; }
  .shown { min-width: 4em; } .badge { flex-shrink: 1; min-width: 6em; }
  .status-ready .rest { display: none; }
  .of-run > div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .of-run > div:focus { white-space: normal; }
}
.badge i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; background: #7f7f7f; }
.status-ready i { background: #009E73; }
.status-stale i { background: #E69F00; }
.status-running i { background: #0072B2; }
.status-failed i { background: #D55E00; }
.of-run { font-size: 0.88rem; padding-left: 9px; border-left: 3px solid #E69F00; }
"""


NOTHING = {"new": "Nothing simulated yet", "failed": "Nothing to show"}  # before the first run


class StatusLine:
    """One line of fixed height above the tabs, and alerts below it when there is something to say."""

    def __init__(self, session: Session, notes: Sequence[str]):
        self.session = session
        self.text = pn.pane.HTML(
            "", sizing_mode="stretch_width", margin=(0, 8), stylesheets=[STYLE], styles={"min-width": "0"}
        )
        self.run = pmui.Button(label="Run", variant="contained", size="small", icon="play_arrow", visible=False)
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", icon="close", visible=False)
        self.bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=0, visible=False
        )
        self.error = theme.Alert(severity="error", visible=False, sizing_mode="stretch_width", margin=(6, 0))
        self.notes = theme.Alert(
            title="Part of the link was not used", severity="warning", closeable=True,
            sizing_mode="stretch_width", margin=(6, 0),
        )  # fmt: skip
        self.note(notes)
        self.of_run = pn.pane.HTML(
            "", visible=False, sizing_mode="stretch_width", margin=(2, 8, 8, 8), stylesheets=[STYLE]
        )
        self.run.on_click(lambda event: session.force())
        self.cancel.on_click(lambda event: session.cancel())
        line = layout.row(self.text, self.run, self.cancel, height=36, styles={"align-items": "center"})
        track = layout.column(self.bar, height=4)
        self.layout = layout.column(line, track, self.of_run, self.error, self.notes)
        session.status.param.watch(self.refresh, [name for name in Status.param if name != "name"])
        session.settings.device.param.watch(self._own_device, "own")
        self.refresh()

    def note(self, notes: Sequence[str]) -> None:
        """What of a link was not used."""
        self.notes.param.update(object=" ".join(notes), visible=bool(notes))

    def _own_device(self, event: Event) -> None:
        if event.new is not None:  # what a link without it could not use is no longer the matter
            self.notes.visible = False

    def refresh(self, *events: Event) -> None:
        """Say the present state."""
        status, run = self.session.status, self.session.run
        shown = escape(describe(run)) if run else NOTHING.get(status.state, "Preparing the first pictures …")
        said, comma, rest = badge(status, run is not None).partition(",")
        self.text.object = (
            f'<div class="status-{status.state} status"><span class="shown">{shown}</span>'
            f'<span class="badge"><i></i>{said}<span class="rest">{comma}{rest}</span></span></div>'
        )
        of_run = "".join(f'<div tabindex="0">{escape(note)}</div>' for note in run.notes) if run else ""
        self.of_run.param.update(object=f'<div class="of-run">{of_run}</div>', visible=bool(of_run))
        self.run.visible = status.can_run
        self.cancel.visible = self.bar.visible = status.state == "running"
        self.bar.value = int(100 * status.progress)
        theme.say(self.error, status.error)


def badge(status: Status, any_run: bool) -> str:
    """Whether the pictures are up to date, and what it would take."""
    seconds, estimate, left = status.seconds, status.estimate, status.seconds_left
    cost = f"a run takes about {duration(estimate.seconds, 2)}, {theme.size(estimate.bytes)}" if estimate else ""
    return {
        "computing": "Computing …",
        "new": f"Not run yet; {cost}",
        "stale": f"Out of date: the settings have changed; {cost}",
        "running": f"Running, {100 * status.progress:.0f} %" + (f", {duration(left, 2)} left" if left else ""),
        "drawing": "Drawing …",
        "ready": "Up to date" + (f", computed in {duration(seconds, 2)}" if seconds else ""),
        "failed": "Failed; the pictures are the last good ones" if any_run else "Failed",
    }[status.state]


def describe(run: Run) -> str:
    """What the pictures show, in one line."""
    array = run.request.array
    cycles = counted(run.cycles, "cycle")
    return f"{array.rows} × {array.columns} cells · {cycles} · {run.device.name} · seed {array.seed}"
