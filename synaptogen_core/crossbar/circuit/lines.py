"""The lines of a crossbar: what they are made of, where they are connected, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from synaptogen_core import checks

WORD_ENDS = ("left", "right", "both")
BIT_ENDS = ("top", "bottom", "both")
Places = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Faults:
    """Broken and shorted cells and lines; each a sequence of pairs, counted from 0.

    Parameters
    ----------
    open_cells, shorted_cells : pairs (row, column)
        Cells that conduct nothing, and cells that are a resistance `short`.
    open_word : pairs (row, segment)
        Interrupted segments of word lines. Segment k lies before the cell of column k; segment 0 is the lead on the
        left, the segment after the last cell the lead on the right.
    open_bit : pairs (column, segment)
        The same of bit lines, from the top.
    grounded_word, grounded_bit : pairs (row, column)
        Where a word or bit line is shorted to ground through the resistance `short`.
    bridged_word, bridged_bit : pairs (row, column)
        Where a word line touches the next one, row + 1, or a bit line the next one, column + 1, through `short`.
    short : float
        Resistance of a short [ohm].

    Raises
    ------
    TypeError, ValueError
        If something is not a pair of whole numbers from 0 on, or `short` is not above 0.
    """

    open_cells: Places = ()
    shorted_cells: Places = ()
    open_word: Places = ()
    open_bit: Places = ()
    grounded_word: Places = ()
    grounded_bit: Places = ()
    bridged_word: Places = ()
    bridged_bit: Places = ()
    short: float = 10.0

    def __post_init__(self) -> None:
        for name in PLACES:
            object.__setattr__(self, name, _places(name, getattr(self, name)))
        object.__setattr__(self, "short", checks.number("short", self.short))
        if self.short <= 0:
            raise ValueError(f"short: must be above 0 ohm (got {self.short:g}); give a small resistance")

    def check(self, rows: int, columns: int) -> None:
        """Refuse places outside an array.

        Parameters
        ----------
        rows, columns : int
            Size of the array.

        Raises
        ------
        ValueError
            If one lies outside.
        """
        limits = dict.fromkeys(PLACES, (rows, columns))
        limits |= {"open_word": (rows, columns + 1), "open_bit": (columns, rows + 1)}
        limits |= {"bridged_word": (rows - 1, columns), "bridged_bit": (rows, columns - 1)}
        for name, (first, second) in limits.items():
            for place in getattr(self, name):
                if place[0] >= first or place[1] >= second:
                    raise ValueError(f"{name}: must lie inside {rows} x {columns} cells (got {place}); count from 0")


PLACES = (
    "open_cells", "shorted_cells", "open_word", "open_bit", "grounded_word", "grounded_bit", "bridged_word",
    "bridged_bit",
)  # fmt: skip


@dataclass(frozen=True)
class Lines:
    """Resistances of the word lines (rows) and bit lines (columns), and the ends at which they are connected.

    Parameters
    ----------
    word, bit : float
        Resistance of the segment between two neighbouring cells of a word line, and of a bit line [ohm]. 0: an ideal
        line.
    source, sense : float
        Resistance between a terminal and the first cell of its word line, and of its bit line [ohm]: lead, driver or
        sense amplifier together.
    word_ends : {"left", "right", "both"}
        Where word lines have their terminals. Both terminals of a line are at the same voltage.
    bit_ends : {"bottom", "top", "both"}
        Where bit lines have theirs.
    faults : Faults

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """

    word: float = 1.0
    bit: float = 1.0
    source: float = 0.0
    sense: float = 0.0
    word_ends: str = "left"
    bit_ends: str = "bottom"
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        for name in ("word", "bit", "source", "sense"):
            ohm = checks.number(name, getattr(self, name))
            if ohm < 0 or ohm > MAX_RESISTANCE:
                raise ValueError(f"{name}: must be from 0 to {MAX_RESISTANCE:g} ohm (got {ohm:g}); choose a resistance")
            object.__setattr__(self, name, ohm)
        for name, ends in (("word_ends", WORD_ENDS), ("bit_ends", BIT_ENDS)):
            if getattr(self, name) not in ends:
                listed = ", ".join(repr(end) for end in ends)
                raise ValueError(f"{name}: must be one of {listed} (got {getattr(self, name)!r}); choose one of them")
        if not isinstance(self.faults, Faults):
            raise TypeError(f"faults: must be Faults (got {type(self.faults).__name__}); give Faults(...)")
        for segment, faults in (("word", self.faults.open_word), ("bit", self.faults.open_bit)):
            if faults and not getattr(self, segment):
                raise ValueError(f"{segment}: must be above 0 ohm where a segment is open (got 0); give a resistance")


MAX_RESISTANCE = 1e9  # ohm


def _places(name: str, given: object) -> Places:
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise TypeError(f"{name}: must be pairs of numbers (got {type(given).__name__}); give ((row, column), ...)")
    places = []
    for place in given:
        if not isinstance(place, Iterable) or isinstance(place, str) or len(pair := tuple(place)) != 2:
            raise TypeError(f"{name}: must be pairs of numbers (got {place!r}); give ((row, column), ...)")
        places.append((checks.whole(name, pair[0], 0, 2**40), checks.whole(name, pair[1], 0, 2**40)))
    return tuple(dict.fromkeys(places))
