"""A pulse train as a list of segments, and as the text that a link holds: ``pulse -1.5, ramp 0.6 1.5 10, read x5``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.settings.choices import Choices
from app.settings.numbers import range_text

MOST = 60  # segments
MOST_TIMES = 100_000  # of one segment
MOST_VOLTAGES = 2000  # of a table
FAR = 10.0  # V
PART = re.compile(r"[^,;\n]+")
TIMES = re.compile(r"[x×](\d{1,9})")


@dataclass(frozen=True)
class Field:
    """A number of a segment."""

    label: str
    unit: str = "V"
    low: float = -FAR
    high: float = FAR
    whole: bool = False
    default: float = 0.0


@dataclass(frozen=True)
class Kind:
    """What a segment can be."""

    title: str
    fields: tuple[Field, ...]
    help: str


COUNT = Field("steps", "", 2, 1000, True, 10)
RESETS = (Field("from", default=0.6), Field("to", default=1.5), COUNT)
SEED = Field("seed", "", 0, 2**31 - 1, True)
EACH = Field("own voltage per cell (1 or 0)", "", 0, 1, True, 1)
KINDS = {
    "pulse": Kind("Pulse", (Field("U", default=-1.5),), "One voltage; below zero SET, above zero RESET."),
    "cycle": Kind("SET and RESET", (Field("SET", high=0, default=-1.5), Field("RESET", low=0, default=1.5)),
                  "A SET pulse, then a RESET pulse."),
    "sweep": Kind("I-V sweep", (Field("lower end", high=0, default=-1.5), Field("upper end", low=0, default=1.5),
                                Field("points", "", 4, 2000, True, 200)),
                  "Triangle from 0 V to the first voltage, back, to the second, and back."),
    "ramp": Kind("Staircase", RESETS, "Pulses in equal steps from one voltage to another."),
    "verify": Kind("Staircase with reads", RESETS, "The same, with a read after each pulse."),
    "random": Kind("Random voltages", (Field("from", default=0.6), Field("to", default=1.5), SEED, EACH),
                   "Uniform between two voltages."),
    "normal": Kind("Random, normal", (Field("mean"), Field("SD", low=0.01, high=3, default=0.3), SEED, EACH),
                   "Normally distributed voltages."),
    "read": Kind("Read", (), "Changes no state."),
    "table": Kind("Table", (), "Voltages one by one; a bar behind one ends a cycle."),
}  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """One part of a train, `times` times in a row. Of a table, `values` are its voltages."""

    kind: str
    values: tuple[float, ...] = ()
    times: int = 1
    ends: frozenset[int] = frozenset()  # of a table: which of its pulses end a cycle

    def __str__(self) -> str:
        words = [f"{value:.12g}" + ("|" if i in self.ends else "") for i, value in enumerate(self.values)]
        return " ".join([self.kind, *words, *([f"x{self.times}"] if self.times != 1 else [])])


PRESETS: dict[str, tuple[str, str, int]] = {
    "cycling": ("Cycling", "cycle -1.5 1.5", 100),
    "sweeps": ("I-V sweeps", "sweep -1.5 1.5 200", 10),
    "staircases": ("Potentiation and depression by staircase", "ramp -0.4 -1.2 17, ramp 0.6 1.5 19", 20),
    "disturb": ("Read-disturb stress", "cycle -1.5 1.5, pulse -0.3 x100, pulse -0.5 x100, pulse -0.7 x100, read", 1),
    "weights": ("Random weights", "pulse -1.5, random 0.6 1.4 0 1, read", 20),
    "verify": ("Write and read, step by step", "pulse -1.5, verify 0.7 1.4 15", 20),
}  # key -> title, segments, how often all of it


def to_text(segments: Sequence[Segment]) -> str:
    """The segments as a link holds them."""
    return ", ".join(map(str, segments))


def new(kind: str) -> Segment:
    """A segment to begin with."""
    if kind == "table":
        return Segment(kind, (-1.5, 0.8, 1.0, 1.5))
    return Segment(kind, tuple(field.default for field in KINDS[kind].fields))


def from_text(text: str) -> tuple[Segment, ...]:
    """The segments that a text describes.

    Raises
    ------
    ValueError
        A sentence that names the segment.
    """
    parts = PART.findall(text)
    parts = [part.strip() for part in parts if part.strip()]
    if not 1 <= len(parts) <= MOST:
        raise ValueError(f"Segments: must be 1 to {MOST} (got {len(parts)}); write, say, pulse -1.5, ramp 0.6 1.5 10")
    return tuple(_segment(part, number) for number, part in enumerate(parts, 1))


def _segment(part: str, number: int) -> Segment:
    here, (kind, *words) = f"Segment {number}", part.split()
    if kind not in KINDS:
        raise ValueError(f"{here}: must be one of {', '.join(KINDS)} (got “{kind[:20]}”); write, say, pulse -1.5")
    times = 1
    if words and (found := TIMES.fullmatch(words[-1])):
        times = int(found[1])
        words.pop()
    ends = frozenset(i for i, word in enumerate(words) if kind == "table" and word.endswith("|"))
    try:
        values = tuple(float(word.removesuffix("|") if kind == "table" else word) for word in words)
    except ValueError:
        raise ValueError(
            f"{here}: must have numbers after {kind} (got “{' '.join(words)[:40]}”); write volts"
        ) from None
    return checked(Segment(kind, values, times, ends), here)


def checked(segment: Segment, here: str) -> Segment:
    """A segment whose numbers are allowed.

    Raises
    ------
    ValueError
        A sentence that begins with `here`.
    """
    title, fields = KINDS[segment.kind].title, KINDS[segment.kind].fields
    if not 1 <= segment.times <= MOST_TIMES:
        raise ValueError(f"{here}: must be repeated 1 to {MOST_TIMES:,} times (got {segment.times:,}); change it")
    if segment.kind == "table":
        if not 1 <= len(segment.values) <= MOST_VOLTAGES:
            got = len(segment.values)
            raise ValueError(f"{here}: must have 1 to {MOST_VOLTAGES:,} voltages (got {got:,}); use several tables")
        fields = (Field("voltages"),) * len(segment.values)
    elif len(segment.values) != len(fields):
        names = ", ".join(field.label for field in fields) or "none"
        raise ValueError(f"{here}: {title} must have {len(fields)} numbers (got {len(segment.values)}): {names}")
    for field, value in zip(fields, segment.values, strict=True):
        if not field.low <= value <= field.high or (field.whole and value != int(value)):
            must = ("a whole number " if field.whole else "") + range_text(field.low, field.high, field.unit)
            raise ValueError(f"{here}, {field.label}: must be {must} (got {value:g}); change it")
    if segment.kind in ("cycle", "sweep") and 0 in segment.values[:2]:
        raise ValueError(f"{here}: {title} must have voltages on both sides of 0 V (got 0 V); use a pulse instead")
    if segment.kind == "random" and not segment.values[0] < segment.values[1]:
        raise ValueError(f"{here}: from must be below to (got {segment.values[0]:g} V); exchange them")
    return segment


def of_settings(train: Choices) -> tuple[tuple[Segment, ...], int]:
    """The same train in segments, whatever its kind, and how often they are repeated.

    Raises
    ------
    ValueError
        If a text in the settings is no train.
    """
    c = train
    if c.kind == "lab":
        return from_text(c.segments), c.cycles
    if c.kind == "cycling":
        return (Segment("cycle", (c.u_set, c.u_reset)),), c.cycles
    if c.kind == "iv_sweep":
        return (Segment("sweep", (c.u_min, c.u_max_sweep, c.points)),), c.cycles
    if c.kind == "staircase":
        return (Segment("pulse", (c.u_set,)), Segment("ramp", (c.u_start, c.u_stop, c.steps))), c.cycles
    if c.kind == "identical":
        return (Segment("pulse", (c.u_set,)), Segment("pulse", (c.u_pulse,), c.pulses)), c.cycles
    if c.kind == "random":
        law, ends = ("normal", (c.mean, c.sd)) if c.distribution == "normal" else ("random", (c.low, c.high))
        return (Segment(law, (*ends, c.train_seed, float(c.per_cell)), c.pulses),), 1
    if c.kind == "read_only":
        return (Segment("read", (), c.pulses),), 1
    return from_text("table " + " ".join(re.split(r"[,;\s]+", c.table.strip()))), 1


def moved(segments: Sequence[Segment], place: int, to: int) -> tuple[Segment, ...]:
    """The segments with one of them elsewhere."""
    rest = [*segments]
    rest.insert(to, rest.pop(place))
    return tuple(rest)


def changed(segment: Segment, kind: str, factor: float = 1.0) -> Segment:
    """A segment as another kind, with what it can keep of its numbers; other voltages are times `factor`."""
    (made,) = stretched([new(kind)], factor)
    if KINDS[kind].fields == KINDS[segment.kind].fields:
        made = replace(made, values=segment.values)
    return replace(made, times=segment.times)


def stretched(segments: Sequence[Segment], factor: float) -> tuple[Segment, ...]:
    """The segments with all voltages times a factor, to four digits; within what a segment takes."""

    def of(segment: Segment) -> Segment:
        fields = KINDS[segment.kind].fields or (Field("voltages"),) * len(segment.values)
        return replace(segment, values=tuple(
            float(f"{min(max(value * factor, field.low), field.high):.4g}") if field.unit == "V" else value
            for field, value in zip(fields, segment.values, strict=True)
        ))  # fmt: skip

    return tuple(map(of, segments)) if factor != 1 else tuple(segments)


def stretched_text(text: str, factor: float) -> str:
    """The same of segments as text."""
    return to_text(stretched(from_text(text), factor))


def stretched_table(text: str, factor: float) -> str:
    """The same of a table of voltages, as the settings of the train hold it."""
    (table,) = stretched(from_text("table " + text.replace(",", " ")), factor)
    return ", ".join(f"{value:g}" for value in table.values)
