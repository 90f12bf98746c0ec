"""The first pulses of the train, for the picture above their settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.settings.sections import Settings
from app.work import trains
from app.work.lane import Post

POINTS, CYCLES = 600, 3  # the first cycles say it all


class Waveform:
    """Volts against pulse number, shown anew whenever the train changes."""

    def __init__(self, settings: Settings, show: Callable[[list[int], list[float]], None], post: Post):
        self._settings, self._show, self._post, self._due = settings, show, post, False
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
            train = trains.make_train(self._settings.train.choices())
        except ValueError:
            return  # the status line says what is wrong; the last good waveform stays
        pulse, volts, _ = train.waveform(POINTS)
        shown = train.pulses.cycle[pulse] < CYCLES
        self._show([int(i) for i in pulse[shown]], [round(float(v), 4) for v in volts[shown]])
