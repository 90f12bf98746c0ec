"""Compile a Verilog-A module, evaluate it at given node voltages, and run it in circuit simulators."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TROUBLE = re.compile(r"error|fatal|singular|too small|no convergence|fail|abort|unknown|cannot|no such", re.IGNORECASE)
HARMLESS = re.compile(r"This is vacask unknown|abort always")
NODES = ("In", "Out", "a", "b", "s", "q")
END = 1.0  # s: any time after the start


class SimulatorError(RuntimeError):
    """What a tool complained of: their exit codes say nothing."""


def run(command: list[str], folder: Path, seconds: float = 100) -> str:
    """What a tool prints; any complaint is an error."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    said = done.stdout + done.stderr
    if done.returncode or TROUBLE.search(HARMLESS.sub("", said)):
        raise SimulatorError(f"{Path(command[0]).name} ended with {done.returncode}:\n{said[-3000:]}")
    return said


def read_only(command: list[str], folder: Path) -> str:
    """What a tool says of a file, good or bad."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    return done.stdout + done.stderr


# ---------------------------------------------------------------------------------------------------- one instance


class Library:
    """A compiled module, and its instances at node voltages that one chooses."""

    def __init__(self, osdi_py: Any, path: Path):
        self.osdi = osdi_py
        self.library = osdi_py.OsdiLibrary(str(path))
        self.parameters = {p["name"]: (k, p["type"]) for k, p in enumerate(self.library.get_params())}
        self.model = self.library.create_model()
        self.model.process_params()

    def cell(self, **parameters: float) -> Any:
        """An instance."""
        cell = self.model.create_instance()
        for name, value in parameters.items():
            number, kind = self.parameters[name]
            (cell.set_real_param if kind == "real" else cell.set_int_param)(
                number, float(value) if kind == "real" else int(value)
            )
        cell.process_params(300.0, 2)
        cell.init_node_mapping([0, 1])
        return cell

    def flows(self, cell: Any, nodes: list[float], time: float = END) -> np.ndarray:
        """What flows off each node but into capacitances; `nodes` are In, Out, a, b, s, q [V]."""
        o = self.osdi
        flags = o.CALC_RESIST_RESIDUAL | o.CALC_RESIST_JACOBIAN | o.CALC_REACT_JACOBIAN | o.ANALYSIS_TRAN
        cell.eval([float(volts) for volts in nodes], flags, time, 0.0)
        return np.array(cell.load_residual_resist([0.0] * len(NODES)))

    def jacobian(self, cell: Any, nodes: list[float], time: float = END) -> np.ndarray:
        """Derivatives of `flows`."""
        self.flows(cell, nodes, time)
        entries = [entry for entry in self.library.get_jacobian_entries() if entry["has_resist"]]
        matrix = np.zeros((len(NODES), len(NODES)))
        for entry, value in zip(entries, cell.write_jacobian_array_resist(), strict=True):
            matrix[entry["col"], entry["row"]] = value
        return matrix


# ------------------------------------------------------------------------------------------------------ simulators


class Circuit(NamedTuple):
    """Cells, each with a source and a resistor of its own, all of one waveform."""

    module: str
    osdi: Path
    cells: tuple[dict[str, float], ...]  # parameters of the instances
    times: tuple[float, ...]
    volts: tuple[float, ...]
    step: float  # s
    ohm: float = 0.0  # in series
    reltol: float = 1e-5
    method: str = "trap"
    uic: bool = False
    outputs: tuple[str, ...] = ("r",)


OUTPUTS = ("state", "r", "cycle", "r_hrs", "u_set", "r_lrs", "u_reset", "exhausted")
Waves = dict[str, np.ndarray]


def _instances(circuit: Circuit, line: str) -> list[str]:
    return [
        line.format(k=k, parameters=" ".join(f"{name}={value!r}" for name, value in cell.items()))
        for k, cell in enumerate(circuit.cells)
    ]


def in_ngspice(ngspice: str, circuit: Circuit, folder: Path) -> Waves:
    """Time, v (of the source), i<k> (current) and the outputs as <name><k>, at every point in time."""
    wave = " ".join(f"{t!r} {u!r}" for t, u in zip(circuit.times, circuit.volts, strict=True))
    names = [f"{name}{k}" for k in range(len(circuit.cells)) for name in circuit.outputs]
    saved = [f"@n{k}[{name}]" for k in range(len(circuit.cells)) for name in circuit.outputs]
    currents = [f"i{k}" for k in range(len(circuit.cells))]
    vectors = " ".join(["v(w)", *(f"vi{k}#branch" for k in range(len(circuit.cells))), *saved])
    tran = f"tran {circuit.step!r} {circuit.times[-1]!r} 0 {circuit.step!r}{' uic' if circuit.uic else ''}"
    text = [
        "cells",
        f".model cell {circuit.module}",
        f"v1 w 0 pwl({wave})",
        *(f"vi{k} w s{k} 0" for k in range(len(circuit.cells))),
        *([f"r{k} s{k} x{k} {circuit.ohm!r}" for k in range(len(circuit.cells))] if circuit.ohm else []),
        *_instances(circuit, f"n{{k}} {'x' if circuit.ohm else 's'}{{k}} 0 cell {{parameters}}"),
        f".options reltol={circuit.reltol:g} method={circuit.method} abstol=1e-12 vntol=1e-9 chgtol=1e-18",
        ".control",
        f"pre_osdi {circuit.osdi}",
        "set filetype=binary",
        f"save {vectors}",
        tran,
        f"write waves.raw {vectors}",
        ".endc",
        ".end",
    ]
    (folder / "cells.cir").write_text("\n".join(text) + "\n")
    (folder / "waves.raw").unlink(missing_ok=True)
    run([ngspice, "-b", "cells.cir"], folder)
    return read_raw(folder / "waves.raw", ["time", "v", *currents, *names])


def in_vacask(vacask: str, circuit: Circuit, folder: Path) -> Waves:
    """As `in_ngspice`."""
    wave = ", ".join(f"{t!r}, {u!r}" for t, u in zip(circuit.times, circuit.volts, strict=True))
    saved = [f"p(n{k},{name})" for k in range(len(circuit.cells)) for name in circuit.outputs]
    names = [f"{name}{k}" for k in range(len(circuit.cells)) for name in circuit.outputs]
    many = range(len(circuit.cells))
    text = [
        "cells",
        f'load "{circuit.osdi}"',
        'load "resistor.osdi"',
        "ground 0",
        "model v vsource",
        "model r resistor",
        f"model cell {circuit.module}",
        f'v1 (w 0) v type="pwl" wave=[{wave}]',
        *(f"vi{k} (w s{k}) v dc=0" for k in many),
        *([f"r{k} (s{k} x{k}) r r={circuit.ohm!r}" for k in many] if circuit.ohm else []),
        *_instances(circuit, f"n{{k}} ({'x' if circuit.ohm else 's'}{{k}} 0) cell {{parameters}}"),
        "control",
        f'  options reltol={circuit.reltol:g} abstol=1e-12 vntol=1e-9 tran_method="{circuit.method}"',
        "  abort always",
        f"  save v(w) {' '.join(f'i(vi{k})' for k in many)} {' '.join(saved)}",
        f"  analysis waves tran step={circuit.step!r} stop={circuit.times[-1]!r} maxstep={circuit.step!r}",
        "endc",
    ]
    (folder / "cells.sim").write_text("\n".join(text) + "\n")
    (folder / "waves.raw").unlink(missing_ok=True)
    run([vacask, "cells.sim"], folder)
    return read_raw(folder / "waves.raw", ["time", "v", *(f"i{k}" for k in many), *names])


def read_raw(path: Path, names: list[str]) -> Waves:
    """The columns of a binary raw file of real numbers, under names of our own."""
    head, _, body = path.read_bytes().partition(b"Binary:\n")
    points = int(re.search(rb"No\. Points:\s*(\d+)", head)[1])
    if points < 2:
        raise SimulatorError(f"{path.name}: {points} points; the analysis has failed")
    columns = np.frombuffer(body, np.float64, points * len(names)).reshape(points, len(names))
    return dict(zip(names, columns.T, strict=True))
