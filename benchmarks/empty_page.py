"""The page beside which the dashboard's opening is measured: the same header, nothing in it."""

from __future__ import annotations

import panel_material_ui as pmui

pmui.Page(title="Empty", busy_indicator=None).servable()
