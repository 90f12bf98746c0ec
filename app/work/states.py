"""What a page says about its work: one state at a time. It follows from facts and is never set by hand."""

from __future__ import annotations

import param

STATES = {
    "computing": "The server is at work on what the settings ask for.",
    "new": "Nothing has been simulated: the run takes long, and waits for the Run button.",
    "stale": "The pictures are those of earlier settings: the run takes long, and waits for the Run button.",
    "running": "A run that takes a while is under way; it shows its progress and can be cancelled.",
    "drawing": "The pictures have been handed to the browser, which has not painted them yet.",
    "ready": "The browser has painted what the settings ask for.",
    "failed": "What the settings ask for cannot be had; the last good pictures stay.",
}
FADED = {"stale", "running", "failed"}  # here the pictures may not be what the settings ask for, and for a while


class Status(param.Parameterized):
    """What the page says about its work."""

    state = param.Selector(default="computing", objects=list(STATES))
    estimate = param.Parameter(None, doc="Of the run that the settings ask for: seconds and bytes, once known.")
    can_run = param.Boolean(False, doc="Whether the Run button would do something.")
    progress = param.Number(0.0, bounds=(0, 1))
    seconds_left = param.Number(None, allow_None=True)
    seconds = param.Number(None, allow_None=True, doc="How long the shown run took.")
    error = param.String("", doc="What failed, or what was refused, as a sentence.")


def state_of(
    *, running: bool, failed: bool, simulated: bool, waiting: bool, any_run: bool, handed: bool, painted: bool
) -> str:
    """The state that the facts make.

    Parameters
    ----------
    running
        A run that takes a while is under way.
    failed
        The simulation that is asked for, or the visible tab's result, has failed.
    simulated
        The newest run is the one that the settings ask for.
    waiting
        The run that is asked for waits for the Run button.
    any_run
        There is a run, of whatever settings.
    handed
        The visible tab's pictures have been given the result that is asked for.
    painted
        The browser says that it has painted all that it was given.
    """
    if running:
        return "running"
    if failed:
        return "failed"
    if not simulated:
        return "computing" if not waiting else "stale" if any_run else "new"
    if not handed:
        return "computing"
    return "ready" if painted else "drawing"
