"""Times as people read them: 10 ms, 28 h, 10 years; for sentences, tables, and the marks of an axis of time."""

from __future__ import annotations

YEAR = 365.25 * 86400  # s
# Largest first: a unit, its seconds, and from how many seconds it is used; whole ones are said before.
UNITS = (
    ("years", YEAR, YEAR), ("d", 86400.0, 2 * 86400.0), ("h", 3600.0, 3600.0), ("min", 60.0, 120.0), ("s", 1.0, 1.0),
    ("ms", 1e-3, 1e-3), ("µs", 1e-6, 1e-6), ("ns", 1e-9, 0.0),
)  # fmt: skip
WHOLE = {60.0: "1 min", 86400.0: "1 d", YEAR: "1 year", YEAR / 12: "1 month"}
MAIN = (1e-9, 1e-6, 1e-3, 1e-2, 1.0, 60.0, 3600.0, 86400.0, 30 * 86400.0, 10 * YEAR)
BETWEEN = (1e-8, 1e-7, 1e-5, 1e-4, 0.1, 10.0, 600.0, 6 * 3600.0, 7 * 86400.0, YEAR, 100 * YEAR)


def duration(seconds: float, digits: int = 3) -> str:
    """A time as people say it.

    Parameters
    ----------
    seconds : float
        From 0 on [s].
    digits : int
        Significant ones, at most.

    Returns
    -------
    str
        Such as ``10 ms``, ``100 s``, ``27.8 h``, ``1 d``, ``10 years``.
    """
    if seconds <= 0:
        return "0 s"
    rounded = float(f"{seconds:.{digits}g}")
    for exact, words in WHOLE.items():
        if rounded == float(f"{exact:.{digits}g}"):
            return words
    unit, size = next((unit, size) for unit, size, least in UNITS if rounded >= least)
    return f"{float(f'{seconds / size:.{digits}g}'):,.12g} {unit}"


def marks() -> dict[float, str]:
    """Times at which an axis is marked [s], and what stands there; the main ones alone where room is scarce: `MAIN`."""
    return {t: duration(t) for t in sorted((*MAIN, *BETWEEN))}
