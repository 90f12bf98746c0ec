"""The pages that this process serves: how many, what they take, and when there is no room for another."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import threading
import time
import weakref

import panel.io.document as documents
import psutil

from app.work import runs

LOG = logging.getLogger("synaptogen.app")
MOST = int(os.environ.get("SYNAPTOGEN_MAX_PAGES", "100"))  # pages of a process
# What a process may hold before it takes no further pages; pages that are open keep working.
MEMORY = float(os.environ.get("SYNAPTOGEN_SERVER_MB", psutil.virtual_memory().total * 0.75 / 1e6)) * 1e6
FULL = "This server is full: {pages} pages are open. Try again in a few minutes; pages that are open keep working."
# A page is some 25,000 objects that stay: looks for garbage took a third of the time in which it is made. So
# they come seldom, and one comes some seconds after pages have gone.
SELDOM = (20_000, 20, 20)
AFTER = 5.0  # s
ARENAS = 2  # where threads allocate: with one for each thread, a class of 20 kept 140 MB more that nobody used
M_ARENA_MAX = -8  # of mallopt
_TIDYING, _PREPARED = threading.Lock(), threading.Event()
OPEN: weakref.WeakKeyDictionary[object, float] = weakref.WeakKeyDictionary()  # a page's work -> when it began


def prepare() -> None:
    """Before the first page, so that many take little memory; a second time changes nothing."""
    gc.set_threshold(*SELDOM)
    if not _PREPARED.is_set():
        _PREPARED.set()
        documents._garbage_collect = lambda: None  # Panel's own, once more for each page; `_tidy` does it
        if (library := c_library()) is not None:
            library.mallopt(M_ARENA_MAX, ARENAS)


def c_library() -> ctypes.CDLL | None:
    """The GNU C library of this process, or None: others need no help, or take none."""
    try:
        return ctypes.CDLL("libc.so.6")
    except OSError:
        return None


def enter(page: object) -> None:
    """A page has been made."""
    OPEN[page] = time.monotonic()
    LOG.info("page opened", extra={"pages": len(OPEN)})


def leave(page: object) -> None:
    """A page has gone; a second time changes nothing."""
    begun = OPEN.pop(page, None)
    if begun is not None:
        LOG.info("page closed", extra={"pages": len(OPEN), "seconds": round(time.monotonic() - begun, 1)})
        if _TIDYING.acquire(blocking=False):  # else one is to come
            tidy = threading.Timer(AFTER, _tidy)
            tidy.daemon = True
            tidy.start()


def _tidy() -> None:
    """Free what closed pages held, and give it back to the system."""
    _TIDYING.release()
    gc.collect()
    if (library := c_library()) is not None:
        library.malloc_trim(0)


def is_full() -> bool:
    """Whether there is no room for another page."""
    return len(OPEN) >= MOST or memory() > MEMORY


def memory() -> int:
    """Bytes that this process holds."""
    return int(psutil.Process().memory_info().rss)


def state() -> dict[str, object]:
    """What a watcher of the server wants to know."""
    return {
        "status": "full" if is_full() else "ok", "pages": len(OPEN), "most_pages": MOST,
        "memory_mb": round(memory() / 1e6), "runs_kept": len(runs.RUNS), "process": os.getpid(),
    }  # fmt: skip
