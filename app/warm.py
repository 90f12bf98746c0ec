"""What is slow only once is done in the background when the server starts: imports, compiled code, the default run."""

from __future__ import annotations

import logging
import threading

import numpy as np

LOG = logging.getLogger("synaptogen.app")
_STARTED = threading.Event()


def start() -> None:
    """Warm up in the background, once a process."""
    if not _STARTED.is_set():
        _STARTED.set()
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


def warm_up() -> None:
    """Import datashader and compile its first picture; simulate the default array, as every new page will."""
    from app import runs
    from app.results.common import density
    from app.settings import Settings

    try:
        request = Settings().request()
        if runs.RUNS.get(request.simulation) is None:
            run = runs.run(request, lambda done: None, threading.Event())
            runs.RUNS.put(run.key, run, run.size)
        density(np.linspace(0, 1, 10, dtype=np.float32), np.linspace(0, 1, 10, dtype=np.float32), 8, 8)
    except Exception:  # a page will meet the same error and say it
        LOG.exception("warming up failed")
