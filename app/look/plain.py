"""Text from outside (links, files, names) on its way into the page: text is text, neither HTML nor Markdown nor math.

Every text that may hold what somebody else wrote goes through `escape` into HTML, through `plain` where the browser
sets it as text. `theme.Alert` does it by itself.
"""

from __future__ import annotations

import html
import re
import unicodedata

LONGEST = 2000  # letters of one text: what is longer would only take the page's place and time
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (also: from right to left), half letters, breaks
KEPT = frozenset("\n\t\u200c\u200d")  # the last two join letters of some scripts, or keep them apart
# Some components draw an icon for `:material/name:`, and pictures set what stands between these signs as mathematics.
SPECIAL = re.compile(r":(?=material/)|\$(?=\$)|\\(?=[(\[])")


def plain(text: object, longest: int = LONGEST) -> str:
    """A text as letters that can be seen, for labels, choices and titles of pictures."""
    words = str(text)
    if len(words) > longest:
        words = words[:longest] + "…"
    if not words.isprintable():
        words = "".join(letter if seen(letter) else "\N{REPLACEMENT CHARACTER}" for letter in words)
    return SPECIAL.sub("\\g<0>\N{WORD JOINER}", words)


def seen(letter: str) -> bool:
    """Whether a letter shows, and leaves those around it where they are."""
    return letter in KEPT or unicodedata.category(letter) not in UNSEEN


def escape(text: object, longest: int = LONGEST) -> str:
    """A text as HTML that shows just this text."""
    return html.escape(plain(text, longest))
