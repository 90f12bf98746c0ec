"""A file with weights of the user's: kept for this page only, in no link."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MB = 16  # of a file with weights


@dataclass(frozen=True)
class Own:
    """Its name, and what is in it."""

    name: str
    content: bytes
