"""A plugin of `panel serve`: after a look at /hold the next job of a page waits until it is cancelled.

So a test can cancel a job that a quick machine would have done by then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tornado.web import RequestHandler

from app.work.lane import Lane
from synaptogen_core.progress import Progress

NEXT = threading.Event()


class Hold(RequestHandler):
    def get(self) -> None:
        NEXT.set()


def do(lane: Lane, job: Callable[..., Any], begin: Any = Lane.do, **options: Any) -> Any:
    if not NEXT.is_set():
        return begin(lane, job, **options)
    NEXT.clear()

    def held(progress: Progress, cancel: threading.Event) -> Any:
        cancel.wait()
        return job(progress, cancel)

    return begin(lane, held, **options)


Lane.do = do  # type: ignore[method-assign] # so that the page is served as it is
ROUTES = [("/hold", Hold, {})]
