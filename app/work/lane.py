"""A lane of a page's work: one job at a time, on a thread beside the loop, and then the newest that is wanted.

What a job says of its progress comes back to the loop; that of a job that was left is not heard any more.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

from synaptogen_core.errors import Cancelled
from synaptogen_core.progress import Progress

LONG_RUNS = ThreadPoolExecutor(2, "long-run")  # of all pages: more would only take memory; the others wait their turn
TELL_EVERY = 0.1  # seconds between two words on the progress
LOG = logging.getLogger("synaptogen.app")
TASKS: set[asyncio.Task[None]] = set()  # the loop itself would let go of one that waits
Post = Callable[[Callable[[], object]], None]  # runs a function under the lock of the page's document
Work = Coroutine[Any, Any, None]  # what it waits for is asyncio's own affair
T = TypeVar("T")


class JobError(Exception):
    """A job that went wrong; the message is a sentence for the page."""


class Lane:
    """`turn` gives the job that is wanted now, and what it is known by; None: there is none, and the lane rests."""

    def __init__(
        self,
        turn: Callable[[], tuple[Hashable, Work] | None] = lambda: None,
        rests: Callable[[], None] = lambda: None,
    ):
        self._turn, self._rests = turn, rests
        self.key: Hashable = None  # of the job under way
        self.number = 0  # of jobs so far
        self.busy = self.closed = False
        self._cancel = threading.Event()
        self._future: asyncio.Future[Any] | None = None  # of a result of any kind

    def start(self) -> None:
        """Do what is wanted, if the lane is not at it already."""
        if not self.busy and not self.closed and has_loop():
            self.busy = True
            begin(self._run())

    async def _run(self) -> None:
        try:
            while not self.closed and (found := self._turn()) is not None:
                self.key, work = found
                await work
        finally:
            self.busy, self.key = False, None
            self._rests()

    def do(
        self,
        job: Callable[[Progress, threading.Event], T],
        *,
        tell: Callable[[float, float], None] = lambda done, seconds: None,
        after: float = 0.0,
        pool: Executor | None = None,
    ) -> Coroutine[Any, Any, T]:
        """Begin a job now; await its result. `tell` hears the share that is done, and for how many seconds it has run,
        if these are more than `after`.

        Raises
        ------
        Cancelled
            If it was cancelled.
        JobError
            If anything else went wrong.
        """
        loop, cancel = asyncio.get_running_loop(), threading.Event()
        self.number, self._cancel = self.number + 1, cancel
        number, told, started = self.number, 0.0, 0.0

        def hear(done: float, seconds: float) -> None:
            if number == self.number and not self.closed:
                tell(done, seconds)

        def progress(done: float) -> None:  # called by the thread
            nonlocal told
            now = time.monotonic()
            if now - started > after and now - told > TELL_EVERY:
                told = now
                loop.call_soon_threadsafe(hear, min(max(float(done), 0.0), 1.0), now - started)

        def work() -> T:
            nonlocal started
            started = time.monotonic()
            return job(progress, cancel)

        self._future = loop.run_in_executor(pool, work)
        return self._result(self._future, cancel)

    async def _result(self, future: asyncio.Future[T], cancel: threading.Event) -> T:
        try:
            return await future
        except asyncio.CancelledError:
            if cancel.is_set():
                raise Cancelled("the job was cancelled") from None
            raise
        except Cancelled:
            raise
        except Exception as error:
            raise JobError(sentence(error)) from error
        finally:
            self._future = None

    def cancel(self, leave: bool = False) -> None:
        """Stop the job under way; with `leave`, do not wait until its thread has seen that, or has begun."""
        self._cancel.set()
        if leave and self._future is not None:
            self._future.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether the newest job was told to stop."""
        return self._cancel.is_set()

    def close(self) -> None:
        """The end of the page."""
        self.closed = True
        self.cancel(leave=True)


def begin(work: Work) -> None:
    """Work beside whatever else the loop does."""
    task = asyncio.get_running_loop().create_task(work)
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)


async def in_thread(function: Callable[..., T], *arguments: object, pool: Executor | None = None) -> T:
    """Run beside the loop. Not asyncio.to_thread, which hands on the page's context: what lives on (Zarr starts a loop
    of its own at its first use) would keep the document of the page for ever.
    """
    return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


def has_loop() -> bool:
    """False while `panel serve --warm` builds a page for nobody."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def sentence(error: BaseException) -> str:
    """An error as a sentence for the page. What the user cannot have caused goes to the log with its trace."""
    if isinstance(error, ValueError | TypeError) and ": " in str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return "Not enough memory for this; choose fewer cells or cycles."
    LOG.error("unexpected error", exc_info=error)
    return f"Something went wrong ({type(error).__name__}: {error}). The server's log says more."
