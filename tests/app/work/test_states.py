"""What the page says about its work is so: in every state, and on the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app.laboratory import Bench, Laboratory, started


async def test_a_change_is_never_called_up_to_date_before_it_is_painted(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.states.clear()
    bench.settings.array.seed = 2
    assert bench.status.state == "computing"  # at once: nothing may run in between that still sees "ready"
    await bench.ready()
    assert bench.states in (["computing", "drawing", "ready"], ["computing", "ready"]) and bench.seeds() == [1, 2]
    bench.session.open("two")
    assert bench.status.state == "computing"
    await bench.ready()
    assert bench.seeds("two") == [2]


async def test_ready_is_what_the_browser_says_of_the_newest_drawing(laboratory: Laboratory) -> None:
    bench, asked = Bench(), []
    bench.session.announce = asked.append
    bench.session.start()
    await bench.until(lambda: bench.status.state == "drawing")
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.seeds() == [1, 2])
    assert len(asked) == 2 and bench.status.state == "drawing"
    bench.session.painted(asked[0])  # too late: that is no longer what is wanted
    assert bench.status.state == "drawing"
    bench.session.painted(asked[1])
    assert bench.status.state == "ready"
    bench.session.open("two")
    await bench.until(lambda: bench.seeds("two") == [2])
    bench.session.painted(asked[-1])
    bench.session.open("one")  # nothing in it has changed, but the browser has to show it
    assert bench.status.state == "drawing"
    bench.session.painted(asked[-1])
    assert bench.status.state == "ready" and bench.one.computed == 2


async def test_a_drawing_that_still_waits_for_the_lock_is_not_painted(laboratory: Laboratory) -> None:
    waiting: list[Callable[[], None]] = []
    bench, asked = await started(laboratory), []
    bench.session.announce, bench.session._post = asked.append, waiting.append
    bench.session.open("two")
    await bench.until(lambda: len(waiting) == 3)  # the tab's opening, its status, and its drawing
    bench.session.open("one")
    while bench.seeds("two") == []:  # painted, and "one" has not been asked for
        waiting.pop(0)()
    assert asked == [], "what the browser says to this does not count"
    while waiting:
        waiting.pop(0)()
    assert bench.status.state == "drawing"
    bench.session.painted(asked[-1])
    waiting.pop(0)()
    assert bench.status.state == "ready"


async def test_a_page_that_is_sent_with_its_pictures_is_ready_when_they_are_painted(laboratory: Laboratory) -> None:
    await started(laboratory)
    bench, asked, waiting = Bench(), [], []
    bench.session.announce, bench.session._post = asked.append, waiting.append
    bench.session.open("one")  # asks for the lock, which the making of the page does not need
    bench.session.show_at_once()
    while waiting:
        waiting.pop(0)()
    assert bench.seeds() == [1] and bench.status.state == "drawing"
    bench.session.painted(asked[-1])
    waiting.pop(0)()
    assert bench.status.state == "ready"


async def test_a_long_run_of_a_link_has_not_been_run_yet(laboratory: Laboratory) -> None:
    laboratory.seconds = 30.0
    bench = Bench()
    bench.session.start()
    await bench.until(lambda: bench.status.state == "new")
    assert bench.states == ["computing", "new"] and bench.status.can_run and bench.status.estimate.seconds == 30
    bench.session.force()
    await bench.until(lambda: bench.status.state == "running" and bench.status.progress > 0)
    assert not bench.status.can_run
    bench.session.cancel()
    await bench.until(lambda: bench.status.state == "new")
    laboratory.seconds = 0.0
    bench.session.force()
    await bench.ready()
    assert bench.seeds() == [1] and not bench.status.can_run


async def test_a_cancelled_run_leaves_the_next_one_waiting(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    laboratory.seconds = 30
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.can_run)
    bench.session.force()
    await bench.until(lambda: bench.status.progress > 0)
    bench.settings.array.seed = 3  # as long: it waits, and the run under way goes on
    await bench.until(lambda: bench.status.estimate is not None)
    assert bench.status.state == "running" and not bench.status.can_run
    bench.session.cancel()
    await bench.until(lambda: bench.status.state == "stale")
    assert bench.status.can_run
    await bench.until(lambda: laboratory.cancelled == [2])  # by the worker, when it looks


async def test_what_failed_is_said_while_its_cause_is_there(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.two.error = ValueError("high: must lie above low (got 0); widen them")
    bench.session.open("two")
    await bench.until(lambda: bench.status.state == "failed")
    assert bench.status.error == "Two: high: must lie above low (got 0); widen them" and not bench.status.can_run
    bench.session.open("one")  # it has no part in that
    await bench.ready()
    assert bench.status.error == ""
    bench.session.open("two")
    await bench.until(lambda: bench.status.state == "failed")
    bench.two.error = None
    bench.settings.select(1, 1)
    assert bench.status.state == "computing" and bench.status.error == ""
    await bench.ready()
    assert bench.painted["two"] == [(1, ((1, 1),))]


async def test_a_picture_that_cannot_be_drawn_has_failed_and_is_tried_again(laboratory: Laboratory) -> None:
    bench, broken = await started(laboratory), True

    def paint(result: Any) -> None:
        if broken:
            raise KeyError("x")
        bench.painted["one"].append(result)

    bench.session.connect("one", paint)
    bench.settings.array.seed = 2
    await bench.until(lambda: bench.status.state == "failed")
    assert bench.status.error.startswith("One: Something went wrong (KeyError") and bench.seeds() == [1]
    broken = False
    bench.session.open("one")
    await bench.ready()
    assert bench.seeds() == [1, 2] and bench.status.error == ""


async def test_what_was_refused_is_said_until_something_is_accepted(laboratory: Laboratory) -> None:
    bench = await started(laboratory)
    bench.session.tell(ValueError("seed: must be whole (got 1.5); the old value stays"))
    assert bench.status.state == "ready" and bench.status.error.startswith("seed: must be whole")  # both are so
    bench.settings.array.seed = 2
    assert bench.status.error == ""
    await bench.ready()
