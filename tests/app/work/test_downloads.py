"""Downloads: one at a time, none lost, every click answered."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.settings.sections import Settings
from app.tabs.data import files
from app.tabs.registry import TABS
from app.work import downloads, runs
from app.work.runs import Run
from synaptogen_core.errors import Cancelled

Make = Callable[..., Run]


@pytest.mark.parametrize("budget", [None, 40_000], ids=["whole", "sampled"])
async def test_a_full_temporary_folder_is_said_on_the_page(
    make_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, budget: int | None
) -> None:
    """And the next download goes on: the server is alive."""
    if budget:
        monkeypatch.setattr(runs, "BUDGET", budget)
    run = make_run(cycles=40)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    orders = {"nc": downloads.Order("run.nc", partial(files.write, run, run.request, "nc"))}
    browser = Browser(orders)
    with monkeypatch.context() as patch:
        patch.setattr("synaptogen_core.exchange.files.netcdf.Steadfast._put", full)
        browser.buttons.start("nc")
        await browser.rest()
    assert browser.said[-1] == (
        "download: must fit into the temporary folder of the server (got: No space left on device); "
        "choose fewer cells or cycles, or have room made there"
    )
    assert browser.files == [] and not list(tmp_path.iterdir())
    browser.buttons.start("nc")
    await browser.rest()
    assert browser.files == ["run.nc"] and not list(tmp_path.iterdir())


class Browser:
    """Buttons with a browser behind them that takes each piece as it comes; the files it was sent."""

    def __init__(self, orders: dict[str, downloads.Order | str]):
        formats = {kind: (kind, "text/plain") for kind in orders}
        self.files: list[str] = []
        self.said: list[str] = []
        self.buttons = downloads.Downloads(lambda function: function(), orders.__getitem__, formats)
        self.buttons.said.param.watch(lambda event: self.said.append(event.new), "object")
        self.buttons._pieces.on_change("data", self.receive)

    def receive(self, attribute: str, old: Any, new: Any) -> None:
        job, index, last, name, _ = self.buttons._pieces.tags
        self.files += [name] * last
        asyncio.get_running_loop().call_soon(setattr, self.buttons._answer, "text", f"{job}:{index}")

    async def rest(self) -> None:
        while self.buttons.cancel.visible:
            await asyncio.sleep(0.01)


async def test_one_file_at_a_time_and_none_is_lost() -> None:
    def order(name: str) -> downloads.Order:
        return downloads.Order(name, lambda progress, cancel: io.BytesIO(name.encode()))

    browser = Browser({name: order(name) for name in ("a", "b", "c")})
    for kind in ("a", "b", "a", "c", "b"):  # asked for twice: sent once
        browser.buttons.start(kind)
    await browser.rest()
    assert browser.files == ["a", "b", "c"]
    assert not any(button.disabled for button in browser.buttons.buttons.values())
    assert browser.said[-1] == "Sent c, 1 bytes."
    browser.buttons.start("a")
    await browser.rest()
    assert browser.files[-1] == "a"


async def test_cancelling_drops_what_waits_and_an_error_is_not_written_over() -> None:
    gate = threading.Event()

    def slow(progress: Any, cancel: threading.Event) -> Any:
        assert cancel.wait(20)
        raise Cancelled("cancelled")

    def bad(progress: Any, cancel: threading.Event) -> Any:
        gate.wait(20)
        raise ValueError("cells: must be some (got none); give some")

    browser = Browser({"slow": downloads.Order("slow", slow), "bad": downloads.Order("bad", bad),
                       "good": downloads.Order("good", lambda progress, cancel: io.BytesIO(b"good"))})  # fmt: skip
    browser.buttons.start("slow")
    browser.buttons.start("bad")
    browser.buttons._stop(None)
    browser.buttons.start("slow")  # cancelled, and wanted again: not taken for the one that is stopping
    assert [order.name for order, _ in browser.buttons._waiting] == ["slow"]
    browser.buttons._stop(None)
    browser.buttons.start("good")  # after the cancel: it is wanted
    await browser.rest()
    assert browser.files == ["good"] and "Stopping …" in browser.said
    browser.buttons.start("bad")
    browser.buttons.start("good")
    gate.set()
    await browser.rest()
    assert browser.files == ["good"]
    assert browser.said[-1] == "cells: must be some (got none); give some Not sent either: good."


async def test_every_click_is_answered() -> None:
    gate = threading.Event()

    def slow(progress: Any, cancel: threading.Event) -> Any:
        gate.wait(20)
        return io.BytesIO(b"slow")

    good = downloads.Order("good <b>", lambda progress, cancel: io.BytesIO(b"good"))
    browser = Browser({"none": "Nothing to download yet.", "slow": downloads.Order("slow", slow), "good": good})
    browser.buttons.start("none")
    assert browser.said == ["Nothing to download yet."] and not browser.buttons.cancel.visible
    browser.buttons.start("slow")
    browser.buttons.start("good")
    assert browser.said[-1] == "Writing slow; then good &lt;b&gt;"
    browser.buttons.start("none")
    browser.buttons.start("none")
    assert browser.said[-1] == "Writing slow. Nothing to download yet."
    browser.buttons.start("good")
    assert browser.said[-1] == "Writing slow; then good &lt;b&gt;"
    gate.set()
    await browser.rest()
    assert browser.files == ["slow", "good <b>"]


async def test_a_very_large_file_is_begun_at_the_second_click() -> None:
    large = downloads.Order("large", lambda progress, cancel: io.BytesIO(b"large"), question="About 58 GB: once more?")
    browser = Browser({"large": large})
    browser.buttons.start("large")
    assert browser.said == ["About 58 GB: once more?"] and not browser.buttons.cancel.visible
    browser.buttons.start("large")
    await browser.rest()
    assert browser.files == ["large"]


async def test_a_cancel_after_the_last_piece_does_not_wait_for_ever() -> None:
    browser = Browser({"a": downloads.Order("a", lambda progress, cancel: io.BytesIO(b"a"))})
    browser.buttons.start("a")
    while not browser.files:
        await asyncio.sleep(0)
    browser.buttons._stop(None)
    await browser.rest()
    assert browser.said[-1] == "Sent a, 1 bytes."


async def test_a_run_of_earlier_settings_is_called_so(small_run: Run) -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    settings.array.rows = settings.array.columns = 8
    settings.train.cycles = 20
    page: Any = SimpleNamespace(run=small_run, settings=settings, request_for=lambda run: run.request)
    assert settings.request().simulation == small_run.key and files.order(page, "csv").note == ""
    settings.array.seed = 2
    order = files.order(page, "csv")
    assert "-seed1-" in order.name and order.name.endswith(".csv") and "the settings have changed since" in order.note

    told = downloads.Order("a", lambda progress, cancel: io.BytesIO(b"a"), order.note)
    browser = Browser({"a": told, "b": downloads.Order("b", lambda progress, cancel: io.BytesIO(b"b"))})
    for name in "ab":
        browser.buttons.start(name)
        await browser.rest()
    assert [said for said in browser.said if said.startswith("Sent ")] == [
        f"Sent a, 1 bytes. {files.OF_SHOWN}", "Sent b, 1 bytes.",
    ]  # fmt: skip


def test_only_what_there_is_is_offered() -> None:
    buttons = Browser({"a": "none", "b": "none"}).buttons
    buttons.offer({"b"})
    assert buttons._row.objects == [buttons.buttons["b"], buttons.cancel]
    buttons.offer(("a", "b"))
    assert buttons._row.objects == [*buttons.buttons.values(), buttons.cancel]
