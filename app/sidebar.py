"""The sidebar: all settings in four sections, with the waveform of the pulse train."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

from app import controls, theme
from app.address import Address
from app.session import Post
from app.settings import Section, Settings


class Sidebar:
    """Controls of the main settings: those that matter now, each made when it first matters."""

    def __init__(self, settings: Settings, address: Address, waveform: Any, post: Post):
        self.settings = settings
        array, train, device, read = settings.main
        reset = pmui.Button(label="Reset to defaults", variant="text", size="small", icon="restart_alt")
        reset.on_click(lambda event: post(settings.reset))
        sections = pmui.Accordion(
            ("Array", self._column(array)),
            ("Pulse train", self._column(train, theme.pane(waveform))),
            ("Device", self._column(device)),
            ("Read-out", self._column(read)),
            active=[0, 1, 2, 3], sizing_mode="stretch_width", disable_gutters=True, square=True, elevation=0,
            title_variant="subtitle1", margin=0,
        )  # fmt: skip
        buttons = pmui.Row(address.copy.layout, reset, sizing_mode="stretch_width", margin=(8, 6))
        self.layout = pmui.Column(sections, buttons, address.layout, sizing_mode="stretch_width", margin=0)

    def _column(self, section: Section, *more: Any) -> pmui.Column:
        column, widgets = pmui.Column(sizing_mode="stretch_width", margin=0), {}

        def show(*events: Any) -> None:
            active = section.active()
            for name in active:
                if name not in widgets:
                    widgets[name] = controls.widget(section, name)
            wanted = [*(widgets[name] for name in section.names() if name in active), *more]
            if wanted != column.objects:
                column.objects = wanted

        section.param.watch(show, list(section.names()))
        show()
        return column
