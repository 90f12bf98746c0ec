"""What the work of a page must know of a tab: app/tabs/registry.py makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from app.settings.sections import Choices, Request, TabOptions
from app.work.runs import Run


class Computes(Protocol):
    """The computing half of a tab."""

    Options: type[TabOptions]
    USES: frozenset[str]  # parts of a Request that the result depends on, beside the simulation and the tab's options

    def compute(self, run: Run, request: Request, options: Choices, cancel: threading.Event) -> Any:
        """The result: of each tab's own kind, which its own view alone reads."""


class Beside(Protocol):
    """What is drawn beside a tab's pictures."""

    def key(self, request: Request) -> Hashable:
        """What it depends on, beside the result itself."""

    def compute(
        self, tab: Tab, run: Run, request: Request, cancel: threading.Event,
        result_of: Callable[[Run, Request, threading.Event], Any],
    ) -> Any:  # fmt: skip
        """In a thread; `result_of` computes a result of the same tab, or finds it."""


class Tab(Protocol):
    """One tab."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def of_run(self) -> bool: ...

    @property
    def options(self) -> type[TabOptions]: ...

    @property
    def results(self) -> Computes: ...


def unfinished(result: object) -> bool:
    """Whether a result is a part only: it says `more`, is drawn as it is, and computed again for the next piece."""
    return getattr(result, "more", False) is True
