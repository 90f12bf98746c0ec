"""What is slow only once is done in the background when the server starts: imports, compiled code, the default page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from app.settings.sections import Settings
from app.work import runs, session
from app.work.cache import bytes_of
from app.work.tab import Tab

LOG = logging.getLogger("synaptogen.app")
WARMED = ("overview", "crossbar")  # the first tab, and the compiled solver of the lines
_STARTED = threading.Event()


def start(tabs: Sequence[Tab]) -> None:
    """Warm up in the background, once a process."""
    if not _STARTED.is_set():
        _STARTED.set()
        threading.Thread(target=warm_up, args=(tabs,), name="warm-up", daemon=True).start()


def warm_up(tabs: Sequence[Tab]) -> None:
    """Simulate the default array and compute tabs that need what is slow only once: with that all is compiled."""
    try:
        settings = Settings({tab.key: tab.options for tab in tabs})
        request = settings.request()
        settings.array.rows = settings.array.columns = 1  # first one cell, so that the time of the other run is its own
        runs.run(settings.request(), lambda done: None, threading.Event())
        run = runs.RUNS.get(request.simulation)
        if run is None:
            run = runs.run(request, lambda done: None, threading.Event())
            runs.RUNS.put(run.key, run, run.size)
        for tab in tabs:
            if tab.key in WARMED:
                result = tab.results.compute(run, request, request.of_tab(tab.key), threading.Event())
                session.RESULTS.put(session.result_key(tab, request), result, bytes_of(result))
    except Exception:  # a page will meet the same error and say it
        LOG.exception("warming up failed")
