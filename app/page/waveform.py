"""The sidebar's picture of the pulse train."""

from __future__ import annotations

from typing import Any

from bokeh.models import ColumnDataSource

from app.look.theme import NEUTRAL, Theme
from app.settings.sections import Settings
from app.work import runs
from app.work.lane import Post

POINTS, CYCLES = 2000, 3  # the first cycles say it all


class Waveform:
    """Volts against pulse number, redrawn whenever the train changes."""

    def __init__(self, settings: Settings, theme: Theme, post: Post):
        self._settings, self._post, self._due = settings, post, False
        self._source = ColumnDataSource({"pulse": [], "volts": []})
        self.figure = theme.figure("pulse train", x="Pulse of the train", y="Voltage (V)", height=150)
        self.figure.step("pulse", "volts", source=self._source, mode="center", line_color=NEUTRAL, line_width=1.5)
        settings.train.param.watch(self.refresh, list(settings.train.names()))
        self._draw()

    def refresh(self, *events: Any) -> None:
        """Draw the train: soon, once for many changes, and under the document's lock."""
        if not self._due:
            self._due = True
            self._post(self._draw)

    def _draw(self) -> None:
        self._due = False
        try:
            train = runs.make_train(self._settings.train.choices())
        except ValueError:
            return  # the status line says what is wrong; the last good waveform stays
        pulse, volts, _ = train.waveform(POINTS)
        shown = train.pulses.cycle[pulse] < CYCLES
        self._source.data = {"pulse": pulse[shown], "volts": volts[shown]}
