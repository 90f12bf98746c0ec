"""Sentences of the library in the words of the page: an argument's name becomes its label, SI the unit of its box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app.settings.numbers import number_text, read_number
from app.settings.sections import Section, Settings, unit_of

SHORT = ("low", "high", "u")  # names that are no words of a sentence
QUANTITY = re.compile(r"(?<![\w.“])(-?\d[\d.]*(?:e[+-]?\d+)?)(?: (V|A|S|Hz|ohm)\b)?")


def label_of(settings: Settings, key: str) -> str:
    """The label of a setting by its name in a link; the name itself if there is none."""
    for prefix, section in settings.sections():
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and name in section.names():
            return str(section.param[name].label)
    return key


@contextmanager
def in_labels(section: type[Section], **renamed: str) -> Iterator[None]:
    """Say errors of the library about a section's values in its labels; `renamed`: argument -> name in the section."""
    try:
        yield
    except ValueError as error:
        said = translated(str(error), {name: name for name in section.param if name != "name"} | renamed, section)
        if said == str(error):
            raise
        raise ValueError(said) from error


def translated(sentence: str, names: Mapping[str, str], section: type[Section]) -> str:
    """``argument: rule (got value); what to do`` with labels and the unit of the argument's box."""
    head, colon, rest = sentence.partition(": ")
    if not colon or head not in names:
        return sentence
    unit = unit_of(section.param[names[head]])

    def quantity(found: re.Match[str]) -> str:
        number, si = found.groups()
        of_head = rest[: found.start()].endswith("(got ")
        if not si and not of_head:
            return found.group()
        try:
            value = read_number(f"{number} {si or base_of(unit)}", unit=unit)
        except ValueError:  # of another quantity than the box
            return found.group()
        return f"{number_text(float(value))} {unit}".strip()

    words = QUANTITY.sub(quantity, rest)
    for argument, name in names.items():
        if "_" not in argument and argument not in (head, *SHORT):
            continue  # an ordinary word, such as "points"
        words = re.sub(rf"(?<![\w“'.]){argument}(?![\w”'])", str(section.param[name].label), words)
    return f"{section.param[names[head]].label}: {words}"


def base_of(unit: str) -> str:
    """The SI unit that a box counts in parts or multiples of; empty for others."""
    return next((base for base in ("Hz", "V", "A", "S", "Ω") if unit.endswith(base)), "")
