"""A small run for the tests of what the tabs compute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.settings.sections import Settings
from app.tabs.registry import TABS
from app.work import runs, session
from app.work.cache import LruCache
from tests.app.laboratory import Laboratory


@pytest.fixture(scope="session")
def make_run() -> Callable[..., runs.Run]:
    """make_run(rows=8, kind="staircase", ...): the finished simulation of these settings on 8 x 8 cells, 20 cycles."""

    def make(**changes: Any) -> runs.Run:
        settings = Settings({tab.key: tab.options for tab in TABS})
        for name, value in ({"rows": 8, "columns": 8, "cycles": 20} | changes).items():
            section = next(section for _, section in settings.sections() if name in section.names())
            setattr(section, name, value)
        return runs.run(settings.request(), lambda done: None, threading.Event())

    return make


@pytest.fixture(scope="session")
def small_run(make_run: Callable[..., runs.Run]) -> runs.Run:
    """8 x 8 cells, 20 full cycles, seed 1."""
    return make_run()


@pytest.fixture
def laboratory(monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    laboratory = Laboratory()
    monkeypatch.setattr(runs, "run", laboratory.run)
    monkeypatch.setattr(runs, "estimate", laboratory.estimate)
    monkeypatch.setattr(runs, "RUNS", LruCache(1_000_000))
    monkeypatch.setattr(session, "RESULTS", LruCache(1_000_000))
    return laboratory
