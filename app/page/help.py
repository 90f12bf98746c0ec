"""What the Help menu opens: the glossary, what this is, and how to cite it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from app.look.plain import escape
from synaptogen_core.version import __version__

GLOSSARY = Path(__file__).with_name("glossary.md")
TERM = re.compile(r"^(\S.*)\n((?: {2}.+\n)+)", re.MULTILINE)
ITEMS = (("glossary", "Glossary"), ("cite", "How to cite"), ("keys", "Keyboard"), ("about", "About"))
PAPERS = (
    "T. Hennen, L. Brackmann, T. Ziegler, S. Siegel, S. Menzel, R. Waser, D. J. Wouters, D. Bedau: “Synaptogen: a "
    "cross-domain generative device model for large-scale neuromorphic circuit design”, IEEE Transactions on Electron "
    "Devices (2024), doi:10.1109/TED.2024.3427616",
    "T. Hennen et al.: “A high throughput generative vector autoregression model for stochastic synapses”, Frontiers "
    "in Neuroscience 16 (2022), doi:10.3389/fnins.2022.941753",
)
KEYS = (
    ("Tab, Shift+Tab", "from one control to the next; a slider and its box are one stop each"),
    ("← → Home End", "along the tabs, where a tab has the focus"),
    ("↑ ↓, Page up, Page down", "a step or ten steps of a number"),
    ("Enter, Escape", "take what was typed, or give it up"),
    ("Shift+click on a map", "follow one more cell, up to four"),
)


@cache
def terms() -> tuple[tuple[str, str], ...]:
    """The glossary: terms, each with its meaning."""
    found = TERM.findall(GLOSSARY.read_text(encoding="utf-8"))
    return tuple((term, " ".join(meaning.split())) for term, meaning in found if not term.startswith(("#", "`")))


def page(key: str, device: str = "") -> tuple[str, str]:
    """Title and HTML of a page of help; `device` is named in the citation."""
    title = dict(ITEMS)[key]
    if key == "glossary":
        rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(said)}</dd>" for term, said in terms())
        return title, f"<dl>{rows}</dl>"
    if key == "keys":
        rows = "".join(f"<dt>{escape(keys)}</dt><dd>{escape(said)}</dd>" for keys, said in KEYS)
        return title, f"<dl>{rows}</dl>"
    if key == "cite":
        papers = "".join(f"<li>{escape(paper)}</li>" for paper in PAPERS)
        used = f"Data generated with Synaptogen Lab {__version__}, device {device}."
        return title, (
            f"<p>Cite the authors of the model, and this software with its version:</p><ol>{papers}</ol>"
            f"<pre>{escape(used)}</pre>"
        )
    return title, (
        f"<p><b>Synaptogen Lab {__version__}</b> generates arrays of resistive memory cells that have the statistics "
        "of measured ones: from device to device, from cycle to cycle, with memory and correlations.</p>"
        "<p>Model and parameters: Hennen et al. 2024, 512 devices and 6,000 cycles each of a 1T1R technology. What "
        "the model was not measured for (temperature, wear) it does not contain; retention comes from other devices, "
        "and is labelled so.</p>"
        "<p>Everything is computed by the server that sent this page; the page asks nobody else. Free software under "
        "the MIT license.</p>"
    )
