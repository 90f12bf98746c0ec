"""The header: which device the page shows, and what can be done with the page. `add` puts an action there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

MOST_IN_QUERY = 65_536  # characters

# Lines of a drawing of 24 x 24, as the attribute d of an SVG path.
ICONS = {
    "undo": "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "redo": "M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
    "compare": "M12 3v18M4 7h5v10H4zM15 7h5v10h-5z",
    "outlier": "M4 19l5-6 4 3 7-9M17 5a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
    "share": "M10 13a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1.5 1.5M14 11a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1.5-1.5",
    "export": "M12 4v11M8 11l4 4 4-4M5 20h14",
    "presets": "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
    "help": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.700M12 17v.01",
}


@dataclass(frozen=True)
class Action:
    """A button of the header, or (with items) a menu. `pressed`: None, or whether a switch is on."""

    key: str
    label: str
    icon: str = ""
    words: bool = False  # whether the label stands beside the icon where there is room
    disabled: bool = False
    pressed: bool | None = None
    items: tuple[dict[str, object], ...] = ()  # of a menu: key, label, disabled


class Header(JSComponent):
    """The device's chip and the actions, in the order in which they were added; on a phone they are one menu."""

    actions = param.List(doc="Of each action what the browser draws; the first is the device.")
    window_title = param.String("", doc="What the browser writes above the page.")
    own = param.Boolean(False, doc="Whether the device is the user's own.")
    caption = param.Dict(
        default={}, doc="What files of a picture say of the run: line, file; pinned: whether there is A."
    )
    dialog = param.Dict(default={"title": "", "html": ""}, doc="A page of help over the page; no title: none is open.")

    _bundle = "header.js"
    _rename: ClassVar[dict[str, str | None]] = {}

    def __init__(self, open_link: Callable[[str, str], None], **options: object):
        self._known: dict[str, Action] = {}
        self._open_link = open_link  # query and device of one that the browser keeps under a name
        self._acts: dict[str, Callable[..., None]] = {}
        super().__init__(sizing_mode="stretch_width", height=48, margin=0, **options)

    def add(
        self,
        key: str,
        label: str,
        act: Callable[..., None],
        *,
        items: Sequence[tuple[str, str]] = (),
        words: bool = False,
        disabled: bool = False,
        pressed: bool | None = None,
    ) -> None:
        """Put an action to the right of the others.

        `act()` is called at a click; with `items`, pairs of key and label, the action is a menu, and `act(key)` is
        told which was chosen. ICONS holds a drawing for the key, or there is none. `change` changes it later.
        """
        self._acts[key] = act
        self._known[key] = Action(key, label, ICONS.get(key, ""), words, disabled, pressed, menu(items))
        self._draw()

    def change(self, key: str, **changes: Any) -> None:
        """Another label, `disabled`, `pressed` or `items` of an action."""
        if "items" in changes:
            changes["items"] = menu(changes["items"])
        changed = replace(self._known[key], **changes)
        if changed != self._known[key]:
            self._known[key] = changed
            self._draw()

    def say(self, title: str, html: str) -> None:
        """Open a page of help. `html` is the project's own, or escaped."""
        self.dialog = {"title": title, "html": html}

    def _draw(self) -> None:
        self.actions = [asdict(action) for action in self._known.values()]

    def _handle_msg(self, data: object) -> None:
        said = data if isinstance(data, dict) else {}
        key, item = said.get("action"), said.get("item")
        if key == "":
            self.dialog = {"title": "", "html": ""}
            return
        if key == "kept":
            query, packed = said.get("query"), said.get("device")
            if isinstance(query, str) and isinstance(packed, str):
                self._open_link(query[:MOST_IN_QUERY], packed)
            return
        action = self._known.get(key) if isinstance(key, str) else None
        if action is None or action.disabled:
            return
        if not action.items:
            self._acts[action.key]()
        elif any(each["key"] == item and not each["disabled"] for each in action.items):
            self._acts[action.key](item)


def menu(items: Sequence[tuple[str, str]]) -> tuple[dict[str, object], ...]:
    """Pairs of key and label; an empty key is a line that cannot be chosen."""
    return tuple({"key": key, "label": label, "disabled": not key} for key, label in items)
