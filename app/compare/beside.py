"""What is drawn beside the pictures of a run: the same pictures of a pinned run A, and of the selected cells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from app.settings.sections import Request
from app.work.chosen import part_of, places_of
from app.work.runs import Run
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

    @classmethod
    def none(cls) -> Extra:
        return cls(None, None, np.empty(0, int), np.empty(0, int))

    @property
    def nothing(self) -> bool:
        return self.pinned is None and self.selected is None and not self.rows.size


class Beside:
    """Computes it, in the drawing lane's thread. `pinned` is set by the page."""

    def __init__(self) -> None:
        self.pinned: Run | None = None

    def close(self) -> None:
        """The page is gone."""
        self.pinned = None

    def key(self, request: Request) -> Hashable:
        """What it depends on, beside the result itself; None: there is nothing."""
        if self.pinned is None and not request.group:
            return None
        return (self.pinned.key if self.pinned else None, request.group)

    def compute(
        self, tab: Tab, run: Run, request: Request, cancel: threading.Event,
        result_of: Callable[[Run, Request, threading.Event], Any],
    ) -> Extra:  # fmt: skip
        """Results of run A and of the selected cells; None where there is none, or the tab cannot show it."""
        rows, columns = np.empty(0, int), np.empty(0, int)
        pinned = selected = None
        a = self.pinned
        if a is not None and a.key != run.key:
            pinned = _tried(tab, lambda: result_of(a, of_run(request, a), cancel))
        if request.group:
            rows, columns = _tried(tab, lambda: places_of(run, request.group)) or (rows, columns)
            part = part_of(run, request.group) if rows.size and tab.key in OF_CELLS else None
            if part is not None:
                selected = _tried(tab, lambda: tab.results.compute(part, request, request.of_tab(tab.key), cancel))
        return Extra(pinned, selected, rows, columns)


def of_run(request: Request, run: Run) -> Request:
    """The present options and followed cells, with the simulation settings of another run."""
    array = run.request.array
    cells = tuple(c for c in request.cells if c[0] < array.rows and c[1] < array.columns) or ((0, 0),)
    return replace(request, array=array, train=run.request.train, device=run.request.device, cells=cells)


def _tried(tab: Tab, make: Callable[[], T]) -> T | None:
    """A few cells, or another kind of train, can be too little for a tab: then there is nothing beside its pictures."""
    try:
        return make()
    except Cancelled:
        raise
    except Exception:
        LOG.debug("nothing beside %s", tab.key, exc_info=True)
        return None
