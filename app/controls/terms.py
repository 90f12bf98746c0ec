"""The words of the field that a tab uses: buttons, each of which says what its word means."""

from __future__ import annotations

import re
from collections.abc import Iterable

import param
from bokeh.models import Plot
from panel.custom import JSComponent
from panel.viewable import Viewable

from app.settings.sections import TabOptions


class Terms(JSComponent):
    """A click, a touch or Enter opens the meaning; Escape closes it."""

    terms = param.List(doc="Word and meaning of each.")

    _esm = "terms.js"

    def tell(self, glossary: Iterable[tuple[str, str]], place: Viewable, options: TabOptions) -> None:
        """Show the words that a tab uses: it lies in `place`."""
        found = used(glossary, words_in(place, options))
        if found != self.terms:
            self.terms = found


def names(term: str) -> list[str]:
    """The spellings of an entry of the glossary: ``C2C, cycle-to-cycle variation``, ``memory (of a cell)``."""
    return [name for part in re.sub(r"\([^)]*\)", "", term).split(",") if len(name := part.strip()) > 1]


def used(glossary: Iterable[tuple[str, str]], text: str) -> list[list[str]]:
    """Entries of the glossary whose words stand in a text."""
    found, left, entries = {}, text, list(glossary)
    spellings = [(name, k) for k, (term, _) in enumerate(entries) for name in names(term)]
    for name, k in sorted(spellings, key=lambda spelling: -len(spelling[0])):  # "memory window" is no "memory"
        word = re.compile(rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", re.IGNORECASE if name.islower() else 0)
        rest = word.sub(" ", left)
        if rest != left:
            found[k], left = name, rest
    return [[found[k], entries[k][1]] for k in sorted(found)]


def words_in(place: Viewable, options: TabOptions) -> str:
    """What a tab says: its texts, the titles and axes of its figures, its options with their help."""
    texts = []
    for name in options.names():
        option = options.param[name]
        texts += [str(option.label), str(option.doc), *map(str, getattr(option, "names", None) or ())]
    for part in place.select(lambda part: hasattr(part, "object")):
        shown = part.object
        texts.append(shown if isinstance(shown, str) else "")
        if isinstance(shown, Plot):
            texts += [str(getattr(shown.title, "text", "")), *(str(axis.axis_label) for axis in shown.axis)]
    return " ".join(texts)
