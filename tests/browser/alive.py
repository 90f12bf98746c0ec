"""For test_tabs: a plugin of `panel serve` that tells which objects of the pages it ever served are alive, and which
components were defined after its first page."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from bokeh.core.has_props import is_DataModel
from bokeh.model import Model
from tornado.web import RequestHandler

from app.page.dashboard import Dashboard

OBJECTS: weakref.WeakSet[Any] = weakref.WeakSet()
PAGES: list[int] = []
COMPONENTS: set[str] = set()


class Alive(RequestHandler):
    def get(self) -> None:
        gc.collect()
        alive = sorted(f"{type(thing).__module__}.{type(thing).__name__}" for thing in OBJECTS)
        self.write({"pages": len(PAGES), "alive": alive, "late": sorted(components() - COMPONENTS)})


def components() -> set[str]:
    """What a page's document defines for the browser, beside Bokeh's own models."""
    return {name for name, kind in Model.model_class_reverse_map.items() if is_DataModel(kind)}


def remember(dashboard: Dashboard, build: Any = Dashboard.__init__) -> None:
    build(dashboard)
    PAGES.append(1)
    COMPONENTS.update(() if COMPONENTS else components())
    for thing in (
        dashboard, dashboard.page, dashboard.session, dashboard.settings, dashboard.sidebar, dashboard.status,
        dashboard.theme, dashboard.tabs, dashboard.document, dashboard.work, dashboard.own,
    ):  # fmt: skip
        OBJECTS.add(thing)


def remember_view(dashboard: Dashboard, tab: str, show: Any = Dashboard.open) -> None:
    show(dashboard, tab)
    OBJECTS.add(dashboard.views[tab])


Dashboard.__init__ = remember  # type: ignore[method-assign] # so that main.py is served as it is
Dashboard.open = remember_view  # type: ignore[method-assign]
ROUTES = [("/alive", Alive, {})]
