"""A line below the header, on every tab, while the page shows a device that the user has brought."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

import synaptogen_core as sc
from app.look import layout
from app.look.plain import escape
from app.settings.sections import Settings
from synaptogen_core.counts import counted

NOTES = 50  # listed
STYLE = """
:host { font-size: 0.92rem; }
details { padding: 2px 0; }
summary { cursor: pointer; }
ul { margin: 4px 0; padding-left: 22px; }
"""


class DeviceLine:
    """Name and warnings of the user's own device, and the way back."""

    def __init__(self, settings: Settings, back: Callable[[], None]):
        self.text = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 8), stylesheets=[STYLE])
        self.back = pmui.Button(label="Back to the published device", variant="outlined", size="small", margin=(4, 6))
        self.back.on_click(lambda event: back())
        self.layout = layout.row(
            self.text, self.back, margin=(4, 0), visible=False,
            styles={"border": "1px solid rgba(127, 127, 127, 0.35)", "border-left": "5px solid #E69F00"},
        )  # fmt: skip
        settings.device.param.watch(lambda event: self.show(event.new), "own")

    def show(self, device: sc.DeviceParameters | None) -> None:
        """Say which device it is, or nothing."""
        self.layout.visible = device is not None
        if device is None:
            return
        notes = getattr(device, "notes", ())
        said = f"Showing <b>{escape(device.name)}</b> (your device) on all tabs"
        if not notes:
            self.text.object = f'<div class="own-device">{said}.</div>'
            return
        rows = "".join(f"<li>{escape(note)}</li>" for note in notes[:NOTES])
        count = counted(len(notes), "limitation")
        self.text.object = f'<details class="own-device"><summary>{said}. {count}</summary><ul>{rows}</ul></details>'
