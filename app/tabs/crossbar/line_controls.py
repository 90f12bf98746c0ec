"""The controls of the lines, for the tabs that solve them."""

from __future__ import annotations

import panel_material_ui as pmui

from app.look import controls
from app.look.number_box import NumberBox
from app.settings.sections import Section

WIDTH = {"word_ohm": 190, "bit_ohm": 190, "source_ohm": 120, "sense_ohm": 120, "ends": 125, "selector": 170}
BOXES = {"source_ohm": NumberBox, "sense_ohm": NumberBox}


class LineControls:
    """One row: resistances, ends and selector; `selector` may be hidden where nothing is written."""

    def __init__(self, lines: Section) -> None:
        widgets = {
            name: controls.widget(lines, name, width=WIDTH[name], sizing_mode=None, widget=BOXES.get(name))
            for name in lines.names()
        }
        self.selector = widgets["selector"]
        self.layout = pmui.FlexBox(*widgets.values(), sizing_mode="stretch_width", align_items="center", gap="4px 0")
