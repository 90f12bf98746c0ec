"""The bar of tabs, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import param
from panel.custom import JSComponent

from app.tabs.registry import Tab


class TabBar(JSComponent):
    """`active` is the key of the tab that is shown."""

    groups = param.List(doc="Of each group its title and its tabs: key, title in the bar, whole title.")
    active = param.String("")

    _bundle = "tab_bar.js"

    def __init__(self, tabs: Sequence[Tab], **options: object):
        groups = [
            {"title": title, "tabs": [[tab.key, tab.short or tab.title, tab.title] for tab in found]}
            for title, found in groupby(tabs, lambda tab: tab.group)
        ]
        super().__init__(groups=groups, sizing_mode="stretch_width", height=47, margin=0, **options)

    def _process_property_change(self, msg: dict[str, Any]) -> dict[str, Any]:
        msg = super()._process_property_change(msg)
        if "active" in msg and msg["active"] not in self.keys():
            del msg["active"]  # a browser may send anything
        return msg

    def keys(self) -> list[str]:
        return [tab[0] for group in self.groups for tab in group["tabs"]]
