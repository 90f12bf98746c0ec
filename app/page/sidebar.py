"""The sidebar: all settings in four sections, with the waveform of the pulse train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.look import controls, theme
from app.look.plain import escape
from app.page.address import Address
from app.settings.sections import Section, Settings
from app.work.lane import Post


class Sidebar:
    """Controls of the main settings: those that matter now, each made when it first matters."""

    def __init__(self, settings: Settings, address: Address, waveform: Any, post: Post,
                 back: Callable[[], None]):  # fmt: skip
        self.settings = settings
        array, train, device, read = settings.main
        reset = pmui.Button(label="Reset to defaults", variant="text", size="small", icon="restart_alt")
        reset.on_click(lambda event: post(settings.reset))
        sections = pmui.Accordion(
            ("Array", self._column(array)),
            ("Pulse train", self._column(train, theme.pane(waveform))),
            ("Device", self._column(device, above=[self._own(back)])),
            ("Read-out", self._column(read)),
            active=[0, 1, 2, 3], sizing_mode="stretch_width", disable_gutters=True, square=True, elevation=0,
            title_variant="subtitle1", margin=0,
        )  # fmt: skip
        buttons = pmui.Row(address.copy.layout, reset, sizing_mode="stretch_width", margin=(8, 6))
        self.layout = pmui.Column(sections, buttons, address.layout, sizing_mode="stretch_width", margin=0)

    def _own(self, back: Callable[[], None]) -> pmui.Column:
        """What stands there instead of the packaged set when the user has brought a device."""
        name = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        button = pmui.Button(label="Back to the published device", variant="outlined", size="small", margin=(6, 12))
        button.on_click(lambda event: back())
        place = pmui.Column(name, button, sizing_mode="stretch_width", margin=0, visible=False)

        def show(event: Any) -> None:
            place.visible = event.new is not None
            if event.new is not None:
                name.object = (
                    f'<b class="own">{escape(event.new.name)}</b><br><small>Your own device. A link cannot carry it: '
                    "it opens with the published one. Download it on the Fit tab.</small>"
                )

        self.settings.device.param.watch(show, "own")
        return place

    def _column(self, section: Section, *more: Any, above: Sequence[Any] = ()) -> pmui.Column:
        column, widgets = pmui.Column(sizing_mode="stretch_width", margin=0, sx={"gap": "4px"}), {}

        def show(*events: Any) -> None:
            active = section.active()
            for name in active:
                if name not in widgets:
                    widgets[name] = controls.widget(section, name)
            wanted = [*above, *(widgets[name] for name in section.names() if name in active), *more]
            if wanted != column.objects:
                column.objects = wanted

        section.param.watch(show, [*section.names(), *(["own"] if "own" in section.param else [])])
        show()
        return column
