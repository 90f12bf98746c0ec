"""The colours and axes of every picture: on the page, in a report, in a notebook."""

from __future__ import annotations

# Okabe and Ito's colours: told apart by colour-blind eyes, and seen on white and on black.
COLORS = {"r_hrs": "#0072B2", "u_set": "#009E73", "r_lrs": "#D55E00", "u_reset": "#CC79A7"}

# SI inside, handy units on the axes: (factor, unit, plain name)
AXES: dict[str, tuple[float, str, str]] = {
    "r_hrs": (1e-3, "kΩ", "HRS resistance"),
    "u_set": (1.0, "V", "SET voltage"),
    "r_lrs": (1e-3, "kΩ", "LRS resistance"),
    "u_reset": (1.0, "V", "RESET voltage"),
    "resistance": (1e-3, "kΩ", "Resistance"),
    "threshold": (1e-3, "kΩ", "Read threshold"),
    "voltage": (1.0, "V", "Voltage"),
    "conductance": (1e6, "µS", "Conductance"),
    "current": (1e6, "µA", "Current"),
    "cycle": (1.0, "", "Cycle"),
    "row": (1.0, "", "Row"),
    "column": (1.0, "", "Column"),
    "lag": (1.0, "cycles", "Lag"),
    "count": (1.0, "", "Count"),
}
