"""What files of a picture say of the run that is drawn: a line of its settings, and a name that tells runs apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from app.settings import link
from app.settings.numbers import number_text
from app.settings.sections import Choices, ResultKey, Section, Settings, unit_of
from synaptogen_core.counts import counted

SAID = ("rows", "columns", "seed", "cycles", "device", "name")  # at the head of each line
LONGEST = 60  # letters of a name or a text from outside


def caption(settings: Settings, drawn: ResultKey) -> dict[str, str]:
    """`line` and the beginning of a `file` name, of the key of a result that is drawn (`session.result_key`)."""
    tab, (array, train, device), options, used = drawn
    parts = [("", settings.array, array), ("", settings.train, train), ("", settings.device, device)]
    parts += [("", section, each) for each in used if isinstance(each, Choices) and (section := like(settings, each))]
    if tab in settings.options:
        parts.append((f"{tab}.", settings.options[tab], options))
    more = {f"{prefix}{key}": value for prefix, _, values in parts[3:] for key, value in values.items()}
    file = stem((array, train, device), more)
    name, cycles = device_of(device)[0], train.get("cycles")
    head = [
        name[:LONGEST], f"{array.rows} × {array.columns} cells",
        *([counted(cycles, "cycle")] if cycles else []), f"seed {array.seed}",
    ]  # fmt: skip
    changed = [words for _, section, values in parts for words in changes(section, values)]
    line = " · ".join([*head, *changed, f"#{file.rsplit('-', 1)[1]}", "Synaptogen Lab"])
    return {"line": line, "file": file}


def stem(simulation: tuple[Choices, Choices, Choices], more: Mapping[str, object] | None = None) -> str:
    """``synaptogen-hennen2024-64x64-100c-seed1-1f0c2ab``: the beginning of the names of a run's files.

    Its end is a hash of what the run depends on, and of the settings in `more`.
    """
    array, train, device = simulation
    name, own = device_of(device)
    texts = [f"{key}={written(value)}" for values in (*simulation, more or {}) for key, value in values.items()]
    mark = hashlib.sha256("&".join([*sorted(texts), own]).encode(errors="replace")).hexdigest()[:7]
    size = f"{array.rows}x{array.columns}" + (f"-{train['cycles']}c" if train.get("cycles") else "")
    return f"synaptogen-{file_part(name)}-{size}-seed{array.seed}-{mark}"


def device_of(device: Choices) -> tuple[str, str]:
    """The device's name, and the hash of one's own."""
    used = device["device"]
    return (used, "") if isinstance(used, str) else (used.name, used.hash)


def like(settings: Settings, values: Choices) -> Section | None:
    """The section of these values."""
    known = (settings.read, settings.lines)
    return next((section for section in known if set(values) <= set(section.names())), None)


def changes(section: Section, values: Mapping[str, object]) -> Iterator[str]:
    """What differs from the defaults: ``C2C spread × 1.5``."""
    for name in section.names():
        if name in SAID or name not in values or values[name] == section.param[name].default:
            continue
        parameter, value = section.param[name], values[name]
        choices = {each: label for label, each in (getattr(parameter, "names", None) or {}).items()}
        if isinstance(value, bool):
            text = "on" if value else "off"
        elif isinstance(value, int | float) and value not in choices:
            text = f"{number_text(value)} {unit_of(parameter)}".strip()
        else:
            text = str(choices.get(value, value) if isinstance(value, str | int | float) else value)
        yield f"{parameter.label} {' '.join(text.split())[:LONGEST]}"


def written(value: object) -> str:
    return link.write(value) if isinstance(value, bool | int | float | str) else ""


def file_part(name: str) -> str:
    """A name from outside as a part of a file's name: letters, digits, dots, dashes; never at its end a dot."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name[:40]).strip("-.") or "device"
