"""Threads that share out blocks: all of them once, whatever happens."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synaptogen_core.array import threads as blocks
from synaptogen_core.array.helper_threads import Task
from synaptogen_core.array.threads import each_block, share


@settings(max_examples=60)
@given(st.integers(1, 500), st.integers(1, 200), st.sampled_from((None, 1, 2, 5)))
def test_every_element_is_done_once(size: int, length: int, threads: int | None) -> None:
    done, lock = [], threading.Lock()

    def work(block: slice) -> None:
        assert block.stop - block.start <= length
        with lock:
            done.extend(range(block.start, block.stop))

    each_block(size, length, work, threads)
    assert sorted(done) == list(range(size))


@given(st.integers(1, 10**12), st.integers(1, 10**6), st.integers(1, 1024))
def test_each_thread_gets_four_shares_or_they_are_as_small_as_it_pays(size: int, least: int, threads: int) -> None:
    length = share(size, least, threads)
    assert length == least or -(-size // length) <= 4 * threads < -(-size // (length - 1))


def test_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=20)  # broken, if one had to wait for another one's end
    each_block(3, 1, lambda block: meeting.wait() and None, threads=3)


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_a_fault_ends_all_and_is_told(where: str) -> None:
    caller, done = threading.get_ident(), []

    def work(block: slice) -> None:
        time.sleep(0.001)
        done.append(block.start)
        if (threading.get_ident() == caller) == (where == "caller"):
            raise RuntimeError(where)

    with pytest.raises(RuntimeError, match=where):
        each_block(10_000, 1, work, threads=2)
    assert len(done) < 1000
    count = len(done)
    time.sleep(0.02)
    assert len(done) == count, "somebody still works"


def test_a_caller_is_not_kept_waiting_by_others() -> None:
    """All helpers are busy with somebody else's work: the caller does its own alone."""
    release = threading.Event()
    busy = [Task(lambda: release.wait() and None) for _ in range(blocks.HELPERS * blocks.available_threads())]
    for task in busy:
        blocks._helpers().give(task)
    try:
        threads = set()
        each_block(50, 1, lambda block: threads.add(threading.get_ident()), threads=5)
        assert threads == {threading.get_ident()}
    finally:
        release.set()
    assert all(task.wait(20) for task in busy)


def test_a_short_work_is_not_behind_a_long_one() -> None:
    """Two callers at once, each with two threads: the one with a tenth of the work is done in the first half."""
    done: list[str] = []
    begin = threading.Barrier(2)

    def call(name: str, blocks: int) -> None:
        def work(block: slice) -> None:
            time.sleep(0.002)
            done.append(name)

        begin.wait()
        each_block(blocks, 1, work, threads=2)

    callers = [threading.Thread(target=call, args=pair) for pair in (("long", 300), ("short", 30))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    last = max(k for k, name in enumerate(done) if name == "short")
    assert done.count("long") == 300 and done.count("short") == 30
    assert last < 165


def test_blocks_may_have_blocks() -> None:
    done = []
    each_block(20, 1, lambda outer: each_block(20, 1, lambda inner: done.append((outer.start, inner.start)), 4), 4)
    assert sorted(done) == [(i, j) for i in range(20) for j in range(20)]


def test_the_caller_attends_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "POLL", 0.001)
    caller, looks = threading.get_ident(), []

    def work(block: slice) -> None:
        if threading.get_ident() != caller:
            while len(looks) < 3:
                time.sleep(0.001)
        else:
            time.sleep(0.05)  # so that the helper takes a block, too

    each_block(2, 1, work, threads=2, attend=lambda: looks.append(threading.get_ident()))
    assert len(looks) >= 3
    assert set(looks) == {caller}


def test_a_caller_who_gives_up_waits_for_what_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "POLL", 0.001)
    caller, begun, ended = threading.get_ident(), [], []

    def work(block: slice) -> None:
        begun.append(block.start)
        time.sleep(0.02 if threading.get_ident() == caller else 0.1)
        ended.append(block.start)

    def give_up() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each_block(2, 1, work, threads=2, attend=give_up)
    assert sorted(begun) == sorted(ended)
