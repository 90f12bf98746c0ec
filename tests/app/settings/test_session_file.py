"""Sessions: what a page saves comes back whole, on a page and on the command line; anything else is a sentence."""

from __future__ import annotations

import base64
import json
import os
import random
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import synaptogen_core as sc
from app.settings import session_file
from app.settings.limits import limits_of
from app.settings.sections import Settings
from app.tabs.registry import TABS
from app.work import runs
from synaptogen_core.cli import app as program
from synaptogen_core.errors import SynaptogenError
from tests.hostile import SPELLINGS

INPUTS = int(os.environ.get("SYNAPTOGEN_SESSIONS", "300"))  # 100,000 by night


def fresh() -> Settings:
    return Settings({tab.key: tab.options for tab in TABS})


def changed() -> Settings:
    settings = fresh()
    settings.array.param.update(rows=6, columns=5, seed=9)
    settings.train.param.update(kind="staircase", cycles=2, steps=3, u_start=0.7)
    settings.device.param.update(d2d=1.5, correlations=False)
    settings.selection.cells = [(1, 2), (3, 4)]
    return settings


def opened(text: str) -> tuple[Settings, list[str]]:
    settings = fresh()
    return settings, session_file.apply(settings, session_file.read(text, "a.json"))


def test_a_session_comes_back_and_takes_no_default_of_the_page() -> None:
    before, page = changed(), fresh()
    page.array.rows = 99
    dropped = session_file.apply(page, session_file.read(session_file.to_text(before, "c2c"), "a.json"))
    assert dropped == [] and page.request() == before.request()
    assert len(session_file.to_text(before, "c2c")) < 6000
    assert json.loads(session_file.to_text(before, "c2c"))["settings"]["d2d"] == 1.5, "numbers are numbers"


def test_a_device_of_ones_own_travels_with_it() -> None:
    own = sc.load_device("hennen2024").vary(eta=2.5)
    before = fresh()
    before.use_device(own, limits_of(own))
    page, dropped = opened(session_file.to_text(before, "fit"))
    assert dropped == [] and page.device.own == own
    assert session_file.apply(page, session_file.read(session_file.to_text(fresh(), "fit"), "b.json")) == []
    assert page.device.own is None and page.request() == fresh().request()


def test_the_command_line_simulates_what_the_page_showed(tmp_path: Path) -> None:
    settings, file = changed(), tmp_path / "s.json"
    file.write_text(session_file.to_text(settings, "data"))
    request = settings.request()
    shown = sc.simulate(runs.make_cells(request), runs.make_train(request.train), record=("features", "conductance"),
                        every=1)  # fmt: skip

    def made(name: str, *more: str) -> Any:
        path = tmp_path / name
        result = CliRunner().invoke(program, ["generate", str(path), "--session", str(file), "-q", *more])
        assert result.exit_code == 0, result.output
        return sc.load_dataset(path)

    assert made("a.nc").equals(shown)
    larger = made("b.nc", "--shape", "7x6", "--seed", "3", "--record", "features")
    assert larger.r_lrs.shape[1:] == (7, 6) and "conductance" not in larger
    assert larger.attrs["device_hash"] == shown.attrs["device_hash"]


def test_the_command_line_refuses_what_a_page_would_drop(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    data = json.loads(session_file.to_text(fresh(), "data"))
    data["settings"]["rows"] = 10**6
    file.write_text(json.dumps(data))
    result = CliRunner().invoke(program, ["generate", str(tmp_path / "a.nc"), "--session", str(file)])
    assert result.exit_code == 1 and not (tmp_path / "a.nc").exists()
    said = "synaptogen: s.json: must hold settings of this version (Rows: must be from 1 to 1,024"
    assert result.stderr.startswith(said)


def hostile(chance: random.Random, text: str) -> str:
    """A session with something in it that no page has written."""
    data = json.loads(text)
    odd: list[Any] = [None, True, -1, 0, 1e308, 10**30, "", [], {}, [[0, 0]], "nan", "１", *chance.sample(SPELLINGS, 4)]
    places = ["settings", "settings", "settings", "top", "key", "device", "cut", "byte"]
    place, value = chance.choice(places), chance.choice(odd)
    if place == "settings":
        data["settings"][chance.choice(list(data["settings"]))] = value
    elif place == "top":
        data[chance.choice(["format", "version", "tab", "settings", "device", "more"])] = value
    elif place == "key":
        data["settings"][str(value)] = value
    elif place == "device" and "device" in data:
        inside(chance, data["device"], value)
    written = json.dumps(data)
    if place == "cut":
        return written[: chance.randrange(len(written))]
    if place == "byte":
        at = chance.randrange(len(written))
        return written[:at] + chance.choice('{}[]",:0e-\\x\x00') + written[at + 1 :]
    return written


def inside(chance: random.Random, node: Any, value: Any) -> None:
    """Put a value anywhere in what JSON holds."""
    key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
    if isinstance(node[key], (dict, list)) and node[key] and chance.random() < 0.7:
        inside(chance, node[key], value)
    else:
        node[key] = value


@pytest.mark.timeout(3600)
def test_hostile_sessions_make_sentences() -> None:
    chance, refused, dropped_from = random.Random(3), 0, 0
    own, page = changed(), fresh()
    device = sc.load_device("hennen2024").vary(eta=2.5)
    own.use_device(device, limits_of(device))
    texts = [session_file.to_text(settings, "data") for settings in (changed(), own)]
    for number in range(INPUTS):
        content = hostile(chance, texts[number % 2])
        try:
            saved = session_file.read(content, "a.json")
        except (ValueError, SynaptogenError) as error:
            assert str(error).startswith("a.json: ") and len(str(error)) < 400, content
            refused += 1
            continue
        dropped = session_file.apply(page, saved)
        assert all(len(sentence) < 400 and sentence.endswith(".") for sentence in dropped), content
        dropped_from += bool(dropped)
        hash(page.request())
        if number % 20 == 0:
            again = fresh()
            assert session_file.apply(again, session_file.read(session_file.to_text(page, "data"), "b.json")) == []
            assert again.request() == page.request()
    assert refused > INPUTS / 10 and dropped_from > INPUTS / 10, "both doors were tried"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "must be a session"),
        ('{"format": "synaptogen-session", "version": 2}', "of version 1"),
        ('{"format": "synaptogen-session", "version": 1, "settings": {"rows": [1]}}', "numbers, words"),
        ('{"format": "synaptogen-session", "version": 1, "device": {"name": 3}}', "device"),
        ('{"format": "synaptogen-session", "version": 1, "run": 1}', "nothing but"),
        ("[" * 100_000, "a.json: "),
    ],
)
def test_what_is_no_session_is_refused(text: str, said: str) -> None:
    with pytest.raises((ValueError, SynaptogenError), match=said):
        session_file.read(text, "a.json")


def test_nothing_of_the_page_before_stays() -> None:
    page, _ = opened('{"format": "synaptogen-session", "version": 1, "settings": {"rows": 3}}')
    assert page.array.rows == 3 and np.isclose(page.device.d2d, 1.0)


def test_a_link_carries_a_device_whole_or_says_why_not() -> None:
    own = sc.load_device("hennen2024").vary(eta=2.5)
    text = session_file.device_to_link(own)
    assert session_file.device_of_link(text) == own and len(text) < 12_000
    assert session_file.device_to_link(None) == ""
    packed = [zlib.compress(each) for each in (b"[" * 9000, b'{"a": NaN}', b" " * (session_file.MOST + 1), b"\xff")]
    bad = [base64.urlsafe_b64encode(each).decode() for each in packed]
    for wrong in (text[:-40], text[40:], "…", "a", "%00", text + "A" * 40_000, *bad):
        with pytest.raises((ValueError, SynaptogenError), match=r"^link: "):
            session_file.device_of_link(wrong)
    chance = random.Random(4)
    for _ in range(INPUTS):
        at = chance.randrange(len(text))
        try:  # a device or a sentence
            session_file.device_of_link(text[:at] + chance.choice("Az09-_ \n<") + text[at + 1 :])
        except (ValueError, SynaptogenError) as error:
            assert str(error).startswith("link: ")
