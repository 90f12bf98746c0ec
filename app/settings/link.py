"""Settings <-> the query of a link. A link holds every value that matters, so that new defaults never change it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from app.settings.numbers import read_number
from app.settings.sections import MAX_CELLS, Section, Settings, unit_of
from app.settings.words import label_of

VERSION = 1
MOST_NOTES = 12  # sentences on what was dropped: a link can hold thousands of keys
CELL = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})")
# No settings: version, open tab, Panel's light or dark, name of a device, whether it follows behind the #.
PAGE_KEYS = {"v", "tab", "theme", "own", "carried"}


class LinkError(ValueError):
    """A value in a link that cannot be used; the message is a sentence for the page."""


def to_query(settings: Settings, tab: str, dark: bool = False, carried: bool = False) -> str:
    """The query of a link that opens the page as it stands now, without the question mark.

    `carried`: whether the user's own device follows behind it.
    """
    texts = [("v", str(VERSION)), ("tab", tab), *([("theme", "dark")] if dark else [])]
    texts += [(key, write(value)) for key, value in pairs(settings)]
    if settings.device.own is not None:
        texts += [("own", settings.device.own.name[:80]), *([("carried", "1")] if carried else [])]
    return urlencode(texts, safe=",-.", errors="replace")


def pairs(settings: Settings) -> list[tuple[str, object]]:
    """Every value that matters, by the name that it has in a link."""
    return [(prefix + name, getattr(one, name)) for prefix, one in settings.sections() for name in one.in_link()]


def of_request(arguments: Mapping[str, list[bytes]]) -> str:
    """The query that a page was asked for with. Bytes in it that are no text are replaced, for Panel as well, which
    reads a theme there. (Panel's own Location fails with the page at digits that Python does not read.)
    """
    for values in arguments.values():
        values[:] = [value.decode(errors="replace").encode() for value in values]
    names = {name: name.encode("latin1", "replace").decode(errors="replace") for name in arguments}
    return urlencode([(names[name], values[-1]) for name, values in arguments.items() if values])


def tab_of(query: str) -> str:
    """The tab that a link opens; empty if it names none."""
    return dict(parse_qsl(query.lstrip("?"))).get("tab", "")


def apply_query(settings: Settings, query: str) -> list[str]:
    """Set what a link says. Returns one sentence for each part that was dropped."""
    return apply_pairs(settings, parts(query))


def parts(query: str) -> dict[str, str]:
    """What a link holds, by name."""
    return dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))


def apply_pairs(settings: Settings, given: Mapping[str, str]) -> list[str]:
    """The same of a link's parts."""
    dropped = []
    version = given.get("v", str(VERSION))
    if version != str(VERSION):
        dropped.append(f"The link has version {version[:20]}, this page reads version {VERSION}: check the settings.")
    own = given.get("own", "")
    if own and settings.device.own is None and given.get("carried") != "1":
        dropped.append(missing(own))
    known = {prefix + name: (section, name) for prefix, section in settings.sections() for name in section.names()}
    changes: dict[Section, dict[str, object]] = {}
    for key, text in given.items():
        if key in PAGE_KEYS:
            continue
        if key not in known:
            dropped.append(f"“{key[:40]}” is not a setting of this page.")
            continue
        section, name = known[key]
        try:
            changes.setdefault(section, {})[name] = read(section.param[name], text, unit_of(section.param[name]))
        except LinkError as error:
            if own and settings.device.own is None and isinstance(section.param[name], param.Number):
                continue  # whether that device allows it is not known here
            dropped.append(f"{label_of(settings, key)}: {error}.")
    for section, values in changes.items():
        section.param.update(values)
    more = len(dropped) - MOST_NOTES
    return dropped if more <= 0 else [*dropped[:MOST_NOTES], f"And {more:,} more."]


def missing(own: str) -> str:
    """What is said where the device of a link has not come with it."""
    return (
        f"The link was made with the device “{own[:80]}”, which it does not carry: this page shows the "
        "published one, without the settings that only that device allows. Drop the device's file on the Fit tab."
    )


def write(value: object) -> str:
    """A value as text in a link."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return ",".join(f"{row}.{column}" for row, column in value)
    return str(value)


def read(parameter: param.Parameter, text: str, unit: str = "") -> Any:
    """A value back from its text, inside its bounds; a number may carry the unit of its box.

    Raises
    ------
    LinkError
        If the text is not a value of this parameter.
    """
    shown = f"got “{text[:40]}”"
    if isinstance(parameter, param.Boolean):
        if text not in ("0", "1"):
            raise LinkError(f"must be 0 or 1 ({shown})")
        return text == "1"
    if isinstance(parameter, param.List):
        return read_cells(text, shown)
    if isinstance(parameter, param.Selector):
        values = {write(value): value for value in parameter.objects}  # numbers, too
        if text not in values:
            raise LinkError(f"must be one of {', '.join(values)} ({shown})")
        return values[text]
    if isinstance(parameter, param.Number):
        try:
            ends = parameter.bounds or (None, None)
            return read_number(text, *ends, whole=isinstance(parameter, param.Integer), unit=unit)
        except ValueError as error:
            raise LinkError(str(error)) from None
    return text


def read_cells(text: str, shown: str) -> list[tuple[int, int]]:
    cells = [CELL.fullmatch(cell) for cell in text.split(",", MAX_CELLS)]
    found = [(int(cell[1]), int(cell[2])) for cell in cells if cell]
    if len(found) != len(cells) or len(found) > MAX_CELLS:
        raise LinkError(f"must be 1 to {MAX_CELLS} cells, as row.column,row.column ({shown})")
    return found
