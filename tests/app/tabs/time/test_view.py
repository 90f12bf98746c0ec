"""The Time tab's view: a table through its door, a click on the fan, and what a link holds of them."""

from __future__ import annotations

import threading
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app.look.theme import Theme
from app.settings.link import to_query
from app.settings.sections import Settings
from app.tabs.registry import TABS
from app.tabs.time import compute
from app.tabs.time.view import View
from app.tabs.view import Context
from app.work.runs import Run
from tests.analysis.made_retention import table, written


def test_a_table_comes_through_the_door_and_a_click_moves_the_threshold(small_run: Run, tmp_path: Path) -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    options, asked, applied = settings.options["time"], [], {}
    settings.watch(lambda *events: asked.extend(event.name for event in events))

    def nothing(*arguments: Any, **more: Any) -> None: ...

    ways = dict.fromkeys((field.name for field in fields(Context)), nothing)
    view = View(Context(**ways | {"theme": Theme(), "options": options, "apply": applied.update}))

    def show() -> None:
        view.update(compute.compute(small_run, settings.request(), options.choices(), threading.Event()))

    show()
    assert not len(view.measured.source.data["x"]) and "once there is one" in view.measured.note.object
    assert len(view.trace.lines["noisy"].data["x"]) > 2000
    assert all("jumped" in note.object for note in view.map_notes) and "MIT" in view.trace.label.object
    content = written(tmp_path / "reads.csv", table([0.0, 0.01, 0.1, 10.0], 60)).read_bytes()
    view.measured.file.param.update(filename="<b>mine.csv", value=content)
    assert asked == ["table"], "it asks for another result"
    assert view.measured.file.value is None, "the view does not keep the file"
    options.g_high = 50.0
    show()
    assert (
        len(view.measured.source.data["x"]) == 2
        and len(view.dots.data["x"]) > 100
        and "&lt;b&gt;" in view.measured.said.object
    )
    assert "mine" not in to_query(settings, "time")
    view.measured.file.param.update(filename="bad.csv", value=b"device,time\n1,2\n")
    show()
    assert view.measured.error.visible and "must have columns" in view.measured.error.object
    assert not len(view.measured.source.data["x"]) and not len(view.dots.data["x"])
    view._tapped(SimpleNamespace(y=33.333))
    assert applied == {"time.g_threshold": 33.3}
