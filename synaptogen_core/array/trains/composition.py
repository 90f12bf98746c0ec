"""The tree that a pulse train is: waveforms as leaves, joined and repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.trains.random_voltages import RandomSource
from synaptogen_core.array.trains.records import train_length
from synaptogen_core.array.trains.timing import Durations, durations
from synaptogen_core.array.trains.waveforms import (
    Head,
    ReadOnly,
    Wave,
    assign,
)
from synaptogen_core.device.retention.clock import SECOND
from synaptogen_core.device.retention.jumps import NEVER
from synaptogen_core.durations import duration

MAX_SOURCES = 32_767  # the number of a source is kept in an int16


@dataclass(frozen=True)
class Measures:
    """What a node is made to know of itself; attributes as those of `Wave`."""

    length: int = field(init=False)
    ends: int = field(init=False)
    closed: bool = field(init=False)
    amplitude: float = field(init=False)
    sources: tuple[RandomSource, ...] = field(init=False)
    duration: int = field(init=False)


@dataclass(frozen=True)
class Join(Measures):
    """Two or more nodes, none of them a join, one after the other; attributes as those of `Wave`."""

    parts: tuple[Node, ...]

    def __post_init__(self) -> None:
        """Measure the parts."""
        sources = tuple(dict.fromkeys(source for part in self.parts for source in part.sources))
        if len(sources) > MAX_SOURCES:
            raise ValueError(
                f"sources: a train has at most {MAX_SOURCES:,} (got {len(sources):,}); use one seed for several parts"
            )
        assign(self, length=train_length(sum(part.length for part in self.parts)), sources=sources)
        assign(self, ends=sum(part.ends for part in self.parts), closed=self.parts[-1].closed)
        assign(self, amplitude=max(part.amplitude for part in self.parts))
        assign(self, duration=_short_enough(sum(part.duration for part in self.parts)))

    def head(self, count: int, numbers: dict[RandomSource, int]) -> Head:
        """Return the first `count` pulses; `numbers` gives the random sources theirs.

        Parameters
        ----------
        count : int
            At most `length`.
        numbers : dict of RandomSource to int

        Returns
        -------
        Head
        """
        heads = []
        for part in self.parts:
            heads.append(part.head(min(count, part.length), numbers))
            count -= heads[-1].voltage.size
            if not count:
                break
        return Head(
            np.concatenate([head.voltage for head in heads]),
            np.concatenate([head.cycle_end for head in heads]),
            np.concatenate([head.read for head in heads]),
            np.concatenate([head.random for head in heads]),
        )

    def timing(self, count: int) -> NDArray[np.int64]:
        """Return width of the first `count` pulses and delay after each [ns], shape (2, count)."""
        found = [part.timing(part.length) for part in self.parts]
        return np.concatenate(found, axis=1)[:, :count]

    def to_dict(self) -> dict[str, Any]:
        """Return the join as JSON values."""
        return {"kind": "join", "parts": [part.to_dict() for part in self.parts]}

    def to_python(self) -> str:
        """Return Python text that makes the joined train."""
        return " + ".join(part.to_python() for part in self.parts)

    def key(self) -> tuple[object, ...]:
        """Return what equal joins have in common, hashable."""
        return ("join", *(part.key() for part in self.parts))


@dataclass(frozen=True)
class Repeat(Measures):
    """A node, itself no repeat, two or more times; attributes as those of `Wave`."""

    times: int
    part: Wave | Join | Timed

    def __post_init__(self) -> None:
        """Measure the part."""
        assign(self, length=train_length(self.times * self.part.length), ends=self.times * self.part.ends)
        assign(self, closed=self.part.closed, amplitude=self.part.amplitude, sources=self.part.sources)
        assign(self, duration=_short_enough(self.times * self.part.duration))

    def head(self, count: int, numbers: dict[RandomSource, int]) -> Head:
        """Return the first `count` pulses; `numbers` gives the random sources theirs.

        Parameters
        ----------
        count : int
            At most `length`.
        numbers : dict of RandomSource to int

        Returns
        -------
        Head
        """
        one = self.part.head(min(count, self.part.length), numbers)
        return Head(*(_tiled(array, count) for array in one))

    def timing(self, count: int) -> NDArray[np.int64]:
        """Return width of the first `count` pulses and delay after each [ns], shape (2, count)."""
        width, delay = self.part.timing(min(count, self.part.length))
        return np.stack([_tiled(width, count), _tiled(delay, count)])

    def to_dict(self) -> dict[str, Any]:
        """Return the repetition as JSON values."""
        return {"kind": "repeat", "times": self.times, "train": self.part.to_dict()}

    def to_python(self) -> str:
        """Return Python text that makes the repeated train."""
        text = self.part.to_python()
        return f"{self.times} * ({text})" if isinstance(self.part, Join) else f"{self.times} * {text}"

    def key(self) -> tuple[object, ...]:
        """Return what equal repetitions have in common, hashable."""
        return ("repeat", self.times, self.part.key())


@dataclass(frozen=True)
class Timed:
    """A node whose pulses have a width or a delay; those that have one already keep theirs."""

    part: Node
    durations: Durations

    def __post_init__(self) -> None:
        """Measure the part."""
        _short_enough(self.duration)

    length = property(lambda self: self.part.length)
    ends = property(lambda self: self.part.ends)
    closed = property(lambda self: self.part.closed)
    amplitude = property(lambda self: self.part.amplitude)
    sources = property(lambda self: self.part.sources)

    @cached_property
    def duration(self) -> int:
        """Time that all pulses take [ns]."""
        times = self.timing(self.length)  # in two parts, so that no sum overflows
        return int((times // SECOND).sum()) * SECOND + int((times % SECOND).sum())

    def head(self, count: int, numbers: dict[RandomSource, int]) -> Head:
        """Return the first `count` pulses of the part.

        Parameters
        ----------
        count, numbers
            As for `Join.head`.

        Returns
        -------
        Head
        """
        return self.part.head(count, numbers)

    def timing(self, count: int) -> NDArray[np.int64]:
        """Return width of the first `count` pulses and delay after each [ns], shape (2, count)."""
        inner: NDArray[np.int64] = self.part.timing(count)
        own = [np.broadcast_to(value, self.length)[:count] for value in vars(self.durations).values()]
        return np.where(inner > 0, inner, np.stack(own))

    def to_dict(self) -> dict[str, Any]:
        """Return the node as JSON values; durations in ns."""
        return {"kind": "timed", **self.durations.settings(), "train": self.part.to_dict()}

    def to_python(self) -> str:
        """Return Python text that makes the train."""
        text = self.part.to_python()
        compound = isinstance(self.part, Join | Repeat)
        return f"{f'({text})' if compound else text}.timed({self.durations.to_python()})"

    def key(self) -> tuple[object, ...]:
        """Return what equal nodes have in common, hashable."""
        return ("timed", self.part.key(), *self.durations.key())


Node = Wave | Join | Repeat | Timed


def _short_enough(ns: int) -> int:
    if ns >= NEVER:
        raise ValueError(
            f"train: must take less than 146 years (got {duration(ns / SECOND)}); wait less, or repeat less"
        )
    return ns


def _tiled(array: NDArray[Any], count: int) -> NDArray[Any]:
    return np.tile(array, -(-count // array.size))[:count]


def join(nodes: Sequence[Node]) -> Node:
    """Return the nodes one after the other: joins of joins lie flat, so that (a + b) + c is a + (b + c)."""
    parts = tuple(part for node in nodes for part in (node.parts if isinstance(node, Join) else (node,)))
    return parts[0] if len(parts) == 1 else Join(parts)


def repeat(node: Node, times: object) -> Node:
    """Return the node `times` times, so that 2 * (3 * a) is 6 * a, and 1 * a is a.

    Parameters
    ----------
    node : Node
    times : int
        At least 1.

    Returns
    -------
    Node

    Raises
    ------
    TypeError, ValueError
        If `times` is not, or the train becomes too long.
    """
    number = checks.whole("times", times)
    if number == 1:
        return node
    return Repeat(number * node.times, node.part) if isinstance(node, Repeat) else Repeat(number, node)


def read_at(node: Node, u: float) -> Node:
    """Return the node whose reads have a voltage.

    Parameters
    ----------
    node : Node
    u : float
        Of those that had none [V].

    Returns
    -------
    Node
        Itself, if every read had one.
    """
    if isinstance(node, ReadOnly):
        return replace(node, u=u) if node.u is None else node
    if isinstance(node, Join):
        parts = tuple(read_at(part, u) for part in node.parts)
        return node if all(new is old for new, old in zip(parts, node.parts, strict=True)) else Join(parts)
    if not isinstance(node, Repeat | Timed) or (part := read_at(node.part, u)) is node.part:
        return node
    return repeat(part, node.times) if isinstance(node, Repeat) else replace(node, part=part)


def timed(node: Node, width: ArrayLike, delay: ArrayLike, unit: str = "s") -> Node:
    """Return the node with a width of its pulses and a delay after them, where they have none.

    Parameters
    ----------
    node : Node
    width, delay, unit
        As for `timing.durations`.

    Returns
    -------
    Node

    Raises
    ------
    TypeError, ValueError
        If they are no durations.
    """
    found = durations(width, delay, node.length, unit)
    return Timed(node, found) if found.width.any() or found.delay.any() else node
