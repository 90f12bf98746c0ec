"""The cache of plain values."""

from __future__ import annotations

from app.work.cache import LruCache


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
