"""The chosen lines as the core's record, for every tab that solves them."""

from __future__ import annotations

from app.settings.sections import Choices
from synaptogen_core.crossbar.circuit.lines import Lines


def lines_of(choices: Choices) -> Lines:
    """Lines with the chosen resistances and ends."""
    both = choices.ends == "both"
    return Lines(
        choices.word_ohm, choices.bit_ohm, choices.source_ohm, choices.sense_ohm,
        "both" if both else "left", "both" if both else "bottom",
    )  # fmt: skip
