"""Read fluctuation: telegraph traps, two-state Markov chains in ordinary time. A record; `telegraph` carries it out.

A cell has K traps, K Poisson distributed with `density` for each e-fold of time constants between `shortest` and
`longest`, within which these are log-uniform. Each trap k is occupied, z = 1, in a share p of the time, and forgets
with exp(-t/tau); a read finds G (1 + sum of a (z_k - p)). Many traps make flicker noise: the one-sided spectrum, times
the frequency, is G^2 density a^2 p (1 - p) between 1/longest and 1/shortest.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device.frozen import Frozen, freeze, read_only
from synaptogen_core.device.retention.law import MAX_NODES, MAX_TEXT, above_zero, row
from synaptogen_core.durations import duration
from synaptogen_core.types import F64

RANGE = (1e-7, 1e7)  # s: between which time constants may lie
MAX_MEAN = 200.0  # traps of a cell
TEXTS = ("name", "source", "licence", "citation")


@dataclass(frozen=True, eq=False)
class Traps(Frozen):
    """Telegraph traps of cells. Frozen; two are equal when their numbers and names are.

    Parameters
    ----------
    name : str
    conductance : array of float, shape (k,)
        Nodes of the table: conductance that a read finds without traps [S], rising; linear between them, held beyond.
    size : array of float, shape (k,)
        a: what one trap changes, as a share of that conductance.
    density : float
        Traps in each e-fold of time constants.
    shortest, longest : float
        Time constants lie between them [s], within 100 ns to 10**7 s.
    occupancy : float
        p: share of the time in which a trap is occupied.
    source, licence, citation : str
        Where the numbers come from.

    Raises
    ------
    TypeError, ValueError
        If a number breaks its rule; all traps of a cell together must leave it some conductance.
    """

    name: str
    conductance: F64
    size: F64
    density: float = 1.0
    shortest: float = 1e-3
    longest: float = 100.0
    occupancy: float = 0.5
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        for name in TEXTS:
            value = checks.instance(name, getattr(self, name), str, "give a text")
            if len(value) > MAX_TEXT or (name == "name" and not value):
                raise ValueError(f"{name}: must be a text of at most {MAX_TEXT} letters (got {len(value)}); correct it")
        nodes, size = row("conductance", self.conductance), row("size", self.size)
        if not 0 < nodes.size <= MAX_NODES or nodes[0] <= 0 or np.any(np.diff(nodes) <= 0):
            raise ValueError("conductance: must rise from above 0 S on (got others); sort the nodes, drop repeats")
        checks.shape("size", size, nodes.shape)
        object.__setattr__(self, "conductance", nodes)
        object.__setattr__(self, "size", size)
        for name in ("density", "shortest", "longest", "occupancy"):
            object.__setattr__(self, name, above_zero(name, getattr(self, name)))
        if not RANGE[0] <= self.shortest < self.longest <= RANGE[1]:
            raise ValueError(
                f"shortest, longest: must rise within {RANGE[0]:g} to {RANGE[1]:g} s (got {self.shortest:g} and "
                f"{self.longest:g}); give time constants"
            )
        if self.occupancy >= 1:
            raise ValueError(f"occupancy: must be below 1 (got {self.occupancy:g}); it is a share of the time")
        if self.mean_number > MAX_MEAN:
            raise ValueError(f"density: must make at most {MAX_MEAN:g} traps a cell (got {self.mean_number:g}); less")
        if size.min() < 0 or self.most * float(size.max()) * self.occupancy >= 1:
            raise ValueError(
                f"size: must be from 0 and so small that {self.most} traps, as some cells have, leave a conductance "
                f"(got {size.min():g} to {size.max():g}); give smaller shares, or fewer traps"
            )
        freeze(self)

    @property
    def mean_number(self) -> float:
        """Traps of a cell on average."""
        return self.density * math.log(self.longest / self.shortest)

    @property
    def most(self) -> int:
        """Traps that no cell has more than: six standard deviations above the mean."""
        return math.ceil(self.mean_number + 6 * math.sqrt(self.mean_number) + 6)

    @property
    def flicker(self) -> F64:
        """Root of f S(f)/G^2 at each node: the plateau of the spectrum times the frequency."""
        found: F64 = read_only(self.size * math.sqrt(self.density * self.occupancy * (1 - self.occupancy)))
        return found

    @cached_property
    def hash(self) -> str:
        """Hash of all numbers, 16 hexadecimal digits; names and sources take no part."""
        numbers = {name: value for name, value in self.to_dict().items() if name not in TEXTS}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Traps) and (self.name, self.hash) == (other.name, other.hash)

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def __repr__(self) -> str:
        return f"Traps({self.name!r}, {self.mean_number:.3g} a cell, hash={self.hash})"

    @property
    def label(self) -> str:
        """The sentence that has to stand wherever results of the traps are shown."""
        origin = f" ({self.licence})" if self.licence else ""
        low, high = self.conductance[0] * 1e6, self.conductance[-1] * 1e6
        first, last = duration(self.shortest), duration(self.longest)
        return (
            f"Read fluctuation is not part of the Synaptogen fit; traps {self.name} were measured on another device"
            f"{origin}, {low:.3g} to {high:.3g} µS, time constants {first} to {last}."
        )

    def to_dict(self) -> dict[str, Any]:
        """All numbers and texts as plain data for JSON."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in found.items()}

    @classmethod
    def from_dict(cls, data: object) -> Traps:
        """The traps of which `to_dict` gave `data`, all checks made again.

        Parameters
        ----------
        data : mapping

        Returns
        -------
        Traps

        Raises
        ------
        TypeError, ValueError
            If something is missing, superfluous or breaks its rule.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"traps: must be a mapping (got {type(data).__name__}); give what to_dict returned")
        odd = sorted(set(map(str, data)) ^ {f.name for f in fields(cls)})
        if odd:
            raise ValueError(f"traps: must have the entries of to_dict (got wrong: {', '.join(odd)}); see to_dict")
        return cls(**data)

    @classmethod
    def stanford_a(cls) -> Traps:
        """Flicker of five cells of filamentary ReRAM, fitted by us: 1.2 % of 10 uS, .04 % of 250 uS.

        Good to a factor of two: five cells, and slopes of their spectra from -.8 to -1.4.
        """
        flicker = np.array([0.012, 0.007, 0.0014, 0.0004])  # root of f S(f) / G^2
        return cls(
            "stanford-a", np.array([10e-6, 80e-6, 160e-6, 250e-6]), 2 * flicker,
            source="fitted by us to the last 150 s of 100,000 reads at 400 Hz of each of five cells, technology A",
            licence="MIT, 2021 A. Levy",
            citation="A. Levy and others, RRAM-Relaxation-Master-Model, "
            "github.com/akashlevy/RRAM-Relaxation-Master-Model, revision ca0cfff",
        )  # fmt: skip
