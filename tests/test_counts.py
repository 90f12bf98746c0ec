"""One is one."""

from __future__ import annotations

from synaptogen_core.counts import counted


def test_one_is_one() -> None:
    assert [counted(n, "cycle") for n in (0, 1, 2, 1000)] == ["0 cycles", "1 cycle", "2 cycles", "1,000 cycles"]
