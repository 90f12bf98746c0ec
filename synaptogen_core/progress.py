"""One way to say how far a job is, and to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from synaptogen_core import checks
from synaptogen_core.errors import Cancelled

Progress = Callable[[float], object]
Shown = Progress | bool | None  # true: a bar, made here
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


def part_of(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Progress of a part as that of the whole.

    Parameters
    ----------
    progress : callable or None
        Of the whole.
    start, end : float
        Shares of the whole between which the part lies.
    """
    return None if progress is None else lambda share: progress(start + (end - start) * share)


@contextmanager
def shown(progress: Shown, title: str) -> Iterator[Progress | None]:
    """What a public function does with its `progress`: true means a bar in a terminal or a notebook.

    Parameters
    ----------
    progress : callable, bool or None
    title : str
        Before the bar.

    Yields
    ------
    callable or None
        Takes the share that is done, 0 to 1.
    """
    if progress is not True:
        yield progress or None
        return
    with bar(title) as tell:
        yield tell


@contextmanager
def bar(title: str, quiet: bool = False) -> Iterator[Progress]:
    """A bar with the time taken and the time left: on the terminal, or below the cell of a notebook.

    Parameters
    ----------
    title : str
        Before the bar.
    quiet : bool
        Show nothing; neither is anything shown where stderr is no terminal.

    Yields
    ------
    callable
        Takes the share that is done, 0 to 1.
    """
    from tqdm.auto import tqdm  # a widget in a notebook, text elsewhere

    form = "{percentage:3.0f} %|{bar}| {elapsed}, left {remaining}  {desc}"  # a narrow terminal cuts the end
    with tqdm(desc=title, total=1.0, bar_format=form, disable=quiet or None) as drawn:
        yield lambda share: drawn.update(share - drawn.n)


@dataclass
class Work:
    """What a caller wants to hear of a job called `what`, and how it stops it."""

    progress: Progress | None
    cancel: Cancel | None
    what: str
    kept: str = "nothing was changed"

    def __post_init__(self) -> None:
        check_callbacks(self.progress, self.cancel)

    def report(self, share: float) -> None:
        """Report the share that is done."""
        if self.progress is not None:
            self.progress(share)

    def stop_if_asked(self) -> None:
        """End with `Cancelled` if the caller wants to stop.

        Raises
        ------
        Cancelled
            If `cancel` says so.
        """
        if is_cancelled(self.cancel):
            raise Cancelled(f"{self.what}: cancelled by the caller; {self.kept}")

    def done(self, share: float) -> None:
        """Report the share that is done; end with `Cancelled` if the caller wants to stop."""
        self.report(share)
        self.stop_if_asked()
