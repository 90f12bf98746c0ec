"""The pulse lab: what a segment did agrees with the cells themselves; the editor changes settings and nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.segments import PRESETS, Segment, from_text, to_text
from app.tabs.pulses import compute
from app.tabs.pulses.editor import SegmentEditor
from app.tabs.pulses.files import order, segments_from_csv
from app.work import runs
from app.work.trains import joined, pieces
from synaptogen_core.schema import HRS, LRS

Make = Callable[..., runs.Run]


def looked_at(run: runs.Run, which: str = "first") -> compute.Result:
    request = run.request
    return compute.compute(run, request, cast(Any, SimpleNamespace(which=which)), threading.Event())


def test_each_segment_is_what_it_does_to_the_cells(make_run: Make) -> None:
    text = "cycle -1.5 1.5, pulse -0.65 x4, ramp 0.6 1.4 5, read"
    run = make_run(rows=16, columns=16, kind="lab", segments=text, cycles=2)
    found = looked_at(run)
    cells = runs.make_cells(run.request)
    for part, effect in zip(pieces(from_text(text)), found.effects, strict=True):
        before = cells.state()
        sc.apply_train(cells, part)
        assert effect.conductance == pytest.approx(cells.conductance().mean(), rel=1e-6)
        assert effect.shares[0] == (cells.state() == HRS).mean() and effect.shares[2] == (cells.state() == LRS).mean()
        if effect is not found.effects[0]:  # there a cell switches twice and is as it was
            assert effect.switched == (cells.state() != before).mean()
    cycle, weak, stairs, read = found.effects
    assert cycle.switched > 0.99 and 0.2 < weak.switched < 0.8 and read.switched == 0
    assert weak.last - weak.first == 3 and read.last == len(joined(pieces(from_text(text)))) - 1
    assert 0 < weak.switched_error < 0.05 and stairs.conductance < weak.conductance
    last = looked_at(run, "last")
    assert last.effects[-1].conductance == pytest.approx(run.cells.conductance().mean(), rel=1e-6)
    assert last.effects[0].conductance != found.effects[0].conductance


def test_a_long_train_is_thinned_and_a_longer_one_only_said(make_run: Make) -> None:
    run = make_run(kind="lab", segments="cycle -1.5 1.5 x4000, read", cycles=1)
    found = looked_at(run)
    assert found.pulse.size < 1600 and {0, 7999, 8000} <= set(found.pulse.tolist())
    assert found.band.shape == (5, found.pulse.size) and bool((np.diff(found.band, axis=0) >= 0).all())
    too_long = looked_at(make_run(rows=16, columns=16, kind="lab", segments="cycle -1.5 1.5 x100000", cycles=1))
    assert too_long.effects == () and "too many" in too_long.note


def test_the_editor_answers_each_message_or_says_why_not() -> None:
    asked: list[tuple[str, int]] = []

    def apply(segments: tuple[Segment, ...], repeats: int) -> None:
        asked.append((to_text(segments), repeats))

    editor = SegmentEditor(apply, segments_from_csv)
    editor.show(from_text("pulse -1.5, ramp 0.6 1.5 10"), 3)
    for message, text, repeats in (
        ({"act": "add", "kind": "read"}, "pulse -1.5, ramp 0.6 1.5 10, read", 3),
        ({"act": "move", "line": 0, "to": 1}, "ramp 0.6 1.5 10, pulse -1.5", 3),
        ({"act": "double", "line": 0}, "pulse -1.5, pulse -1.5, ramp 0.6 1.5 10", 3),
        ({"act": "delete", "line": 1}, "pulse -1.5", 3),
        ({"act": "kind", "line": 1, "kind": "verify"}, "pulse -1.5, verify 0.6 1.5 10", 3),
        ({"act": "value", "line": 1, "field": 1, "text": "1,2 V"}, "pulse -1.5, ramp 0.6 1.2 10", 3),
        ({"act": "times", "line": 0, "field": "times", "text": "7"}, "pulse -1.5 x7, ramp 0.6 1.5 10", 3),
        ({"act": "table", "line": 0, "field": 0, "text": "-1; 1|"}, "table -1 1|, ramp 0.6 1.5 10", 3),
        ({"act": "repeats", "text": "1,000"}, "pulse -1.5, ramp 0.6 1.5 10", 1000),
        ({"act": "preset", "kind": "weights"}, *PRESETS["weights"][1:]),
        ({"act": "csv", "text": "voltage_V,cycle_end\n-1.5,0\n1.5,1\n"}, "table -1.5 1.5|", 1),
    ):
        editor._handle_msg(message)
        assert asked.pop() == (text, repeats), message
        assert editor.error[2] == ""
    for message, sentence in (
        ({"act": "value", "line": 1, "field": 2, "text": "x"}, "Segment 2, steps: must be a whole number"),
        ({"act": "times", "line": 0, "text": "0"}, "Segment 1, times: must be from 1"),
        ({"act": "csv", "text": "no numbers"}, "File: "),
        ({"act": "repeats", "text": ""}, "Repeats: must be a whole number (got nothing)"),
    ):
        editor._handle_msg(message)
        assert asked == [] and str(editor.error[2]).startswith(sentence)
    for hostile in (
        None, [], {"act": "double", "line": 99}, {"act": "move", "line": 0, "to": "x"}, {"act": "kind"},
        {"act": "value", "line": 0, "field": [], "text": "1"}, {"act": "preset", "kind": "none"},
    ):  # fmt: skip
        editor._handle_msg(hostile)
    assert asked == []


def test_a_train_comes_back_from_its_csv(make_run: Make) -> None:
    run = make_run(kind="lab", segments="cycle -1.5 1.2 x2, ramp 0.6 1.1 3", cycles=1)

    def ordered(train: Any) -> Any:
        settings = SimpleNamespace(train=SimpleNamespace(choices=train), request=lambda: run.request)
        return order(cast(Any, SimpleNamespace(settings=settings)), "csv")

    made = ordered(lambda: run.request.train)
    assert re.fullmatch(r"synaptogen-hennen2024-[0-9x]+-.*seed\d+-[0-9a-f]{7}\.train\.csv", made.name)
    text = made.write(lambda done: None, threading.Event()).read().decode()
    again = joined(pieces(segments_from_csv(text)[0]))
    assert np.array_equal(again.pulses.voltage, run.train.pulses.voltage)
    assert np.array_equal(again.pulses.cycle_end, run.train.pulses.cycle_end)
    for _, segments, cycles in PRESETS.values():  # reads and random pulses have no voltage to write down
        other = make_run(kind="lab", segments=segments, cycles=cycles)
        text = ordered(lambda other=other: other.request.train).write(lambda done: None, threading.Event()).read()
        for spreadsheet in (text.decode(), "\ufeff" + text.decode().replace(",", ";").replace("\n", "\r\n")):
            found, times = segments_from_csv(spreadsheet)
            train = joined(pieces([*found] * times))
            assert np.array_equal(train.pulses.voltage, other.train.pulses.voltage, equal_nan=True)
            assert np.array_equal(train.pulses.read, other.train.pulses.read)
    with pytest.raises(ValueError, match="File, times all of it: must be a whole number"):
        segments_from_csv("segment,times all of it\nread,x\n")
