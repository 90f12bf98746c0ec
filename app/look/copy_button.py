"""A button that copies a text, or the address of the page, to the clipboard, and says so."""

from __future__ import annotations

import param
from panel.custom import JSComponent


class CopyButton(JSComponent):
    """Copies `text`; with `address`, the address of the page instead."""

    label = param.String("")
    text = param.String("")
    address = param.Boolean(False)
    said = param.String("", doc="What is written on it for a moment.")

    _bundle = "copy_button.js"

    def __init__(self, label: str, **options: object):
        super().__init__(label=label, **{"margin": (2, 6)} | options)
        self.layout = self
