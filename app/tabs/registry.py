"""The tabs of the page. One line here and a folder with compute.py and view.py make a tab."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, cast

from app.settings.sections import TabOptions
from app.work.tab import Computes


@dataclass(frozen=True)
class Tab:
    """A tab: <key>/compute.py computes plain arrays (Options, USES, compute), <key>/view.py draws them (View)."""

    key: str
    title: str
    of_run: bool = True  # whether its pictures are those of the run, and age with it
    group: str = ""  # heading over its neighbours of the same group in the bar of tabs
    short: str = ""  # what stands in the bar, if not the whole title; a part of it

    @property
    def results(self) -> Computes:
        return cast(Computes, importlib.import_module(f"app.tabs.{self.key}.compute"))

    @property
    def view(self) -> Any:
        return importlib.import_module(f"app.tabs.{self.key}.view").View

    @property
    def options(self) -> type[TabOptions]:
        return self.results.Options


TABS = (
    Tab("overview", "Overview", group="Explore"),
    Tab("distributions", "Distributions", group="Explore"),
    Tab("c2c", "Cycle to cycle", group="Explore", short="Cycle"),
    Tab("d2d", "Device to device", group="Explore", short="Device"),
    Tab("loops", "I-V loops", group="Explore", short="Loops"),
    Tab("explorer", "Explorer", group="Explore"),
    Tab("sweep", "Sweep", group="Explore"),
    Tab("time", "Time", group="Explore"),
    Tab("realism", "Realism", group="Explore"),
    Tab("pulses", "Pulse lab", group="Design"),
    Tab("crossbar", "Crossbar", group="Design"),
    Tab("programming", "Programming", group="Design"),
    Tab("networks", "Networks", group="Design"),
    Tab("fit", "Fit", of_run=False),
    Tab("data", "Data"),
    Tab("learn", "Learn"),
)
