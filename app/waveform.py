"""The sidebar's picture of the pulse train."""

from __future__ import annotations

from typing import Any

from bokeh.models import ColumnDataSource

from app import runs
from app.settings import Settings
from app.theme import NEUTRAL, Theme


class Waveform:
    """Volts against pulse number, redrawn whenever the train changes."""

    def __init__(self, settings: Settings, theme: Theme):
        self._settings = settings
        self._source = ColumnDataSource({"pulse": [], "volts": []})
        self.figure = theme.figure("pulse train", x="Pulse", y="Voltage (V)", height=130)
        self.figure.step("pulse", "volts", source=self._source, mode="after", line_color=NEUTRAL, line_width=1.5)
        settings.train.param.watch(self.refresh, list(settings.train.names()))
        self.refresh()

    def refresh(self, *events: Any) -> None:
        try:
            wave = runs.make_train(self._settings.train.choices()).waveform(400)
        except ValueError:
            return  # the status line says what is wrong; the last good waveform stays
        self._source.data = {"pulse": wave[0], "volts": wave[1]}
