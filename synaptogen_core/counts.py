"""How many there are, as people say it."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """A number of things: 1 cycle, 1,000 cycles.

    Parameters
    ----------
    number : int
    word : str
        Of one of them.

    Returns
    -------
    str
    """
    return f"{number:,} {word}{'s' * (number != 1)}"
