"""Threads that help a caller, who may be interrupted at any step.

Ctrl-C is raised on the main thread between any two steps of it. `concurrent.futures` cannot stand that: its conditions
are locked in Python, and an interrupt in there leaves them locked for good. What is used here is done in one step each:
locks and queues written in C, and `dict.setdefault`.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import SimpleQueue

CALLER, HELPER = "caller", "helper"


class Task:
    """Work for a helper: it is carried out once, or called off by its caller before anybody has taken it.

    Parameters
    ----------
    work : callable
        An exception in it is kept in `error`.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._taken: dict[str, str] = {}
        self._ended = threading.Lock()
        self._ended.acquire()
        self.over = False
        self.error: BaseException | None = None

    def carry_out(self) -> None:
        """Do it, if it was not called off."""
        if self._taken.setdefault("by", HELPER) is HELPER:
            try:
                self._work()
            except BaseException as error:
                self.error = error
            self.over = True
            self._ended.release()

    def called_off(self) -> bool:
        """Whether nobody has begun it, and nobody will from now on."""
        return self._taken.setdefault("by", CALLER) is CALLER

    def wait(self, seconds: float = -1) -> bool:
        """Wait for its end, or so long; whether it has ended."""
        if not self.over and self._ended.acquire(timeout=seconds):
            self._ended.release()
        return self.over


class Crew:
    """At most `limit` threads that take up tasks; they end with the process."""

    def __init__(self, limit: int) -> None:
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._limit, self._count = limit, 0

    def give(self, task: Task) -> None:
        """Have a task carried out by the next thread that is free."""
        self._tasks.put(task)
        if self._count < self._limit:
            _thread.start_new_thread(self._serve, ())  # a `Thread` waits for its own start as a future does
            self._count += 1

    def _serve(self) -> None:
        while True:
            self._tasks.get().carry_out()


def to_the_end(work: Callable[[], None]) -> None:
    """Do `work` where no interrupt reaches it: it is done to its end, or, if one comes before it begins, not at all.

    Parameters
    ----------
    work : callable
        An exception in it is the caller's.

    Raises
    ------
    BaseException
        What `work` raised; an interrupt, once the work has ended or was called off.
    """
    if threading.current_thread() is not threading.main_thread():
        work()
        return
    task = Task(work)
    try:
        _shelter().give(task)
        task.wait()
    except BaseException:
        while not (task.over or task.called_off()):
            with suppress(BaseException):  # however often one asks
                task.wait()
        raise
    if task.error is not None:
        raise task.error


@cache
def _shelter() -> Crew:
    """The thread that works while the main one waits; there is one of those, so it is never busy."""
    return Crew(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shelter.cache_clear)  # threads do not come along
