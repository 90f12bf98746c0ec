"""The pulse train that the settings describe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

import synaptogen_core as sc
from app.settings.sections import Choices, TrainSettings
from app.settings.segments import Segment, from_text
from app.settings.words import in_labels

MAX_PULSES = 2_000_000  # of the page's trains: to make and time a longer one takes seconds and a gigabyte


def make_train(choices: Choices) -> sc.PulseTrain:
    """The pulse train that the settings describe.

    Raises
    ------
    ValueError
        If it is too long for a page, or its settings contradict each other.
    """
    with in_labels(TrainSettings, u_max="u_max_sweep", u="u_pulse"):
        train = _train(choices)
    if len(train) > MAX_PULSES:
        raise ValueError(
            f"Pulse train: must have at most {MAX_PULSES:,} pulses here (got {len(train):,}); choose fewer cycles or "
            "pulses a cycle, or use “synaptogen generate”"
        )
    return train


def _train(choices: Choices) -> sc.PulseTrain:
    make, c = sc.PulseTrain, choices
    if c.kind == "cycling":
        return make.cycling(cycles=c.cycles, u_set=c.u_set, u_reset=c.u_reset)
    if c.kind == "iv_sweep":
        return make.iv_sweep(cycles=c.cycles, u_min=c.u_min, u_max=c.u_max_sweep, points=c.points)
    if c.kind == "staircase":
        return make.staircase(cycles=c.cycles, u_set=c.u_set, u_start=c.u_start, u_stop=c.u_stop, steps=c.steps)
    if c.kind == "identical":
        # A new cell is in HRS, where a RESET pulse does nothing: SET it first.
        return c.cycles * (make.table([c.u_set], cycle_ends=[False]) + make.identical(pulses=c.pulses, u=c.u_pulse))
    if c.kind == "random" and c.distribution == "normal":
        return make.random(c.pulses, "normal", mean=c.mean, sd=c.sd, per_cell=c.per_cell, seed=c.train_seed)
    if c.kind == "random":
        return make.random(c.pulses, "uniform", low=c.low, high=c.high, per_cell=c.per_cell, seed=c.train_seed)
    if c.kind == "read_only":
        return make.read_only(pulses=c.pulses)
    if c.kind == "lab":
        return c.cycles * joined(pieces(from_text(c.segments)))
    return make.table(read_table(c.table))


def read_table(text: str) -> list[float]:
    """Voltages from text; the separators are commas, semicolons, spaces and line breaks."""
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    try:
        return [float(part) for part in parts]
    except ValueError:
        wrong = next(part for part in parts if not is_number(part))
        raise ValueError(f"voltages: must be numbers (got “{wrong[:20]}”); write volts, e.g. -1.5, 0.8, 1.5") from None


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def joined(parts: Sequence[sc.PulseTrain]) -> sc.PulseTrain:
    """Trains one after the other."""
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def pieces(segments: Sequence[Segment]) -> list[sc.PulseTrain]:
    """A train for each segment. A cycle ends with the last RESET before a SET, or before the end."""
    ends = closing(segments)
    return [piece(segment, end) for segment, end in zip(segments, ends, strict=True)]


def closing(segments: Sequence[Segment]) -> list[bool]:
    """Whether a cycle ends with the last pulse of each segment; reads end none."""
    pulsed = [i for i, segment in enumerate(segments) if segment.kind != "read"]
    ends = [False] * len(segments)
    risen = False
    for place, following in zip_longest(pulsed, pulsed[1:]):
        last = signs(segments[place])[1]
        risen = last > 0 or (risen and last == 0)
        falls = following is None or signs(segments[following])[0] < 0
        ends[place] = risen and falls
        risen = risen and not ends[place]
    return ends


def signs(segment: Segment) -> tuple[int, int]:
    """Signs of the first and of the last voltage; random ones count as RESET."""
    if segment.kind in ("random", "normal"):
        return 1, 1
    if segment.kind in ("cycle", "sweep"):
        return -1, 1
    volts = segment.values[:2] if segment.kind in ("ramp", "verify") else segment.values
    return int(np.sign(volts[0])), int(np.sign(volts[-1]))


def piece(segment: Segment, end: bool) -> sc.PulseTrain:
    """One segment as a train; `end`: its last pulse ends a cycle."""
    make, v, times = sc.PulseTrain, segment.values, segment.times
    if segment.kind == "read":
        return make.read_only(pulses=times)
    if segment.kind == "cycle":
        return make.cycling(cycles=times, u_set=v[0], u_reset=v[1])
    if segment.kind == "sweep":
        return make.iv_sweep(cycles=times, u_min=v[0], u_max=v[1], points=int(v[2]))
    if segment.kind in ("random", "normal"):
        ends = {"mean": v[0], "sd": v[1]} if segment.kind == "normal" else {"low": v[0], "high": v[1]}
        law = "normal" if segment.kind == "normal" else "uniform"
        return make.random(times, law, **ends, seed=int(v[2]), per_cell=bool(v[3]))
    if segment.kind == "table" and segment.ends:
        return times * make.table(v, [i in segment.ends for i in range(len(v))])
    steps = np.linspace(v[0], v[1], int(v[2])) if segment.kind in ("ramp", "verify") else np.array(v)

    def once(end: bool) -> sc.PulseTrain:
        closes = [end and i == steps.size - 1 for i in range(steps.size)]
        if segment.kind != "verify":
            return make.table(steps, closes)
        return joined([make.table([u], [e]) + make.read_only() for u, e in zip(steps, closes, strict=True)])

    return once(end) if times == 1 else (times - 1) * once(False) + once(end)
