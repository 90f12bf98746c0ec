"""What is drawn beside the pictures of a run: the same pictures of a pinned run A, and of the selected cells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from app.settings.choices import Choices
from app.settings.sections import Request
from app.work.chosen import part_of, places_of
from app.work.runs import Run
from app.work.session import result_key
from app.work.tab import Tab
from synaptogen_core.errors import Cancelled

T = TypeVar("T")
LOG = logging.getLogger("synaptogen.app")
OF_CELLS = {"overview", "distributions", "c2c"}  # tabs whose pictures are of many cells: those of some can differ


@dataclass(frozen=True)
class Extra:
    """Results of a tab beside its own; and where the selected cells are."""

    pinned: Any  # the tab's result of run A, or None
    selected: Any  # the tab's result of the selected cells alone, or None
    rows: np.ndarray
    columns: np.ndarray
    of: int = 1  # columns of the array
    side: str = "b"  # what pictures with room for one run show: "a", "b" or "difference"

    @classmethod
    def none(cls) -> Extra:
        return cls(None, None, np.empty(0, int), np.empty(0, int))

    @property
    def nothing(self) -> bool:
        return self.pinned is None and self.selected is None and not self.rows.size


@dataclass(frozen=True)
class Pinned:
    """Run A, and all settings as they were then."""

    run: Run
    request: Request


class Beside:
    """Computes it, in the drawing lane's thread. `pinned` and `side` are set by the page."""

    def __init__(self) -> None:
        self.pinned: Pinned | None = None
        self.side = "b"

    def close(self) -> None:
        """The page is gone."""
        self.pinned = None

    def key(self, request: Request) -> Hashable:
        """What it depends on, beside the result itself; None: there is nothing."""
        if self.pinned is None and not request.group:
            return None
        return (self.pinned.request if self.pinned else None, request.group, self.side)

    def compute(
        self, tab: Tab, run: Run, request: Request, cancel: threading.Event,
        result_of: Callable[[Run, Request, threading.Event], Any],
    ) -> Extra:  # fmt: skip
        """Results of run A and of the selected cells; None where there is none, or the tab cannot show it."""
        rows, columns = np.empty(0, int), np.empty(0, int)
        pinned = selected = None
        a = self.pinned
        if a is not None:
            asked = of_pinned(request, a.request, tab)
            if result_key(tab, asked) != result_key(tab, request):
                pinned = _tried(tab, lambda: result_of(a.run, asked, cancel))
        if request.group:
            rows, columns = _tried(tab, lambda: places_of(run, request.group)) or (rows, columns)
            part = part_of(run, request.group) if rows.size and tab.key in OF_CELLS else None
            if part is not None:
                selected = _tried(tab, lambda: tab.results.compute(part, request, request.of_tab(tab.key), cancel))
        return Extra(pinned, selected, rows, columns, run.request.array.columns, self.side)


def of_pinned(request: Request, pinned: Request, tab: Tab) -> Request:
    """The settings of run A, with what is looked at now: the followed cells, and choices of how the tab shows it."""
    cells = tuple(c for c in request.cells if c[0] < pinned.array.rows and c[1] < pinned.array.columns) or ((0, 0),)
    shown = kept(tab, pinned.of_tab(tab.key), request.of_tab(tab.key))
    options = tuple((key, shown if key == tab.key else choices) for key, choices in pinned.options)
    return replace(pinned, cells=cells, group=request.group, options=options)


def kept(tab: Tab, pinned: Choices, now: Choices) -> Choices:
    """The choices of a tab that run A is shown with."""
    looks = tab.options.LOOKS
    return now if looks is None else Choices({**pinned, **{key: now[key] for key in looks if key in now}})


def _tried(tab: Tab, make: Callable[[], T]) -> T | None:
    """A few cells, or another kind of train, can be too little for a tab: then there is nothing beside its pictures."""
    try:
        return make()
    except Cancelled:
        raise
    except Exception:
        LOG.debug("nothing beside %s", tab.key, exc_info=True)
        return None
