"""A session as a small JSON text: the settings of a link, and the user's own device. A link carries that behind a #."""

from __future__ import annotations

import base64
import json
import zlib
from typing import NamedTuple

from app.settings import link
from app.settings.limits import limits_of
from app.settings.sections import Settings
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.exchange.devices.ours import MAX_BYTES, device_from_data
from synaptogen_core.exchange.files.text import readable_json, strict_json

FORMAT, VERSION = "synaptogen-session", 1
MOST = 2 * MAX_BYTES  # characters
MOST_IN_LINK = 32_000  # characters of a device in a link; a larger one is left to a session's file
KEYS = {"format", "version", "tab", "settings", "device"}
Plain = str | int | float | bool


class Saved(NamedTuple):
    """What a session's text holds."""

    settings: dict[str, str]  # as in a link
    tab: str
    device: DeviceParameters | None


def to_text(settings: Settings, tab: str) -> str:
    """The text of a session: every value that matters, by the name that it has in a link."""
    values = {key: value if isinstance(value, Plain) else link.write(value) for key, value in link.pairs(settings)}
    own = settings.device.own
    device = {} if own is None else {"device": own.to_dict()}
    return readable_json({"format": FORMAT, "version": VERSION, "tab": tab, "settings": values, **device}) + "\n"


def read(text: str, name: str) -> Saved:
    """What a text holds; whether the settings can be used is not looked at yet.

    Raises
    ------
    ValueError, FileError
        If it is no session: a sentence.
    """
    if len(text) > MOST:
        raise ValueError(f"{name}: must be a session of at most {MOST:,} characters (got {len(text):,})")
    data = strict_json(text, name)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"{name}: must be a session (got another file); save one on the Data tab")
    if data.get("version") != VERSION or isinstance(data["version"], bool):
        raise ValueError(f"{name}: must be a session of version {VERSION} (got another); update this program")
    others = sorted(data.keys() - KEYS)
    if others:
        raise ValueError(f"{name}: must hold nothing but {', '.join(sorted(KEYS))} (got “{others[0][:40]}”); remove it")
    values, tab = data.get("settings", {}), data.get("tab", "")
    if not isinstance(values, dict) or not all(isinstance(value, Plain) for value in values.values()):
        raise ValueError(f"{name}: settings must be numbers, words, true or false (got something else); correct them")
    if not isinstance(tab, str):
        raise ValueError(f"{name}: tab must be a word (got something else); correct it")
    device = device_from_data(data["device"], name) if "device" in data else None
    return Saved({key: link.write(value) for key, value in values.items()}, tab, device)


def apply(settings: Settings, saved: Saved) -> list[str]:
    """Set all settings as a session has them. Returns one sentence for each part that was dropped."""
    settings.reset()
    own = saved.device
    if own is not None or settings.device.own is not None:
        settings.use_device(own, None if own is None else limits_of(own))
    return link.apply_pairs(settings, saved.settings)


def device_to_link(device: DeviceParameters | None) -> str:
    """A device as the last part of a link, which a browser sends to no server; empty if it is too large for one."""
    if device is None:
        return ""
    packed = zlib.compress(json.dumps(device.to_dict(), separators=(",", ":"), allow_nan=False).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return text if len(text) <= MOST_IN_LINK else ""


def device_of_link(text: str) -> DeviceParameters:
    """The device that a link carries.

    Raises
    ------
    ValueError, FileError
        If the text is cut off, damaged, or holds no device: a sentence.
    """
    if len(text) > MOST_IN_LINK:
        raise ValueError(f"link: its device must take at most {MOST_IN_LINK:,} characters (got {len(text):,})")
    try:
        opened = zlib.decompressobj()
        content = opened.decompress(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)), MAX_BYTES)
        whole = opened.eof
        words = content.decode()
    except (ValueError, zlib.error):
        whole = False
    if not whole:
        raise ValueError("link: its device must be whole (got a part, or something else); copy the whole link again")
    return device_from_data(strict_json(words, "link"), "link")
