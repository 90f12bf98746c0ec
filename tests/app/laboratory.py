"""A session without a browser and without a simulator: what is asked of them, and what is painted."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from app.settings.sections import Request, Settings, TabOptions
from app.work import runs
from app.work.session import Session
from synaptogen_core.errors import Cancelled


class Laboratory:
    """Stands for the core: a run takes as long as it is told, and remembers what happened.

    With `turns`, a run stands at 60 % until it is given one: a test of what is done meanwhile needs no clock.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.estimate_seconds: float | None = None
        self.turns: threading.Semaphore | None = None
        self.error: Exception | None = None
        self.started: list[int] = []
        self.cancelled: list[int] = []

    def run(self, request: Request, progress: Callable[[float], None], cancel: threading.Event) -> Any:
        seed, start, seconds = request.array.seed, time.monotonic(), self.seconds
        self.started.append(seed)
        if self.error:
            raise self.error
        turns = self.turns
        while (elapsed := time.monotonic() - start) < seconds or (turns and not turns.acquire(blocking=False)):
            progress(0.6 if turns else elapsed / seconds)
            if cancel.wait(0.005):
                self.cancelled.append(seed)
                raise Cancelled("run: cancelled")
        return SimpleNamespace(request=request, key=request.simulation, seconds=elapsed, size=1, cycles=1)

    def estimate(self, request: Request) -> runs.Estimate:
        if request.array.columns == 13:
            raise ValueError("columns: must not be 13 (got 13); choose another")
        return runs.Estimate(self.seconds if self.estimate_seconds is None else self.estimate_seconds, 1000)


class Tab:
    """A tab whose result is the seed, its cells and how often it was computed."""

    def __init__(self, key: str):
        self.key, self.title, self.computed = key, key.title(), 0
        self.seconds, self.heeds_cancel, self.of_run = 0.0, False, True
        self.error: Exception | None = None
        self.results = SimpleNamespace(USES=frozenset({"cells"}), Options=TabOptions, compute=self.compute)

    def compute(self, run: Any, request: Request, options: Any, cancel: threading.Event) -> tuple[int, Any]:
        if self.heeds_cancel and cancel.wait(self.seconds):
            raise Cancelled("drawing: cancelled")
        time.sleep(0 if self.heeds_cancel else self.seconds)
        self.computed += 1
        if self.error:
            raise self.error
        return run.request.array.seed, request.cells


class Bench:
    """A session with two tabs, and what was painted on each."""

    def __init__(self) -> None:
        self.one, self.two = Tab("one"), Tab("two")
        self.settings = Settings({"one": TabOptions, "two": TabOptions})
        self.session = Session(self.settings, [self.one, self.two], lambda function: function())
        self.painted: dict[str, list[Any]] = {"one": [], "two": []}
        for name, seen in self.painted.items():
            self.session.connect(name, seen.append)
        self.status = self.session.status
        self.states = [self.status.state]
        self.status.param.watch(lambda event: self.states.append(event.new), "state")

    async def until(self, enough: Callable[[], bool], seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not enough():
            assert time.monotonic() < end, f"{self.status.state}, painted {self.painted}, error {self.status.error}"
            await asyncio.sleep(0.005)

    async def ready(self) -> None:
        await self.until(lambda: self.status.state == "ready")

    def seeds(self, tab: str = "one") -> list[int]:
        return [seed for seed, _ in self.painted[tab]]


async def started(laboratory: Laboratory) -> Bench:
    bench = Bench()
    bench.session.start()
    await bench.ready()
    return bench
