"""The words of the field that a tab uses: buttons, each of which says what its word means."""

from __future__ import annotations

import re
from collections.abc import Iterable

import param
from panel.custom import JSComponent


class Terms(JSComponent):
    """A click, a touch or Enter opens the meaning; Escape closes it."""

    terms = param.List(doc="Word and meaning of each.")

    _esm = "terms.js"


def names(term: str) -> list[str]:
    """The spellings of an entry of the glossary: ``C2C, cycle-to-cycle variation``, ``memory (of a cell)``."""
    return [name for part in re.sub(r"\([^)]*\)", "", term).split(",") if len(name := part.strip()) > 1]


def used(glossary: Iterable[tuple[str, str]], text: str) -> list[list[str]]:
    """Entries of the glossary whose words stand in a text."""
    found = []
    for term, meaning in glossary:
        for name in names(term):
            small = name.islower()
            if re.search(rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", text, re.IGNORECASE if small else 0):
                found.append([name, meaning])
                break
    return found
