"""For test_churn: a plugin of `panel serve` that tells which objects of the pages it ever served are alive."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from tornado.web import RequestHandler

from app.page import Dashboard

OBJECTS: weakref.WeakSet[Any] = weakref.WeakSet()
PAGES: list[int] = []


class Alive(RequestHandler):
    def get(self) -> None:
        gc.collect()
        self.write({"pages": len(PAGES), "alive": sorted(type(thing).__name__ for thing in OBJECTS)})


def remember(dashboard: Dashboard, build: Any = Dashboard.__init__) -> None:
    build(dashboard)
    PAGES.append(1)
    for thing in (
        dashboard, dashboard.page, dashboard.session, dashboard.settings, dashboard.sidebar, dashboard.status,
        dashboard.theme, dashboard.tabs, dashboard.document, dashboard.work, dashboard.own, *dashboard.views.values(),
    ):  # fmt: skip
        OBJECTS.add(thing)


Dashboard.__init__ = remember  # type: ignore[method-assign] # so that main.py is served as it is
ROUTES = [("/alive", Alive, {})]
