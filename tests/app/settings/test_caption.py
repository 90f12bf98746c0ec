"""What files of a picture say of their run."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.settings.caption import caption, file_part
from app.settings.sections import Settings
from app.tabs.registry import TABS
from app.work.session import result_key


def words(tab: str = "overview", **changes: Any) -> dict[str, str]:
    """The caption of a tab's picture after some settings have changed."""
    settings = Settings({each.key: each.options for each in TABS})
    for name, value in changes.items():
        section = next(one for _, one in settings.sections() if name in one.names())
        setattr(section, name, value)
    drawn = result_key(next(each for each in TABS if each.key == tab), settings.request())
    return caption(settings, drawn)


def test_the_line_says_the_run_and_what_differs_from_the_defaults() -> None:
    line = words(rows=8, c2c=1.5, memory=False, u_read=0.3)["line"]
    assert line.startswith("hennen2024 · 8 × 64 cells · 100 cycles · seed 1 · ")
    assert {"C2C spread × 1.5", "Memory off", "Read voltage 0.3 V"} <= set(line.split(" · "))
    assert "D2D" not in line


def test_the_name_tells_runs_apart_and_is_the_same_again() -> None:
    names = [words(**changes)["file"] for changes in ({}, {"c2c": 1.5}, {"seed": 2}, {"u_read": 0.3})]
    assert len({name.rsplit("-", 1)[1] for name in names}) == 4
    assert re.fullmatch(r"synaptogen-hennen2024-64x64-100c-seed1-[0-9a-f]{7}", names[0])
    assert words()["file"] == names[0]
    assert words(tab="distributions", bins=40)["file"] != words(tab="distributions")["file"]
    assert words(bins=40)["file"] == names[0]  # an option of another tab


@given(st.text())
def test_no_name_from_outside_leaves_its_folder(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,38}[A-Za-z0-9])?", file_part(name))
    assert file_part("../..\\etc/pass wd") == "etc-pass-wd"
