"""The sidebar: all settings in sections that fold, with the waveform of the pulse train."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
from param.parameterized import Event

from app.controls.panel import Group, Panel
from app.look import layout
from app.look.plain import escape
from app.page.address import Address
from app.settings.sections import Settings
from app.work import trains
from app.work.lane import Post

POINTS, CYCLES = 600, 3  # of the waveform: the first cycles say it all
SWITCHES = ("order", "shapes", "eta", "u_max")  # of the model itself: seldom changed


class Sidebar:
    """Controls of the main settings: those that matter now, each made when its section is first opened."""

    def __init__(self, settings: Settings, address: Address, post: Post):
        self.settings = settings
        array, train, device, read = settings.main
        usual = tuple(name for name in device.names() if name not in SWITCHES)
        self.panel = Panel(
            (
                Group(array, title="Array"),
                Group(train, title="Pulse train", picture=True),
                Group(device, usual, title="Device"),
                Group(device, SWITCHES, title="Model switches", open=False),
                Group(read, title="Read-out", open=False),
            ),
            words={"table": "lines", "segments": "lines"}, reset=lambda: post(settings.reset),
        )  # fmt: skip
        self.waveform = Waveform(settings, self._show_wave, post)
        self.own = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 12), visible=False)
        settings.device.param.watch(self._tell_own, "own")
        buttons = layout.row(address.copy.layout, margin=(4, 6))
        self.layout = layout.column(self.own, self.panel, buttons, address.layout)

    def _show_wave(self, pulse: list[int], volts: list[float], whose: str) -> None:
        self.panel.wave = {"pulse": pulse, "volts": volts, "whose": whose}

    def _tell_own(self, event: Event) -> None:
        """What stands there instead of the packaged set when the user has brought a device."""
        self.own.visible = event.new is not None
        if event.new is not None:
            self.own.object = (
                f'<b class="own">{escape(event.new.name)}</b><br><small>Your own device. '
                "The link of this page carries it, if it is not large; the Fit tab downloads it.</small>"
            )


class Waveform:
    """Volts against pulse number, shown anew whenever the train changes."""

    def __init__(self, settings: Settings, show: Callable[[list[int], list[float], str], None], post: Post):
        self._settings, self._show, self._post, self._due = settings, show, post, False
        settings.train.param.watch(self.refresh, list(settings.train.names()))
        self._draw()

    def refresh(self, *events: Event) -> None:
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
        whose = "cell (0, 0)" if any(source.per_cell for source in train.sources) else ""
        self._show([int(i) for i in pulse[shown]], [round(float(v), 4) for v in volts[shown]], whose)
