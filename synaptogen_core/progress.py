"""One way to say how far a job is, and to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from synaptogen_core import checks
from synaptogen_core.errors import Cancelled

Progress = Callable[[float], object]
Cancel = Callable[[], bool] | threading.Event
CELLS_KEPT = "the cells are as they were before"


def is_cancelled(cancel: Cancel | None) -> bool:
    """Whether the caller wants the job to stop."""
    return cancel is not None and (cancel.is_set() if isinstance(cancel, threading.Event) else cancel())


def check_callbacks(progress: object, cancel: object) -> None:
    """Refuse what can neither be called nor asked.

    Parameters
    ----------
    progress : callable, or None
    cancel : callable, threading.Event, or None

    Raises
    ------
    TypeError
        If one is anything else.
    """
    checks.called("progress", progress)
    if not isinstance(cancel, threading.Event):
        checks.called("cancel", cancel)


@dataclass
class Work:
    """What a caller wants to hear of a job called `what`, and how it stops it."""

    progress: Progress | None
    cancel: Cancel | None
    what: str
    kept: str = "nothing was changed"

    def report(self, share: float) -> None:
        """Report the share that is done."""
        if self.progress is not None:
            self.progress(share)

    def stop_if_asked(self) -> None:
        """End with `Cancelled` if the caller wants to stop."""
        if is_cancelled(self.cancel):
            raise Cancelled(f"{self.what}: cancelled by the caller; {self.kept}")

    def done(self, share: float) -> None:
        """Report the share that is done; end with `Cancelled` if the caller wants to stop."""
        self.report(share)
        self.stop_if_asked()
