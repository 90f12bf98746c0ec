"""The kinds of pulse sequence by name, and trains out of what was written down."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from synaptogen_core.array.trains import composition
from synaptogen_core.array.trains.random_voltages import RandomSource
from synaptogen_core.array.trains.table import table
from synaptogen_core.array.trains.timing import Wait
from synaptogen_core.array.trains.waveforms import Cycling, Identical, Random, ReadOnly, Staircase, Sweep, Wave

MAX_DEPTH = 64  # a tree of 50e6 pulses is at most 52 deep, as each repeat at least doubles the train


def random(
    pulses: int,
    distribution: str = "uniform",
    low: float | None = None,
    high: float | None = None,
    mean: float | None = None,
    sd: float | None = None,
    per_cell: bool = True,
    seed: int = 0,
) -> Random:
    """Return random voltages.

    Parameters
    ----------
    pulses, distribution, low, high, mean, sd, per_cell, seed
        As for `PulseTrain.random`.

    Returns
    -------
    Random

    Raises
    ------
    TypeError, ValueError
        If one breaks its rule.
    """
    return Random(pulses, RandomSource(distribution, low, high, mean, sd, per_cell, seed))


MAKERS: dict[object, Callable[..., Wave]] = {
    "cycling": Cycling,
    "iv_sweep": Sweep,
    "staircase": Staircase,
    "identical": Identical,
    "random": random,
    "read_only": ReadOnly,
    "table": table,
    "wait": Wait,
}


def from_dict(tree: object, depth: int = MAX_DEPTH) -> composition.Node:
    """Return the node that `to_dict` wrote, all checks made again.

    Parameters
    ----------
    tree : dict
    depth : int
        How deep it may be nested.

    Returns
    -------
    Node

    Raises
    ------
    TypeError, ValueError
        If it is not such a dict, or a setting breaks its rule.
    """
    if not isinstance(tree, dict):
        raise TypeError(f"train: must be a dict with a kind (got {type(tree).__name__}); give what to_dict returns")
    if not depth:
        raise ValueError(f"train: must be nested less than {MAX_DEPTH} deep (got more); join without nesting")
    settings = dict(tree)
    kind = settings.pop("kind", None)
    if kind == "join":
        parts = _bound(kind, lambda parts: parts, settings)
        if not isinstance(parts, list) or not parts:
            raise TypeError(f"parts: must be a list of trains (got {parts!r}); give at least one")
        return composition.join([from_dict(part, depth - 1) for part in parts])
    if kind == "repeat":
        times, train = _bound(kind, lambda times, train: (times, train), settings)
        return composition.repeat(from_dict(train, depth - 1), times)
    if kind == "timed":
        width, delay, train = _bound(kind, lambda width, delay, train: (width, delay, train), settings)
        return composition.timed(from_dict(train, depth - 1), width, delay, "ns")
    if not isinstance(kind, str) or kind not in MAKERS:
        names = ", ".join(map(str, [*MAKERS, "join", "repeat", "timed"]))
        raise ValueError(f"kind: must be one of {names} (got {kind!r}); use one of these names")
    made: Wave = _bound(kind, MAKERS[kind], settings)
    return made


def _bound(kind: str, maker: Callable[..., Any], settings: dict[str, Any]) -> Any:
    known = inspect.signature(maker).parameters
    needed = [name for name, parameter in known.items() if parameter.default is parameter.empty]
    if unknown := ", ".join(str(name) for name in settings if name not in known):
        raise ValueError(f"{kind}: must have no settings but {', '.join(known)} (got {unknown}); mend the train's dict")
    if missing := ", ".join(name for name in needed if name not in settings):
        raise ValueError(
            f"{kind}: must have the settings {', '.join(needed)} (got no {missing}); mend the train's dict"
        )
    return maker(**settings)
