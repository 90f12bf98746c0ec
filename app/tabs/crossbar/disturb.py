"""What a write scheme does to the cells that were not chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Group:
    """Cells that stand alike in a scheme."""

    name: str
    count: int
    low: float  # voltage that they see, V
    high: float
    switching: int  # cells that this pulse would switch now
    chance: float  # mean probability that it switches them a cycle on


def groups_of(
    chosen: tuple[int, int], volts: np.ndarray, chance: np.ndarray, switching: np.ndarray
) -> tuple[Group, ...]:
    """The chosen cell, those that share a line with it, and all others; without groups that have no cell."""
    row, column = np.zeros(volts.shape, bool), np.zeros(volts.shape, bool)
    row[chosen[0]], column[:, chosen[1]] = True, True
    names = {
        "Chosen cell": row & column,
        "Same row": row & ~column,
        "Same column": column & ~row,
        "All others": ~row & ~column,
    }
    return tuple(
        Group(
            name,
            int(mask.sum()),
            float(np.nanmin(volts[mask])) if np.isfinite(volts[mask]).any() else float("nan"),
            float(np.nanmax(volts[mask])) if np.isfinite(volts[mask]).any() else float("nan"),
            int(switching[mask].sum()),
            float(chance[mask].mean()),
        )
        for name, mask in names.items()
        if mask.any()
    )
