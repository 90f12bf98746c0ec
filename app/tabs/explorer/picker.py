"""Which picture a card shows: its kind and its quantities in one line, as one component of the page."""

from __future__ import annotations

from collections.abc import Callable

import param
from panel.custom import JSComponent


class PicturePicker(JSComponent):
    """Native lists side by side: a material list for each would cost the opening of the tab a dozen components."""

    value = param.String("", doc="The picture in words, such as scatter r_lrs.median u_reset.median; empty: none.")
    kinds = param.List(doc="(kind, words, quantities) each.")
    quantities = param.List(doc="(name, words, whether it has a number for each cycle) each.")
    can_go = param.Boolean(True, doc="Whether the picture may be taken away.")
    number = param.Integer(1, doc="Which picture it is.")

    _esm = "picker.js"


class CellList(JSComponent):
    """A table of cells; a click on one, or Enter, follows it."""

    head = param.List(doc="Words of the columns.")
    rows = param.List(doc="Texts of each line; the first two are row and column.")
    caption = param.String("")

    _esm = "cell_list.js"

    def __init__(self, follow: Callable[..., None], **options: object):
        super().__init__(**options)
        self._follow = follow

    def _handle_msg(self, data: object) -> None:
        if not isinstance(data, dict):
            return
        place = data.get("row")
        if isinstance(place, int) and 0 <= place < len(self.rows):
            row, column = (int(text) for text in self.rows[place][:2])
            self._follow(row, column, add=bool(data.get("add")))
