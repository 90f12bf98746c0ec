"""Files of the user's: weights, or images with labels. Kept for this page only, in no link."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MB = 16  # of a file with weights
MOST_MB_IMAGES = 64  # of files with images


@dataclass(frozen=True)
class Own:
    """Its name, and what is in it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class OwnImages:
    """A file with images and labels, or two: images, labels."""

    files: tuple[Own, ...]

    @property
    def name(self) -> str:
        return ", ".join(own.name for own in self.files)
