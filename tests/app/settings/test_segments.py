"""Segments: the same train whatever its kind, in a text that a link carries and people can write."""

from __future__ import annotations

import numpy as np
import pytest

from app.settings import link
from app.settings.sections import TRAIN_KINDS, Settings
from app.settings.segments import MOST, PRESETS, from_text, moved, of_settings, to_text
from app.work.trains import closing, joined, make_train, pieces


@pytest.mark.parametrize("kind", TRAIN_KINDS)
def test_any_train_of_the_sidebar_is_the_same_train_in_segments(kind: str) -> None:
    settings = Settings()
    settings.train.kind, settings.train.cycles = kind, 3
    for law in ("uniform", "normal"):
        settings.train.distribution = law
        segments, repeats = of_settings(settings.train.choices())
        assert from_text(to_text(segments)) == segments
        own, other = repeats * joined(pieces(segments)), make_train(settings.train.choices())
        assert np.array_equal(own.voltages([0, 5]), other.voltages([0, 5]))
        for name in ("cycle_end", "read"):
            assert np.array_equal(getattr(own.pulses, name), getattr(other.pulses, name)), name


@pytest.mark.parametrize("key", PRESETS)
def test_presets_survive_a_link(key: str) -> None:
    _, text, repeats = PRESETS[key]
    settings, other = Settings(), Settings()
    settings.train.kind, settings.train.segments, settings.train.cycles = "lab", text, repeats
    assert link.apply_query(other, link.to_query(settings, "pulses")) == []
    assert other.request() == settings.request()
    assert len(make_train(other.train.choices())) >= repeats


def test_a_cycle_ends_with_the_last_reset_before_a_set() -> None:
    segments = from_text("pulse -1.5, pulse 0.8, read, pulse 1.2 x3, pulse -1.5, read")
    assert closing(segments) == [False, False, False, True, False, False]
    train = joined(pieces(segments))
    assert np.flatnonzero(train.pulses.cycle_end).tolist() == [5] and train.cycles == 2
    assert closing(from_text("pulse -1.5, pulse 1.5")) == [False, True]  # and before the end
    table = joined(pieces(from_text("table -1.5 1.5| -1.5 1.5| x2")))
    assert np.flatnonzero(table.pulses.cycle_end).tolist() == [1, 3, 5, 7]


def test_segments_move() -> None:
    segments = from_text("pulse 1, pulse 2, pulse 3")
    assert to_text(moved(segments, 0, 2)) == "pulse 2, pulse 3, pulse 1"
    assert to_text(moved(segments, 2, 0)) == "pulse 3, pulse 1, pulse 2"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Segments: must be 1 to"),
        (", ".join(["read"] * (MOST + 1)), "Segments: must be 1 to"),
        ("jump 1", "Segment 1: must be one of pulse, "),
        ("read, pulse", "Segment 2: Pulse must have 1 numbers"),
        ("pulse 1e400", "U: must be from −10 to 10 V"),
        ("pulse nan", "U: must be from −10 to 10 V"),
        ("pulse 1 x0", "Segment 1: must be repeated 1 to"),
        ("ramp 0 1 2.5", "steps: must be a whole number from 2"),
        ("cycle 0 1", "both sides of 0 V"),
        ("random 1 0 1 1", "from must be below to"),
        ("pulse 0,8", "Segment 2: must be one of"),
    ],
)
def test_what_is_no_train_is_a_sentence(text: str, sentence: str) -> None:
    settings = Settings()
    settings.train.kind, settings.train.segments = "lab", text
    with pytest.raises(ValueError, match=r"Segment.*\(got ") as error:
        make_train(settings.train.choices())
    assert sentence in str(error.value)
