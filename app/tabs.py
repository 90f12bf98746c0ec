"""The tabs of the page. One line here, results/<key>.py and views/<key>.py make a tab."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from app.settings import TabOptions


@dataclass(frozen=True)
class Tab:
    """A tab: results/<key>.py computes plain arrays (Options, USES, compute), views/<key>.py draws them (View)."""

    key: str
    title: str
    of_run: bool = True  # whether its pictures are those of the run, and age with it

    @property
    def results(self) -> Any:
        return importlib.import_module(f"app.results.{self.key}")

    @property
    def view(self) -> Any:
        return importlib.import_module(f"app.views.{self.key}").View

    @property
    def options(self) -> type[TabOptions]:
        return self.results.Options


TABS = (
    Tab("overview", "Overview"),
    Tab("distributions", "Distributions"),
    Tab("c2c", "Cycle to cycle"),
    Tab("d2d", "Device to device"),
    Tab("loops", "I-V loops"),
    Tab("crossbar", "Crossbar"),
    Tab("programming", "Programming"),
    Tab("fit", "Fit", of_run=False),
    Tab("data", "Data"),
    Tab("learn", "Learn"),
)
