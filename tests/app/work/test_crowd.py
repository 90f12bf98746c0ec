"""The pages of a process: what they held is freed when they have gone."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from unittest.mock import Mock

import panel.io.document as documents
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


class Library:
    """The C library, as far as it is asked."""

    def __init__(self) -> None:
        self.mallopt, self.malloc_trim = Mock(), Mock()


def test_many_pages_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(crowd, "c_library", lambda: library)
    monkeypatch.setattr(crowd, "_PREPARED", threading.Event())
    monkeypatch.setattr(documents, "_garbage_collect", documents._garbage_collect)
    before = gc.get_threshold()
    gc.disable()
    try:
        crowd.prepare()
        crowd.prepare()
        assert gc.get_threshold()[0] >= 10 * 700
        library.mallopt.assert_called_once_with(crowd.M_ARENA_MAX, crowd.ARENAS)
        page = Page()
        alive = weakref.ref(page)
        del page
        documents._garbage_collect()
        assert alive() is not None, "no longer Panel's affair"
        crowd._TIDYING.acquire()
        crowd._tidy()
        assert alive() is None
        library.malloc_trim.assert_called_once_with(0)
    finally:
        gc.enable()
        gc.set_threshold(*before)


def test_a_system_without_that_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd.ctypes, "CDLL", Mock(side_effect=OSError("no such file")))
    assert crowd.c_library() is None
    crowd._TIDYING.acquire()
    crowd._tidy()
    assert crowd._TIDYING.acquire(blocking=False)
    crowd._TIDYING.release()
