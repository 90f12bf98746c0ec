"""The lane of the Fit tab: which stages run when, what is cancelled, what a bad file loses, what stays afterwards."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import synaptogen_core as sc
from app.tabs.fit import compute, pictures, session
from app.tabs.fit.compute import Reading, Source, Stage
from app.tabs.fit.session import FitWork
from synaptogen_core.errors import Cancelled
from synaptogen_core.exchange.files import text

WAIT = 20.0


class Bench:
    """Stages that take as long as they are told, and a page that remembers what was painted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.seconds: dict[str, float] = {}
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.error: Exception | None = None
        self.painted: list[tuple[str, Any]] = []
        self.adopted: list[Any] = []
        uses = {"extract": ("smoothing",), "fit": ("order",)}
        stages = tuple(
            Stage(key, key, self.stage(key), uses.get(key, ())) for key in ("read", "extract", "fit", "judge")
        )
        monkeypatch.setattr(session, "STAGES", stages)
        monkeypatch.setattr(pictures, "of_stage", lambda key, values: f"picture of {values[key]}")
        self.work = FitWork(compute.Options(), lambda function: function(), lambda *device: self.adopted.append(device))
        self.work.connect(lambda stage, found: self.painted.append((stage, found)))
        self.painted.clear()

    def stage(self, key: str) -> Callable[..., Any]:
        def run(source: Source, values: Any, options: Any, progress: Any, cancel: threading.Event) -> Any:
            self.started.append(key)
            if self.error:
                raise self.error
            end = time.monotonic() + self.seconds.get(key, 0.0)
            while time.monotonic() < end:
                progress(0.5)
                if cancel.wait(0.005):
                    self.cancelled.append(key)
                    raise Cancelled("cancelled")
            if key == "read":
                return Reading(source.name, data=SimpleNamespace())
            return SimpleNamespace(stage=key, order=options.order)

        return run

    async def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT
        while not true():
            assert time.monotonic() < end, (self.started, self.painted, self.work.status)
            await asyncio.sleep(0.005)

    async def done(self) -> None:
        """Until nothing is under way."""
        await asyncio.sleep(0.01)
        await self.until(lambda: not self.work.status.stage)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_one_stage_feeds_the_next_and_each_is_painted(bench: Bench) -> None:
    bench.work.take("a.csv", b"1")
    await bench.done()
    assert bench.started == ["read", "extract", "fit", "judge"]
    assert [stage for stage, _ in bench.painted] == bench.started
    assert bench.work.value("judge").stage == "judge" and not bench.work.status.error


@pytest.mark.parametrize(
    ("name", "value", "again"),
    [("smoothing", 9, ["extract", "fit", "judge"]), ("order", "3", ["fit", "judge"]), ("device_name", "mine", [])],
)
async def test_an_option_redoes_only_what_it_must(bench: Bench, name: str, value: Any, again: list[str]) -> None:
    bench.work.take("a.csv", b"1")
    await bench.done()
    bench.started.clear()
    setattr(bench.work.options, name, value)
    await bench.done()
    assert bench.started == again


async def test_cancel_keeps_what_is_shown_and_the_user_can_go_on(bench: Bench) -> None:
    bench.seconds["fit"] = 10.0
    bench.work.take("a.csv", b"1")
    await bench.until(lambda: "fit" in bench.started)
    bench.work.cancel()
    await bench.done()
    await bench.until(lambda: bench.cancelled == ["fit"])  # by the worker, when it looks
    assert bench.work.status.stopped
    assert bench.work.value("extract") is not None and bench.work.value("fit") is None
    bench.seconds.clear()
    bench.work.again()
    await bench.done()
    assert bench.started == ["read", "extract", "fit", "fit", "judge"] and not bench.work.status.stopped


async def test_a_change_stops_what_is_no_longer_wanted_and_ends_at_the_newest(bench: Bench) -> None:
    bench.seconds["fit"] = 0.3
    bench.work.take("a.csv", b"1")
    await bench.until(lambda: "fit" in bench.started)
    for order in ("4", "5", "4", "7"):
        bench.work.options.order = order
        await asyncio.sleep(0.02)
    await bench.done()
    assert bench.work.value("fit").order == "7" and bench.work.value("judge").order == "7"
    assert "fit" in bench.cancelled and not bench.work.status.error


async def test_there_and_back_again_is_done_after_all(bench: Bench) -> None:
    bench.seconds["fit"] = 0.2
    bench.work.take("a.csv", b"1")
    await bench.until(lambda: "fit" in bench.started)
    bench.work.options.order = "4"
    bench.work.options.order = "0"
    await bench.done()
    assert bench.work.value("judge").order == "0"


async def test_a_bad_file_gives_a_sentence_and_loses_nothing(bench: Bench) -> None:
    bench.work.take("a.csv", b"1")
    await bench.done()
    kept, bench.error = bench.work.value("judge"), ValueError("b.csv: must be a table (got a poem); give a table")
    bench.painted.clear()
    bench.work.take("b.csv", b"2")
    await bench.done()
    assert bench.work.status.error == str(bench.error)
    assert bench.work.value("judge") is kept and bench.painted == []
    bench.error = None
    bench.work.options.order = "2"  # and the work goes on with the file before
    await bench.done()
    assert bench.work.value("read").name == "a.csv" and bench.work.value("judge").order == "2"


async def test_a_bad_file_before_any_good_one_is_read_once(bench: Bench) -> None:
    bench.error = ValueError("b.csv: must be a table (got a poem); give a table")
    bench.work.take("b.csv", b"2")
    await bench.done()
    assert bench.work.status.error == str(bench.error) and bench.started == ["read"]
    bench.error = None
    bench.work.take("a.csv", b"1")
    await bench.done()
    assert bench.work.value("read").name == "a.csv" and not bench.work.status.error


async def test_what_cannot_be_fitted_takes_the_old_fit_away(bench: Bench) -> None:
    bench.work.take("a.csv", b"1")
    await bench.done()
    bench.error = ValueError("order: must be smaller (got 9); choose 1")
    bench.painted.clear()
    bench.work.options.order = "9"
    await bench.done()
    assert bench.work.status.error == str(bench.error)
    assert bench.painted == [("fit", None), ("judge", None)] and bench.work.value("extract") is not None


async def test_a_new_file_clears_the_pictures_of_the_old_one_at_once(bench: Bench) -> None:
    bench.work.take("a.csv", b"1")
    await bench.done()
    bench.painted.clear()
    bench.work.take("b.csv", b"2")
    await bench.done()
    assert bench.painted[:4] == [("extract", None), ("fit", None), ("judge", None), bench.painted[3]]
    assert bench.painted[3][0] == "read"


async def test_the_loop_is_never_blocked(bench: Bench) -> None:
    bench.seconds = dict.fromkeys(("read", "extract"), 1.5)
    bench.work.take("a.csv", b"1")
    longest, last = 0.0, time.monotonic()
    while bench.work.value("extract") is None:
        await asyncio.sleep(0.001)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    assert longest < 0.7


async def test_more_than_is_allowed_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_BYTES", 10)
    bench.work.take("a.csv", b"12345678901")
    assert bench.work.status.error.startswith("a.csv: must have at most") and bench.started == []


async def test_nothing_stays_after_the_page(bench: Bench) -> None:
    bench.seconds["fit"] = 0.3
    bench.work.take("a.csv", b"1")
    await bench.until(lambda: "fit" in bench.started)
    gone = weakref.ref(bench.work.source)
    bench.work.close()
    await asyncio.sleep(0.5)
    gc.collect()
    assert gone() is None
    assert all(bench.work.value(stage) is None for stage in ("read", "extract", "fit"))
    assert "judge" not in bench.started


async def test_a_device_file_becomes_the_device_of_the_page() -> None:
    adopted: list[Any] = []
    work = FitWork(compute.Options(), lambda function: function(), lambda *device: adopted.append(device))
    device = sc.load_device("hennen2024").vary(order=3)
    work.take("mine.json", text.readable_json(device.to_dict()).encode())
    end = time.monotonic() + WAIT
    while not adopted and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert adopted[0][0] == device and adopted[0][1].values["order"] == 3
    work.take("poem.json", b'{"roses": "red"}')
    while not work.status.error and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert work.status.error.startswith("poem.json: ") and work.value("read").device == device


async def test_taking_a_device_can_be_cancelled_and_the_last_one_asked_for_is_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limits_of(device: Any, cancel: threading.Event) -> str:
        if device != "quick" and cancel.wait(WAIT):
            raise Cancelled("not taken")
        return f"limits of {device}"

    devices = iter(["slow", "slow", "quick"])
    monkeypatch.setattr(compute, "limits_of", limits_of)
    monkeypatch.setattr(compute, "device_of", lambda value, name: next(devices))
    bench.work.use()
    await bench.until(lambda: bool(bench.work.status.stage))  # so the page offers to cancel it
    bench.work.cancel()
    await bench.done()
    assert not bench.adopted and not bench.work.status.error
    bench.work.use()
    await asyncio.sleep(0.02)
    bench.work.use()
    await bench.until(lambda: bool(bench.adopted))
    await bench.done()
    assert bench.adopted == [("quick", "limits of quick")]
