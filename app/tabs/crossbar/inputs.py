"""The input vector of a read: a pattern, or the user's own voltages."""

from __future__ import annotations

import re

import numpy as np

from app.settings.sections import Choices

INPUTS = {
    "Uniform": "uniform", "One line": "one", "Alternating": "alternating", "Ramp": "ramp", "Random bits": "bits",
    "Own voltages": "own",
}  # fmt: skip
MAX_TEXT = 20_000  # characters of a vector


def input_vector(options: Choices, lines: int, largest: float) -> np.ndarray:
    """Voltages of the driven lines [V], (lines,); `largest`: beyond, the device was never measured."""
    if options.pattern == "own":
        return own_voltages(options.own, lines, largest)
    volts, on = np.zeros(lines), options.amplitude
    if options.pattern == "uniform":
        volts[:] = on
    elif options.pattern == "one":
        volts[min(options.line, lines - 1)] = on
    elif options.pattern == "alternating":
        volts[::2] = on
    elif options.pattern == "ramp":
        volts[:] = on * np.arange(1, lines + 1) / lines
    else:
        drawn = np.random.default_rng(options.bits_seed).random(lines)
        volts[drawn < options.ones / 100] = on
    return volts


def own_voltages(text: str, lines: int, largest: float) -> np.ndarray:
    """Voltages from text [V], (lines,); lines that it does not name are at 0 V.

    Raises
    ------
    ValueError
        If something in it is not such a voltage, or there are more of them than lines.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"voltages: must have at most {MAX_TEXT:,} characters (got {len(text):,}); shorten them")
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    volts = np.zeros(lines)
    if len(words) > lines:
        raise ValueError(f"voltages: must be at most one a driven line, {lines} (got {len(words)}); leave some out")
    for i, word in enumerate(words):
        try:
            volts[i] = float(word.replace("−", "-"))
        except ValueError:
            raise ValueError(f"voltages: must be numbers (got “{word[:20]}” at place {i + 1}); give volts") from None
        if not abs(volts[i]) <= largest:
            raise ValueError(
                f"voltages: must be from −{largest:g} to {largest:g} V (got {word[:20]} at place {i + 1}); correct it"
            )
    return volts
