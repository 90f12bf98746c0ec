"""The page's work without a browser: what is painted when, what is cancelled, what blocks nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from app.work import runs, session
from tests.app.laboratory import Bench, Laboratory, started


async def test_the_first_run_starts_by_itself(laboratory: Laboratory) -> None:
    laboratory.seconds = 0.4  # longer than a change may take, but there is nothing to look at yet
    bench = await started(laboratory)
    assert bench.seeds() == [1] and laboratory.started == [1]


async def test_a_quick_change_redraws_at_once(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.seeds() == [1, 2])


async def test_several_changes_at_once_are_one_run(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.settings.array.rows, bench.settings.array.columns, bench.settings.array.seed = 4, 5, 6
    await bench.until(lambda: bench.seeds()[-1] == 6)
    await bench.ready()
    assert laboratory.started == [1, 6]


async def test_dragging_paints_on_the_way_and_ends_at_its_end(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "TELL_AFTER", 1e9)  # a run that has told its progress would be cancelled instead
    bench = await started(laboratory)
    laboratory.turns = threading.Semaphore(0)
    for first, *more in ((2, 3, 4, 5), (6, 7)):  # one is simulated, the others come while it is
        bench.settings.array.seed = first
        await bench.until(lambda first=first: laboratory.started[-1] == first)
        for seed in more:
            bench.settings.array.seed = seed
            await asyncio.sleep(0)
        laboratory.turns.release()
        await bench.until(lambda first=first: bench.seeds()[-1] == first)
        laboratory.turns.release()
        await bench.until(lambda more=more: bench.seeds()[-1] == more[-1])
    await bench.ready()
    assert bench.seeds() == laboratory.started == [1, 2, 5, 6, 7]  # a late result never paints over a newer one


async def test_a_long_change_waits_for_the_run_button(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.estimate_seconds, laboratory.turns = 0.5, threading.Semaphore(0)
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "stale")
    assert bench.status.estimate.seconds == 0.5
    await asyncio.sleep(0.1)
    assert laboratory.started == [1] and bench.seeds() == [1]  # old pictures stay
    bench.session.force()
    await bench.until(lambda: bench.status.state == "running" and bench.status.progress == 0.6)
    assert bench.status.seconds_left > 0
    laboratory.turns.release()
    await bench.ready()
    assert bench.seeds() == [1, 2]


async def test_going_back_is_up_to_date_again(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds = 9
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "stale")
    bench.settings.array.seed = 1
    await bench.ready()
    assert laboratory.started == [1] and bench.seeds() == [1]


async def test_cancel_leaves_what_is_shown_and_caches_nothing(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds = 30
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "stale")
    bench.session.force()
    await bench.until(lambda: bench.status.progress > 0)
    bench.session.cancel()
    await bench.until(lambda: bench.status.state == "stale")
    await bench.until(lambda: laboratory.cancelled == [2])  # by the worker, when it looks
    assert bench.seeds() == [1] and not bench.status.error
    assert runs.RUNS.get(bench.settings.request().simulation) is None
    laboratory.seconds = 0
    bench.session.force()
    await bench.ready()
    assert bench.seeds() == [1, 2]


async def test_a_quick_change_ends_a_long_run(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds = 30
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "stale")
    bench.session.force()
    await bench.until(lambda: bench.status.progress > 0)
    laboratory.estimate_seconds, laboratory.seconds = 0.0, 0.0
    bench.settings.array.seed = 3
    await bench.until(lambda: bench.seeds() == [1, 3])
    await bench.until(lambda: laboratory.cancelled == [2])  # by the worker, when it looks


async def test_a_long_run_that_is_no_longer_wanted_paints_nothing(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.estimate_seconds, laboratory.turns = 0.6, threading.Semaphore(0)
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "stale")
    bench.session.force()
    await bench.until(lambda: bench.status.progress > 0)
    bench.settings.array.seed = 1  # back to what is shown
    laboratory.turns.release()
    await bench.ready()
    await asyncio.sleep(0.2)
    assert bench.seeds() == [1]
    bench.settings.array.seed = 2  # it was kept all the same
    await bench.until(lambda: bench.seeds() == [1, 2])


async def test_a_failed_run_is_a_sentence_and_is_tried_again(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.error = ValueError("cycles: must fit (got many); choose fewer")
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.error == "cycles: must fit (got many); choose fewer")
    assert bench.seeds() == [1] and bench.status.state == "failed" and bench.status.can_run
    laboratory.error = None
    bench.session.force()
    await bench.ready()
    assert bench.seeds() == [1, 2] and bench.status.error == ""


async def test_settings_that_contradict_each_other_are_a_sentence(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.settings.array.columns = 13
    await bench.until(lambda: bench.status.error == "columns: must not be 13 (got 13); choose another")
    assert bench.status.state == "failed" and not bench.status.can_run
    bench.settings.array.columns = 14
    await bench.ready()
    assert bench.status.error == ""


async def test_an_unforeseen_error_is_a_sentence_without_a_trace(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.one.error = KeyError("x")
    bench.settings.array.seed = 2
    await bench.until(lambda: bool(bench.status.error))
    assert bench.status.error.startswith("One: Something went wrong (KeyError")
    assert "Traceback" not in bench.status.error
    bench.one.error = None
    bench.settings.array.seed = 3
    await bench.ready()
    assert bench.status.error == ""


async def test_only_the_visible_tab_is_computed(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.seeds() == [1, 2])
    assert bench.two.computed == 0
    bench.session.open("two")
    await bench.until(lambda: bench.seeds("two") == [2])
    bench.session.open("one")
    await bench.ready()
    assert bench.one.computed == 2 and bench.seeds() == [1, 2]  # it was up to date


async def test_a_selection_redraws_without_a_run(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.settings.select(3, 4)
    await bench.until(lambda: bench.painted["one"][-1] == (1, ((3, 4),)))
    assert laboratory.started == [1]
    bench.settings.read.u_read = 0.3  # the tab does not use it
    await bench.ready()
    assert bench.one.computed == 2


async def test_a_change_taken_back_before_it_is_painted_leaves_the_right_picture(laboratory: Laboratory) -> None:
    waiting: list[Callable[[], None]] = []
    bench = Bench()
    bench.session._post = waiting.append  # the document's lock is held by somebody

    async def release(seed: int) -> None:
        end = time.monotonic() + 2
        while time.monotonic() < end and bench.seeds()[-1:] != [seed]:
            await asyncio.sleep(0.005)
            while waiting:
                waiting.pop(0)()

    bench.session.start()
    await release(1)
    bench.settings.array.seed = 2
    await bench.until(lambda: laboratory.started == [1, 2])
    await asyncio.sleep(0.05)  # computed, not painted
    bench.settings.array.seed = 1
    await asyncio.sleep(0.05)
    await release(0)
    assert bench.seeds()[-1] == 1 and bench.status.state == "ready"


async def test_results_are_shared_by_pages(laboratory: Laboratory) -> None:
    await started(laboratory)
    other = await started(laboratory)
    assert laboratory.started == [1] and other.one.computed == 0 and other.seeds() == [1]


async def test_what_was_computed_before_is_painted_before_the_page_is_sent(laboratory: Laboratory) -> None:
    first = Bench()
    first.session.show_at_once()
    assert first.painted == {"one": [], "two": []}  # nothing has been computed yet
    await started(laboratory)
    other = Bench()
    other.session.show_at_once()
    assert other.seeds() == [1] and other.status.state == "ready"
    other.session.start()
    await asyncio.sleep(0.05)
    assert other.seeds() == [1] and laboratory.started == [1] and other.status.state == "ready"


async def test_nothing_blocks_the_loop(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds, laboratory.estimate_seconds, bench.one.seconds = 1.5, 0.0, 1.5
    gaps, beating = [], True

    async def heartbeat() -> None:
        last = time.monotonic()
        while beating:
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    heart = asyncio.create_task(heartbeat())
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.seeds() == [1, 2])
    beating = False
    await heart
    assert max(gaps) < 1.0, f"the loop stood still for {max(gaps):.2f} s"


async def test_a_closed_page_paints_no_more(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds = 30
    laboratory.estimate_seconds = 0.0
    bench.settings.array.seed = 2
    await bench.until(lambda: laboratory.started == [1, 2])
    bench.session.close()
    await bench.until(lambda: laboratory.cancelled == [2])
    await asyncio.sleep(0.05)
    assert bench.seeds() == [1]


async def test_long_runs_of_many_pages_take_turns_and_a_waiting_one_can_be_cancelled(laboratory: Laboratory) -> None:
    benches = [await started(laboratory) for _ in range(3)]
    laboratory.estimate_seconds, laboratory.turns = 1.0, threading.Semaphore(0)
    for seed, bench in enumerate(benches, 2):
        bench.settings.array.seed = seed
    for bench in benches:
        await bench.until(lambda bench=bench: bench.status.state == "stale")
        bench.session.force()
    await benches[0].until(lambda: laboratory.started == [1, 2, 3])
    await asyncio.sleep(0.1)
    assert laboratory.started == [1, 2, 3]  # two at a time
    benches[2].session.cancel()
    await benches[2].until(lambda: benches[2].status.state == "stale")
    laboratory.turns.release(2)
    for bench in benches[:2]:
        await bench.ready()
    assert laboratory.started == [1, 2, 3]


async def test_a_drawing_that_is_no_longer_wanted_ends(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.one.seconds, bench.one.heeds_cancel, before = 30.0, True, bench.one.computed
    bench.settings.select(1, 1)
    await asyncio.sleep(0.1)
    bench.one.seconds = 0.0
    bench.settings.select(2, 2)
    await bench.until(lambda: bench.painted["one"][-1][1] == ((2, 2),))
    await bench.ready()
    assert bench.one.computed == before + 1 and bench.status.error == ""


async def test_a_drawing_that_is_still_wanted_goes_on(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.one.seconds, bench.one.heeds_cancel, before = 0.3, True, bench.one.computed
    bench.settings.select(1, 1)
    await asyncio.sleep(0.1)
    bench.settings.read.u_read = 0.33  # this tab does not use it
    await bench.until(lambda: bench.painted["one"][-1][1] == ((1, 1),))
    assert bench.one.computed == before + 1


async def test_a_result_that_says_more_is_drawn_piece_by_piece(laboratory: Laboratory) -> None:
    bench = Bench()
    bench.one.results.compute = lambda run, *others: pieces[run.request.array.seed].pop(0)
    pieces = {seed: [SimpleNamespace(part=n, more=n < 3) for n in (1, 2, 3)] for seed in (1, 2)}
    bench.session.start()
    await bench.ready()
    assert [found.part for found in bench.painted["one"]] == [1, 2, 3]
    bench.settings.array.seed = 2
    await bench.until(lambda: len(bench.painted["one"]) == 6)
    bench.settings.array.seed = 1  # the whole is kept, its pieces are not
    await bench.until(lambda: len(bench.painted["one"]) == 7)
    assert bench.painted["one"][-1].part == 3 and pieces == {1: [], 2: []}
