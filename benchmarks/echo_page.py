"""The control beside which the dashboard's answer is measured: its number moves one point of one figure."""

from __future__ import annotations

from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.settings.sections import DeviceSettings

device = DeviceSettings()
source = ColumnDataSource({"x": [0.0], "y": [1.0]})
picture = figure(name="echo", height=300, sizing_mode="stretch_width")
picture.scatter("x", "y", source=source)
device.param.watch(lambda event: source.data.update(x=[0.0], y=[event.new]), "c2c")
layout.column(Panel((Group(device, ("c2c",), title="Device"),)), theme.pane(picture)).servable()
