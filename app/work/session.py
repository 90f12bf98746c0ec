"""One page's work: settings -> Request -> Run -> the visible tab's result -> its pictures. Never blocks the loop.

Two lanes. The simulation lane makes Runs: at once where the estimate is short, else when asked to, with progress and
cancel. The drawing lane computes the visible tab's result from the newest Run and paints it. Each does one job at a
time and then the newest that was asked for, so that dragging a slider paints on the way and ends at its end.

What the status line says follows from what is known here (`_show_status`). Whoever changes that calls `_refresh`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from param.parameterized import Event

from app.settings.sections import Request, ResultKey, Settings
from app.work import runs
from app.work.cache import LruCache, bytes_of
from app.work.lane import LONG_RUNS, JobError, Lane, Post, Work, begin, has_loop, in_thread, sentence
from app.work.states import Status, state_of
from app.work.tab import Beside, Tab, unfinished
from synaptogen_core.errors import Cancelled
from synaptogen_core.progress import Progress

# seconds: a run estimated shorter than this starts by itself
AT_ONCE = float(os.environ.get("SYNAPTOGEN_AT_ONCE_SECONDS", "0.3"))
TELL_AFTER = 0.3  # seconds: a run that takes longer shows its progress
AT_START = 3.0  # the first run, when there is nothing to look at yet
RESULTS = LruCache(runs.RUNS.limit // 3)
Key = tuple[ResultKey, Hashable]  # of a drawing: the result, and what is beside it
OWN_RUNS = runs.BUDGET  # bytes of the runs that a page keeps of its user's own device


class Session:
    """The work of one page."""

    def __init__(self, settings: Settings, tabs: Sequence[Tab], post: Post):
        self.settings, self.status = settings, Status()
        self.tabs = {tab.key: tab for tab in tabs}
        self.run: runs.Run | None = None
        self.visible = tabs[0].key
        self.saved_from = ""  # the tab from which a session is being saved, if not the visible one
        self.announce: Callable[[int], None] = self.painted  # asks the browser to say when it has painted this drawing
        self.beside: Beside | None = None  # what is drawn beside the pictures of a run
        self.decorate: Callable[[str, Any, Any], None] = nothing  # draws it: tab, result, what is beside
        self.closing: list[Callable[[], None]] = []  # what else ends with the page
        self._own = LruCache(OWN_RUNS), LruCache(OWN_RUNS // 4)
        self._twin: runs.Run | None = None
        self._post = post
        self._painters: dict[str, Callable[[Any], None]] = {}
        self._wanted: tuple[Request, bool] | None = None  # and whether it takes long
        self._simulations = Lane(self._next_run, self._no_more_runs)  # a job's key: what the run depends on
        self._drawings = Lane(self._next_result)  # a job's key: what the result depends on
        self._redraw = self._scheduled = self._closed = False
        # what the status line is made of
        self._estimated: tuple[Hashable, runs.Estimate] | None = None  # what a run costs, and its key
        self._progress: tuple[float, float | None] | None = None  # of a run that takes a while: share, seconds left
        self._failed: dict[
            str, tuple[Hashable, str]
        ] = {}  # tab, or "" for the simulation -> key of what failed, a sentence
        self._told = ""  # what was refused: it stays until something is accepted
        self.drawn: dict[str, ResultKey] = {}  # tab -> key of the result that its pictures show
        self._sent: dict[str, Key] = {}  # tab -> key of the newest result on its way to the pictures
        self._drawing_number = self._painted_number = 0  # of the newest drawing, and of the last one seen painted
        self._due = False
        settings.watch(self._changed)

    # ------------------------------------------------------------------------------------------------ from the page
    def start(self) -> None:
        """Begin: simulate what the settings say, and draw."""
        self._changed()

    def show_at_once(self) -> None:
        """Paint what has been computed before, by any page: the page is then sent with its pictures."""
        request = self.settings.request()
        own = result_key(self.tabs[self.visible], request)
        kept, results = self._caches(request)[0], self._results(self.tabs[self.visible], request)
        run, result = kept.get(request.simulation), results.get(own)
        if run is None or result is None or request.group:
            return
        self.run = run
        key = self._sent[self.visible] = self._key_of(self.visible, run)
        self._paint(self.visible, key, result, self._next_drawing())
        self._show_status()

    def connect(self, tab: str, painter: Callable[[Any], None]) -> None:
        """Where results of a tab go; called when the tab is first opened."""
        self._painters[tab] = painter

    def open(self, tab: str) -> None:
        """The page shows another tab: bring it up to date."""
        self.visible = tab
        number = self._next_drawing()  # the browser has to show it, even where nothing in it has changed
        self._later(lambda: self._ask(number))
        self._refresh()
        self._draw()

    def painted(self, number: int) -> None:
        """The browser has painted this drawing; what it says of an earlier one does not count."""
        if number == self._drawing_number:
            self._painted_number = number
            self._refresh()

    def redraw(self) -> None:
        """What is drawn beside the pictures has changed."""
        self._refresh()
        self._draw()

    def force(self) -> None:
        """The Run button: simulate although it takes long."""
        self._told = ""
        self._failed.pop("", None)
        self._progress = (0.0, None)
        self._refresh()
        self._simulate(self.settings.request(), long=True)

    def cancel(self) -> None:
        """The Cancel button: stop the simulation; what is shown stays."""
        self._simulations.cancel(leave=True)  # it may still wait for its turn

    def tell(self, error: BaseException) -> None:
        """An error from anywhere in the page, as a sentence."""
        self._told = sentence(error)
        self._refresh()

    def close(self) -> None:
        """The page is gone."""
        self._closed = True
        self._simulations.close()
        self._drawings.close()
        for close in self.closing:
            close()
        self._painters.clear()
        self.announce = self.painted
        self.run = self._twin = None
        for cache in self._own:
            cache.clear()

    def _caches(self, request: Request) -> tuple[LruCache, LruCache]:
        """Runs and results: of packaged devices for all pages; what a user's own device makes ends with its page."""
        return (runs.RUNS, RESULTS) if isinstance(request.device.device, str) else self._own

    def _results(self, tab: Tab, request: Request) -> LruCache:
        """Where results of a tab are kept: what is made of a user's own file ends with its page, too."""
        return self._own[1] if request.holds_files(tab.key) else self._caches(request)[1]

    def _run_for(self, tab: Tab, run: runs.Run, request: Request) -> runs.Run:
        """The run that a tab may keep things in: of a user's own file, a twin of this page's."""
        if not request.holds_files(tab.key):
            return run
        if self._twin is None or self._twin.key != run.key:
            self._twin = replace(run, kept=LruCache(runs.KEPT))
        return self._twin

    # ------------------------------------------------------------------------------------------------ status
    def _refresh(self) -> None:
        """Say the present state: soon, once for many changes, and under the document's lock."""
        if not self._due and not self._closed:
            self._due = True
            self._post(self._show_status)

    def _show_status(self) -> None:
        self._due = False
        if self._closed:
            return
        wanted, run = self.settings.request().simulation, self.run
        simulated = run is not None and run.key == wanted
        asked = wanted in (self._simulations.key, self._wanted and self._wanted[0].simulation)
        key = self._key_of(self.visible, run) if run is not None else None
        failure = self._failure("", wanted) or (self._failure(self.visible, key) if simulated else "")
        estimate = self._estimated[1] if self._estimated and self._estimated[0] == wanted else None
        state = state_of(
            running=self._progress is not None, failed=bool(failure), simulated=simulated,
            waiting=estimate is not None and not asked, any_run=run is not None,
            handed=self._sent.get(self.visible) == key, painted=self._painted_number == self._drawing_number,
        )  # fmt: skip
        share, left = self._progress or (0.0, None)
        self.status.param.update(
            state=state, estimate=estimate, progress=share, seconds_left=left, seconds=run.seconds if run else None,
            can_run=state in ("new", "stale") or (state == "failed" and not simulated and estimate is not None),
            error=" ".join(filter(None, (failure, self._told))),
        )  # fmt: skip

    def _failure(self, name: str, key: Hashable) -> str:
        """What is to be said of a failure; nothing once its cause is gone."""
        failed, text = self._failed.get(name, (None, ""))
        return text if failed == key else ""

    def _fail(self, name: str, key: Hashable, text: str) -> None:
        self._failed[name] = key, text
        self._refresh()

    # ------------------------------------------------------------------------------------------------ simulation lane
    def _changed(self, *events: Event) -> None:
        # Many parameters may change in one event: look at them once, when all are set.
        if not self._scheduled and not self._closed and has_loop():
            self._scheduled = True
            self._told = ""
            self._refresh()
            asyncio.get_running_loop().call_soon(self._consider)

    def _consider(self) -> None:
        self._scheduled = False
        request = self.settings.request()
        self._refresh()
        if self.run and request.simulation == self.run.key:
            self._wanted = None
            self._draw()
            return
        cached = self._caches(request)[0].get(request.simulation)
        if cached:
            self._wanted = None
            self._adopt(cached)
            return
        begin(self._estimate(request))

    async def _estimate(self, request: Request) -> None:
        key = request.simulation
        try:
            estimate = await in_thread(runs.estimate, request)
        except Exception as error:
            if key == self.settings.request().simulation:  # else a newer change is on its way
                self._fail("", key, sentence(error))
            return
        if key != self.settings.request().simulation:
            return
        self._failed.pop("", None)
        self._estimated = key, estimate
        if estimate.seconds <= (AT_ONCE if self.run else max(AT_ONCE, AT_START)):
            self._simulate(request, long=estimate.seconds > AT_ONCE)
        self._refresh()

    def _simulate(self, request: Request, *, long: bool) -> None:
        self._wanted = (request, long)
        if self._progress is not None:
            self.cancel()  # a long one is under way: the user has gone on
        self._simulations.start()

    def _next_run(self) -> tuple[Hashable, Work] | None:
        if self._wanted is None:
            return None
        (request, long), self._wanted = self._wanted, None
        return request.simulation, self._simulate_one(request, long)

    def _no_more_runs(self) -> None:
        self._progress = None
        self._refresh()

    async def _simulate_one(self, request: Request, long: bool) -> None:
        self._progress = (0.0, None) if long else None
        self._refresh()
        try:
            run = await self._simulations.do(
                partial(self._run_once, request), tell=self._show_progress, after=TELL_AFTER,
                pool=LONG_RUNS if long else None,
            )  # fmt: skip
        except Cancelled:
            return
        except JobError as failed:
            self._fail("", request.simulation, str(failed))
            return
        wanted = self.settings.request().simulation
        if not self._closed and (run.key == wanted or self.run is None or self.run.key != wanted):
            self._adopt(run)

    def _run_once(self, request: Request, progress: Progress, cancel: threading.Event) -> runs.Run:
        """The run, in a thread; if another page is at the same one, what that has made."""
        make = partial(runs.run, request, progress, cancel)
        return self._caches(request)[0].once(request.simulation, make, lambda run: run.size, cancel)

    def _show_progress(self, done: float, seconds: float) -> None:
        if self._simulations.busy:
            left = seconds * (1 - done) / done if done > 0.02 else None  # the first pieces say nothing about the rest
            self._progress = done, left
            self._refresh()

    def _adopt(self, run: runs.Run) -> None:
        self.run = run
        self._failed.pop("", None)
        self._refresh()
        self._draw()

    # ------------------------------------------------------------------------------------------------ drawing lane
    def _draw(self) -> None:
        self._redraw = True
        if self.run is None:
            return
        if self._drawings.key != self._key_of(self.visible, self.run):
            self._drawings.cancel()  # a long drawing of what is no longer wanted need not end
        self._drawings.start()

    def _next_result(self) -> tuple[Hashable, Work] | None:
        wanted, self._redraw = self._redraw, False
        if not wanted or self.run is None or self.visible not in self._painters:
            return None
        name, request = self.visible, self.request_for(self.run)
        key = self._key_of(name, self.run)
        return None if self._sent.get(name) == key else (key, self._draw_one(name, self.run, request, key))

    async def _draw_one(self, name: str, run: runs.Run, request: Request, key: Key) -> None:
        tab, results = self.tabs[name], self._results(self.tabs[name], request)
        try:
            own, beside = key
            result, extra = results.get(own), None
            if result is None or (beside is not None and tab.of_run):
                result, extra = await self._drawings.do(
                    lambda progress, cancel: self._compute(tab, run, request, cancel)
                )
        except Cancelled:
            return
        except JobError as failed:
            self._fail(name, key, f"{tab.title}: {failed}")
            return
        self._failed.pop(name, None)
        number = self._next_drawing()
        if unfinished(result):  # drawn as far as it is; then the next piece
            self._redraw = True
        else:
            self._sent[name] = key
        self._later(lambda: self._paint(name, key, result, number, extra))
        self._refresh()  # after the pictures: they are what is waited for

    def _compute(self, tab: Tab, run: runs.Run, request: Request, cancel: threading.Event) -> tuple[Any, Any]:
        """The result of a tab and what is beside it, in a thread."""
        run = self._run_for(tab, run, request)
        result = self._result_of(tab, run, request, cancel)
        if self.beside is None or not tab.of_run:
            return result, None
        return result, self.beside.compute(tab, run, request, cancel, partial(self._whole_result_of, tab))

    def _result_of(self, tab: Tab, run: runs.Run, request: Request, cancel: threading.Event) -> Any:
        return self._results(tab, request).once(
            result_key(tab, request), lambda: tab.results.compute(run, request, request.of_tab(tab.key), cancel),
            bytes_of, cancel, keep=lambda found: not unfinished(found),
        )  # fmt: skip

    def _whole_result_of(self, tab: Tab, run: runs.Run, request: Request, cancel: threading.Event) -> Any:
        if request.holds_files(tab.key):  # as in `_run_for`: what is made of it is not kept with a run of all pages
            run = replace(run, kept=LruCache(runs.KEPT))
        result = self._result_of(tab, run, request, cancel)
        while unfinished(result):
            result = self._result_of(tab, run, request, cancel)
        return result

    def _next_drawing(self) -> int:
        """From now on the page is drawn when the browser has painted this drawing."""
        self._drawing_number += 1
        return self._drawing_number

    def _ask(self, number: int) -> None:
        if number == self._drawing_number:  # else a newer drawing is on its way, or has been asked for already
            self.announce(number)

    def _paint(self, name: str, key: Key, result: Any, number: int, extra: Any = None) -> None:
        if name not in self._painters:
            return
        try:
            self._painters[name](result)
            self.drawn[name] = key[0]
            if self.beside is not None and self.tabs[name].of_run:
                self.decorate(name, result, extra)
        except Exception as error:
            if self._sent.get(name) == key:
                del self._sent[name]  # tried again when it is asked for again
            self._fail(name, key, f"{self.tabs[name].title}: {sentence(error)}")
        self._ask(number)  # in the same hold as the changes themselves
        self._refresh()

    def _key_of(self, name: str, run: runs.Run) -> Key:
        """What the pictures of a tab should show now."""
        request = self.request_for(run)
        return result_key(self.tabs[name], request), self.beside.key(request) if self.beside else None

    def request_for(self, run: runs.Run) -> Request:
        """The present read-out, selection and options, with the simulation settings that the pictures show."""
        request = self.settings.request()
        array = run.request.array
        cells = tuple(c for c in request.cells if c[0] < array.rows and c[1] < array.columns) or ((0, 0),)
        return replace(request, array=array, train=run.request.train, device=run.request.device, cells=cells)

    def _later(self, function: Callable[[], None]) -> None:
        if not self._closed:
            self._post(function)


def nothing(tab: str, result: object, extra: object) -> None:
    """Nothing is drawn beside."""


def result_key(tab: Tab, request: Request) -> ResultKey:
    """What a tab's result depends on: the simulation, its own options, and what it says it uses."""
    used = tuple(getattr(request, part) for part in sorted(tab.results.USES))
    return (tab.key, request.simulation, request.of_tab(tab.key), used)
