"""Run a netlist of ours in ngspice, and read what it prints."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.exchange.circuits.netlist import netlist, node_names
from tests.peers.kirchhoff import Solution

PRINTED = re.compile(r"^(\S+) = (\S+)$", re.MULTILINE)
TROUBLE = re.compile(r"error|singular|no convergence|fail|abort|too many", re.IGNORECASE)


def run(ngspice: str, text: str, folder: Path) -> dict[str, float]:
    """What ngspice prints of a netlist: volts by node, amperes by source#branch. Any complaint is a failure."""
    path = folder / "circuit.cir"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [ngspice, "-b", path.name], cwd=folder, capture_output=True, text=True, timeout=250, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode or TROUBLE.search(said):
        raise RuntimeError(f"ngspice ended with {done.returncode}:\n{said[:2000]}")
    return {name: float(value) for name, value in PRINTED.findall(done.stdout)}


def solve(
    ngspice: str,
    folder: Path,
    cells: sc.CellArray | ArrayLike,
    bias: Bias,
    lines: Lines,
    change: Callable[[str], str] = str,
) -> Solution:
    """The operating point of a crossbar according to ngspice; `change` spoils the netlist."""
    found = run(ngspice, change(netlist(cells, bias, lines)), folder)
    voltages = []
    for names in node_names(bias, lines):
        voltages.append(np.array([[found.get(name, np.nan) for name in row] for row in names.tolist()]))
    return Solution(
        voltages[0],
        voltages[1],
        np.array([-found.get(f"vw_{i}#branch", 0.0) for i in range(bias.shape[0])]),
        np.array([found.get(f"vb_{j}#branch", 0.0) for j in range(bias.shape[1])]),
    )
