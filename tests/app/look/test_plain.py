"""Text from outside is text: what the doors make of it shows it and nothing else, in every spelling."""

from __future__ import annotations

import ast
import html
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import panel_material_ui as pmui
import pytest

from app.look import theme
from app.look.plain import LONGEST, escape, plain
from tests.hostile import SPELLINGS

APP = Path(theme.__file__).parent.parent
DOORS = {"app/look/plain.py", "app/look/theme.py"}


class Elements(HTMLParser):
    """The elements of a text, as a browser would make them."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def drawn(alert: Any) -> dict[str, Elements]:
    """What the browser puts into an alert: it takes the text out of HTML, and reads the rest as HTML."""
    model, found = alert.get_root(), {}
    for text in SPELLINGS:
        theme.say(alert, text)
        found[text] = Elements(html.unescape(model.data.object))
    return found


def test_there_are_more_than_two_hundred_spellings() -> None:
    assert len(SPELLINGS) > 200


def test_an_alert_shows_every_spelling_as_text() -> None:
    for text, shown in drawn(theme.Alert()).items():
        assert set(shown.found) <= {"br"}, text
        assert shown.words == plain(text).replace("\n", ""), text


def test_the_alert_of_the_component_set_would_not() -> None:
    """The negative control: without our door, elements appear."""
    through = [text for text, shown in drawn(pmui.Alert()).items() if set(shown.found) - {"p", "br"}]
    assert len(through) > 100


def test_html_of_a_text_holds_no_element() -> None:
    for text in SPELLINGS:
        assert Elements(f"<b>{escape(text)}</b>").found == ["b"], text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("“ä” – 5 µA\tκ\n", "“ä” – 5 µA\tκ\n"),
        ("a\u202eb\x00c\x1b[1m\ud800", "a�b�c�[1m�"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("x" * (LONGEST + 5), "x" * LONGEST + "…"),
        (":material/home: $$a$$", ":\u2060material/home: $\u2060$a$\u2060$"),
        ("C:\\data 5 $", "C:\\data 5 $"),
    ],
)
def test_plain_letters_stay_and_the_others_are_seen(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_nobody_goes_past_the_doors() -> None:
    """HTML is made of texts by `plain.escape` alone, and every alert is the theme's."""
    past = []
    for path in sorted(APP.rglob("*.py")):
        name = path.relative_to(APP.parent).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            words = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Import | ast.ImportFrom) else ""
            if name not in DOORS and words in ("pmui.Alert", "pn.pane.Alert", "pn.state.notifications", "html.escape"):
                past.append(f"{name}:{node.lineno} {words}")
            if name not in DOORS and words.startswith(("from html import", "import html", "import markupsafe")):
                past.append(f"{name}:{node.lineno} {words}")
    assert past == []
