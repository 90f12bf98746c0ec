"""BLAS at one thread, given back by the last one out."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

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
