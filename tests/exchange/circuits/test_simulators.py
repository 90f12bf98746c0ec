"""Cells in circuit simulators, pulsed and swept, against the same cells in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.model import read_noise
from synaptogen_core.exchange.circuits.veriloga import veriloga
from tests.exchange.circuits.simulators import OUTPUTS, Circuit, SimulatorError, Waves, in_ngspice, in_vacask, run

pytestmark = pytest.mark.spice

SEED = 12345678901234567
ADDRESS = {"seedlo": SEED % 2**32, "seedhi": SEED >> 32}
TAU = 1e-9  # s
LOOP_AMPERES = 5e-8
Compile = Callable[[str], Path]


@dataclass
class Simulators:
    """Both, by name, and a folder."""

    paths: dict[str, str]
    folder: Path

    def run(self, name: str, circuit: Circuit) -> Waves:
        return (in_ngspice if name == "ngspice" else in_vacask)(self.paths[name], circuit, self.folder)


@pytest.fixture(scope="module")
def simulators(ngspice_osdi: str, vacask: str, tmp_path_factory: pytest.TempPathFactory) -> Simulators:
    return Simulators({"ngspice": ngspice_osdi, "vacask": vacask}, tmp_path_factory.mktemp("simulators"))


@pytest.fixture(scope="module")
def osdi(device: sc.DeviceParameters, compiled: Compile) -> Path:
    return compiled(veriloga(device, cycles=32))  # as in test_compiled: compiled once


def waveform(volts: list[float], ramp: float, flat: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Pulses one after the other, each from 0 V to 0 V."""
    times, levels = [0.0], [0.0]
    for u in volts:
        begin = times[-1]
        times += [begin + ramp, begin + ramp + flat, begin + 2 * ramp + flat]
        levels += [u, u, 0.0]
    return tuple(times), tuple(levels)


def circuit_of(osdi: Path, cells: int, times: Any, volts: Any, step: float, **options: Any) -> Circuit:
    instances = tuple({**ADDRESS, "addr": k} for k in range(cells))
    return Circuit("reram_hennen2024", osdi, instances, tuple(times), tuple(volts), step, **options)


# -------------------------------------------------------------------------------------------------------------- pulses


@pytest.mark.parametrize(("name", "cycles"), [("ngspice", 4), ("vacask", 31)])
def test_many_cycles(name: str, cycles: int, device: sc.DeviceParameters, osdi: Path, simulators: Simulators) -> None:
    """Every feature of every cycle, state, r and read current of five cells; ngspice takes .7 s for each."""
    volts = [u for _ in range(cycles) for u in (-1.5, 1.5, 0.2)]
    ramp, flat = 10e-6, 2e-6
    times, levels = waveform(volts, ramp, flat)
    waves = simulators.run(name, circuit_of(osdi, 5, times, levels, 5e-6, outputs=OUTPUTS))
    cells = sc.CellArray((1, 5), device, seed=SEED)
    for k, u in enumerate(volts):
        cells.apply_voltage(u)
        at = np.searchsorted(waves["time"], k * (2 * ramp + flat) + ramp + flat / 2)
        expected = {**cells.features(), "state": cells.state(), "cycle": cells.cycle_count()}
        for what, values in expected.items():
            found = [waves[f"{what}{cell}"][at] for cell in range(5)]
            assert found == pytest.approx(values[0].tolist(), rel=2e-6), (what, k)
        assert [waves[f"r{cell}"][at] for cell in range(5)] == pytest.approx(cells.mixing()[0].tolist(), abs=1e-6)
        if u == 0.2:
            read = [abs(waves[f"i{cell}"][at]) for cell in range(5)]
            assert read == pytest.approx(cells.current(0.2)[0].tolist(), rel=1e-5)
    assert not any(waves[f"exhausted{cell}"].any() for cell in range(5))


def test_more_cycles_than_the_table_has(device: sc.DeviceParameters, compiled: Compile, simulators: Simulators) -> None:
    times, levels = waveform([-1.5, 1.5] * 4, 10e-6, 2e-6)
    circuit = circuit_of(compiled(veriloga(device, cycles=4)), 1, times, levels, 5e-6, outputs=OUTPUTS)
    for name in simulators.paths:
        with pytest.raises(SimulatorError, match="more cycles than the table of 4 has"):
            simulators.run(name, circuit)
        waves = simulators.run(name, circuit._replace(cells=({**circuit.cells[0], "halt": 0},)))
        assert np.array_equal(waves["exhausted0"] > 0, waves["cycle0"] > 3) and waves["cycle0"][-1] == 4
        assert waves["r_hrs0"][-1] == waves["r_hrs0"][np.searchsorted(waves["cycle0"], 3)]


# ---------------------------------------------------------------------------------------------------------------- loops

CORNERS = ((0, 0), (1, -1.5), (2, 0), (3, 1.0), (4, 0), (5.5, -1.5), (6.5, 0), (8, 1.5), (9.2, 0), (10.4, -1.2),
           (11.4, 0), (12.4, 1.2), (13.4, 0), (14.4, -1.5), (15, 0), (16, 1.5))  # ms, V  # fmt: skip


def python_loop(device: sc.DeviceParameters, times: np.ndarray, volts: np.ndarray) -> tuple[Any, Any, sc.CellArray]:
    """Currents of cell 3 at these voltages, the points that are no event, and the cell."""
    cell = sc.CellArray((1, 1), device, seed=SEED, first_cell=3)
    currents, quiet, before = np.empty(times.size), np.ones(times.size, np.bool_), None
    for k, u in enumerate(volts):
        cell.apply_voltage(u)
        currents[k] = cell.current(u)[0, 0]
        now = (int(cell.cycle_count()[0, 0]), int(cell.state()[0, 0]))
        if now != before:
            quiet &= (times < times[k] - 2 * TAU) | (times > times[k] + 60 * TAU)
            before = now
    return currents, quiet, cell


def loop_error(device: sc.DeviceParameters, waves: Waves, ohm: float = 0.0) -> tuple[float, float]:
    """Worst difference of current outside of events [A], and of the last r."""
    current = np.abs(waves["i0"]) * np.sign(waves["v"])
    expected, quiet, cell = python_loop(device, waves["time"], waves["v"] - ohm * current)
    assert quiet.sum() > 1000
    return float(np.abs(current - expected)[quiet].max()), abs(float(waves["r0"][-1] - cell.mixing()[0, 0]))


def loop_circuit(osdi: Path, **options: Any) -> Circuit:
    corners = np.array(CORNERS)
    wanted = circuit_of(osdi, 1, corners[:, 0] * 1e-3, corners[:, 1], 1e-5, **options)
    return wanted._replace(
        cells=({**ADDRESS, "addr": 3},), times=tuple(map(float, wanted.times)), volts=tuple(map(float, wanted.volts))
    )


LOOPS: dict[str, dict[str, Any]] = {
    "trapezoidal": {},
    "gear": {"method": "gear"},
    "initial conditions": {"uic": True},
}


@pytest.mark.parametrize(("name", "how"), [("ngspice", k) for k in LOOPS] + [("vacask", "trapezoidal")])
def test_a_loop_with_partial_resets(
    name: str, how: str, device: sc.DeviceParameters, osdi: Path, simulators: Simulators
) -> None:
    amperes, r = loop_error(device, simulators.run(name, loop_circuit(osdi, **LOOPS[how])))
    assert amperes < LOOP_AMPERES and r < 1e-6


@pytest.mark.parametrize(
    ("name", "ohm"), [("vacask", 100.0), ("ngspice", 1e3), ("ngspice", 5e3), ("vacask", 5e3), ("vacask", 20e3)]
)
def test_a_resistor_in_series(
    name: str, ohm: float, device: sc.DeviceParameters, osdi: Path, simulators: Simulators
) -> None:
    """A RESET has a negative differential resistance, and snaps back: it converges, and ends where Python does."""
    waves = simulators.run(name, loop_circuit(osdi, ohm=ohm))
    amperes, r = loop_error(device, waves, ohm)
    assert waves["time"][-1] == CORNERS[-1][0] * 1e-3 and r < 2e-6
    assert amperes < LOOP_AMPERES or ohm == 5e3  # where it snaps back close to the end


# ------------------------------------------------------------------------------------------------------- small signals


def test_every_analysis_sees_the_fresh_cell(device: sc.DeviceParameters, osdi: Path, simulators: Simulators) -> None:
    """Operating point, transient, dc and ac in one run, over and over."""
    cell = sc.CellArray((1, 1), device, seed=SEED, first_cell=3)
    text = f"""cell
.model cell reram_hennen2024
v1 w 0 dc 0.2 ac 1 pwl(0 0 10u -1.5 20u 0 30u 0.2)
n1 w 0 cell seedlo={ADDRESS["seedlo"]} seedhi={ADDRESS["seedhi"]} addr=3
.options reltol=1e-5
.control
pre_osdi {osdi}
set numdgt=12
op
print i(v1)
tran 1u 30u
print i(v1)[length(i(v1))-1]
op
print i(v1)
tran 1u 30u uic
print i(v1)[length(i(v1))-1]
dc v1 0.2 0.2 0.1
print i(v1)
ac lin 1 1k 1k
print mag(i(v1))
.endc
.end
"""
    (simulators.folder / "all.cir").write_text(text)
    said = run([simulators.paths["ngspice"], "-b", "all.cir"], simulators.folder)
    found = [abs(float(x)) for x in re.findall(r"= (-?[\d.]+e[-+]\d+)$", said, re.MULTILINE)]
    hrs = float(cell.current(0.2)[0, 0])
    slope = float(cell.current(0.201)[0, 0] - cell.current(0.199)[0, 0]) / 0.002
    cell.apply_voltage(-1.5)
    lrs = float(cell.current(0.2)[0, 0])
    assert found == pytest.approx([hrs, lrs, hrs, lrs, hrs, slope], rel=1e-3)
    assert found[2] == found[0] and found[1] == pytest.approx(found[3], rel=1e-9)


def test_read_noise(device: sc.DeviceParameters, osdi: Path, simulators: Simulators) -> None:
    cell = sc.CellArray((1, 1), device, seed=SEED, first_cell=3)
    text = f"""cell
.model cell reram_hennen2024
v1 w 0 dc 0.2 ac 1
h1 o 0 v1 1
n1 w 0 cell seedlo={ADDRESS["seedlo"]} seedhi={ADDRESS["seedhi"]} addr=3
.control
pre_osdi {osdi}
set numdgt=12
noise v(o) v1 lin 1 1k 1k
setplot noise1
print onoise_spectrum
.endc
.end
"""
    (simulators.folder / "noise.cir").write_text(text)
    said = run([simulators.paths["ngspice"], "-b", "noise.cir"], simulators.folder)
    found = float(re.search(r"onoise_spectrum = (\S+)", said)[1])
    i = float(cell.current(0.2)[0, 0])
    assert found == pytest.approx(float(read_noise.noise_sd(np.float32(i), np.float32(i / 0.2), 1.0)), rel=2e-6)


# ---------------------------------------------------------------------------------------------------- negative controls


def test_a_state_that_is_no_node_is_seen(
    device: sc.DeviceParameters, compiled: Compile, simulators: Simulators
) -> None:
    """The compiler takes a variable that should last from step to step, and says nothing; the cell forgets."""
    text = veriloga(device, cycles=32).replace("  integer first,", "  integer sets, first,")
    kept = text.replace("ia = floor(V(a) + 0.5);", "if (v <= -0.7) sets = 1;\n    ia = sets;")
    assert kept.count("sets") == 4
    osdi = compiled(kept)
    try:
        waves = simulators.run("vacask", loop_circuit(osdi))
    except SimulatorError:
        return
    assert loop_error(device, waves)[0] > 100 * LOOP_AMPERES


def test_a_shifted_threshold_is_seen(device: sc.DeviceParameters, compiled: Compile, simulators: Simulators) -> None:
    text = veriloga(device, cycles=32)
    shifted = text.replace("v <= u_set)", "v <= u_set - 0.02)").replace("u_set - v", "u_set - 0.02 - v")
    assert shifted != text
    waves = simulators.run("vacask", loop_circuit(compiled(shifted)))
    assert loop_error(device, waves)[0] > 100 * LOOP_AMPERES


def test_what_goes_wrong_is_an_error(osdi: Path, simulators: Simulators) -> None:
    for name in simulators.paths:
        with pytest.raises(SimulatorError):
            simulators.run(name, loop_circuit(osdi)._replace(module="no_such_module"))
