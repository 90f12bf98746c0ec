"""BLAS at one thread, given back by the last one out."""

from __future__ import annotations

import sys

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from synaptogen_core.array import blas
from synaptogen_core.array.blas import one_thread


def threads() -> int:
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


def test_callers_may_overlap() -> None:
    with threadpool_limits(2, "blas"):
        before = threads()
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        assert threads() == 1
        first.__exit__(None, None, None)
        assert threads() == 1, "the second one is still inside"
        second.__exit__(None, None, None)
        assert threads() == before


def test_a_library_that_comes_later_is_held_too(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    class Found:
        def __init__(self) -> None:
            looked.append(len(sys.modules))

        def limit(self, limits: int) -> Found:
            return self

        def restore_original_limits(self) -> None: ...

    monkeypatch.setattr("threadpoolctl.ThreadpoolController", Found)
    monkeypatch.setattr(blas, "_known", [])
    for _ in range(2):
        with blas.one_thread():
            pass
    assert len(looked) == 1, "it is not looked for each time"
    monkeypatch.setitem(sys.modules, "one_more", sys)
    with blas.one_thread():
        pass
    assert len(looked) == 2
