"""The pages of a process: what they held is freed when they have gone."""

from __future__ import annotations

import gc
import time
import weakref

import pytest

from app.work import crowd


class Page:
    """Holds itself, as a page's parts hold each other."""

    def __init__(self) -> None:
        self.own = self


def test_what_a_page_held_is_freed_though_garbage_is_sought_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "AFTER", 0.01)
    gc.disable()
    try:
        for leaves in (True, False):
            page = Page()
            alive = weakref.ref(page)
            crowd.enter(page)
            if leaves:
                crowd.leave(page)
            del page
            end = time.monotonic() + (20 if leaves else 0.2)
            while alive() is not None and time.monotonic() < end:
                time.sleep(0.01)
            assert (alive() is None) == leaves
    finally:
        gc.enable()


def test_garbage_is_sought_seldom() -> None:
    before = gc.get_threshold()
    try:
        crowd.look_seldom()
        assert gc.get_threshold()[0] >= 10 * 700
    finally:
        gc.set_threshold(*before)
