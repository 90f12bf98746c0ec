"""A lane: one job at a time, then the newest; what a job that was left still says is not heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from app.work import lane
from app.work.lane import JobError, Lane, Work
from synaptogen_core.errors import Cancelled


async def test_one_job_at_a_time_and_then_the_newest() -> None:
    turns, done, wanted = threading.Semaphore(0), [], [1]

    def job(number: int) -> Callable[..., int]:
        return lambda progress, cancel: turns.acquire(timeout=10) and number

    async def one(number: int) -> None:
        done.append(await work.do(job(number)))

    def turn() -> tuple[int, Work] | None:
        number = wanted.pop() if wanted else None
        wanted.clear()
        return None if number is None else (number, one(number))

    rested = asyncio.Event()
    work = Lane(turn, rested.set)
    work.start()
    await asyncio.sleep(0)
    assert work.busy and work.key == 1
    for number in (2, 3, 4):
        wanted.append(number)
        work.start()  # it is at work already
    turns.release(2)
    await asyncio.wait_for(rested.wait(), 10)
    assert done == [1, 4] and not work.busy and work.key is None


async def test_a_job_that_was_left_is_not_heard_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "TELL_EVERY", -1.0)
    heard: list[float] = []
    late, spoken = threading.Event(), threading.Event()

    def first(progress: Callable[[float], object], cancel: threading.Event) -> None:
        progress(0.1)
        late.wait(10)
        progress(0.9)
        spoken.set()

    work = Lane()
    left = work.do(first, tell=lambda done, seconds: heard.append(done))
    while not heard:
        await asyncio.sleep(0.001)
    work.cancel(leave=True)
    with pytest.raises(Cancelled):
        await left
    assert work.cancelled
    assert await work.do(lambda progress, cancel: progress(0.5) or 2, tell=lambda done, s: heard.append(done)) == 2
    late.set()
    await asyncio.to_thread(spoken.wait, 10)
    await asyncio.sleep(0.01)
    assert heard == [0.1, 0.5] and not work.cancelled


async def test_an_error_is_a_sentence() -> None:
    def wrong(progress: object, cancel: object) -> None:
        raise ValueError("rows: must be 1 or more (got 0); choose more")

    def cancelled(progress: object, cancel: object) -> None:
        raise Cancelled("run: cancelled")

    with pytest.raises(JobError, match=r"^rows: must be 1 or more"):
        await Lane().do(wrong)
    with pytest.raises(JobError, match=r"^Something went wrong .ZeroDivisionError"):
        await Lane().do(lambda progress, cancel: 1 // 0)
    with pytest.raises(Cancelled):
        await Lane().do(cancelled)


async def test_a_closed_lane_begins_nothing() -> None:
    work = Lane(lambda: pytest.fail("there is no page any more"))
    work.close()
    work.start()
    await asyncio.sleep(0)
    assert not work.busy
