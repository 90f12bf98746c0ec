"""The cache of plain values."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.work.cache import LruCache
from synaptogen_core.errors import Cancelled


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = LruCache(10)
    cache.put("a", 1, 5)
    cache.put("b", 2, 5)
    assert cache.get("a") == 1
    cache.put("c", 3, 5)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
    cache.put("d", 4, 11)  # larger than the whole cache
    assert cache.get("d") is None and len(cache) == 2
    cache.put("a", 5, 5)
    assert cache.get("a") == 5 and len(cache) == 2


# ------------------------------------------------------------------------------------------------ asked for by several


def test_what_several_ask_for_at_once_is_made_once() -> None:
    cache, begun, go, made = LruCache(1000), threading.Event(), threading.Event(), []

    def make() -> str:
        made.append(1)
        begun.set()
        assert go.wait(10)
        return "value"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.once, "key", make, len) for _ in range(8)]
        assert begun.wait(10)
        assert cache.once("other", lambda: "at once", len) == "at once", "others need not wait"
        go.set()
        assert {future.result(10) for future in asked} == {"value"}
    assert len(made) == 1 and cache.get("key") == "value"


@pytest.mark.parametrize("error", [Cancelled("left"), ValueError("cells: too many")])
def test_what_goes_wrong_for_one_is_made_by_the_next(error: Exception) -> None:
    cache, begun, go = LruCache(1000), threading.Event(), threading.Event()

    def fail() -> str:
        begun.set()
        assert go.wait(10)
        raise error

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.once, "key", fail, len)
        assert begun.wait(10)
        second = pool.submit(cache.once, "key", lambda: "value", len)
        go.set()
        assert second.result(10) == "value"
        with pytest.raises(type(error)):
            first.result(10)


def test_whoever_waits_can_leave() -> None:
    cache, go, cancel = LruCache(1000), threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.once, "key", lambda: go.wait(10) and "value", len)
        cancel.set()
        with pytest.raises(Cancelled):
            pool.submit(cache.once, "key", lambda: "mine", len, cancel).result(10)
        go.set()
        assert first.result(10) == "value"
