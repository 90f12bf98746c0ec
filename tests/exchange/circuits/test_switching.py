"""Whole crossbars of cells that switch, in circuit simulators, against the same crossbars in Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from benchmarks import circuit_picture
from synaptogen_core.crossbar import Bias, Faults, Lines, bias, read_bias
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.circuits.files import save_netlist, switching_netlist
from tests.exchange.circuits.simulators import read_raw, run

Compile = Callable[[str], Path]
SHAPE = (8, 8)
IDEAL = Lines(0, 0, 0, 0)
HOW_TO = Path(__file__).parents[3] / "docs/howto/circuit-simulators.md"


def half_select_pulses() -> list[Bias]:
    """SETs, partial and full RESETs of chosen cells, their neighbours at half the voltage; then a read."""
    rng = np.random.default_rng(4)
    found = []
    for k in range(47):
        volts = float(rng.choice([-1.5, 0.95, 1.1, 1.5])) if k >= 12 else -1.5
        found.append(bias(SHAPE, "half", volts, row=int(rng.integers(8)), column=int(rng.integers(8))))
    return [*found, read_bias(np.full(8, 0.2), 8)]


def aged(device: sc.DeviceParameters) -> sc.CellArray:
    """Cells in all states, in different cycles, numbered from 100 on."""
    cells = sc.CellArray(SHAPE, device, seed=2**40 + 5, first_cell=100)
    rng = np.random.default_rng(1)
    for _ in range(9):
        cells.apply_voltage(rng.uniform(-1.4, 1.5, SHAPE))
    return cells


def in_python(cells: sc.CellArray, pulses: Sequence[Bias]) -> sc.CellArray:
    """The pulses on ideal lines."""
    done = cells.copy()
    for one in pulses:
        done.apply_voltage(one.word[:, None] - one.bit[None, :])
    return done


def final(said: str, shape: tuple[int, int] = SHAPE) -> dict[str, np.ndarray]:
    """State, cycle and r of each cell, as ngspice prints them."""
    found = {name: np.full(shape, np.nan) for name in ("state", "cycle", "r")}
    for i, j, name, value in re.findall(r"^@nc_(\d+)_(\d+)\[(\w+)\] = (\S+)$", said, re.MULTILINE):
        found[name][int(i), int(j)] = float(value)
    return found


@pytest.mark.spice
@pytest.mark.parametrize(("suffix", "first"), [(".sim", 41), (".cir", 42)])
def test_half_select_pulses(
    suffix: str, first: int, device: sc.DeviceParameters, compiled: Compile, request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:  # fmt: skip
    """The last of the pulses; `python -m benchmarks.circuits` runs them all."""
    program = request.getfixturevalue("ngspice_osdi" if suffix == ".cir" else "vacask")
    pulses = half_select_pulses()
    cells = in_python(aged(device), pulses[:first])
    expected = in_python(cells, pulses[first:])
    assert (expected.cycle_count() != cells.cycle_count()).any() and (expected.mixing() != cells.mixing()).sum() > 2
    path = tmp_path / f"array{suffix}"
    save_netlist(cells, pulses[first:], IDEAL, path, cells="veriloga", edge=1e-6, flat=0.5e-6)
    (tmp_path / "array.osdi").write_bytes(compiled((tmp_path / "array.va").read_text()).read_bytes())
    said = run([program, *(["-b"] if suffix == ".cir" else []), path.name], tmp_path)
    if suffix == ".cir":
        found, currents = final(said), np.loadtxt(tmp_path / "currents.txt", skiprows=1)
        read = currents[np.searchsorted(currents[:, 0], currents[-1, 0] - 1.75e-6), 9:]
    else:
        found, read = last_of(tmp_path / "pulses.raw")
    assert np.array_equal(found["cycle"], expected.cycle_count())
    assert np.array_equal(found["state"], expected.state())
    assert found["r"] == pytest.approx(expected.mixing(), abs=1e-6)
    assert np.abs(read) == pytest.approx(np.abs(expected.current(0.2).sum(axis=0)), rel=2e-5)


def last_of(path: Path, shape: tuple[int, int] = SHAPE) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """State, cycle and r of each cell at the end, and the currents of the bit lines during the last read."""
    head = path.read_bytes().partition(b"Binary:\n")[0].decode()
    names = re.findall(r"^\s*\d+\s+(\S+)\s", head.partition("No. Points")[2], re.MULTILINE)
    waves = read_raw(path, names)
    found = {name: np.full(shape, np.nan) for name in ("state", "cycle", "r")}
    for name, wave in waves.items():
        if place := re.fullmatch(r"nc_(\d+)_(\d+)\.(\w+)", name):
            found[place[3]][int(place[1]), int(place[2])] = wave[-1]
    at = np.searchsorted(waves["time"], waves["time"][-1] - 1.75e-6)
    return found, np.array([waves[f"vb_{j}:flow(br)"][at] for j in range(shape[1])])


@pytest.mark.spice
def test_the_how_to(ngspice_osdi: str, vacask: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Python makes the files whose transient the picture shows, and the picture's two curves are one."""
    blocks = re.findall(r"^```python\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks), {})
    files = {name: (tmp_path / name).read_text() for name in ("array.cir", "array.va", "cell.va")}
    (tmp_path / "picture").mkdir()
    assert circuit_picture.main(tmp_path / "picture") < 1e-9
    assert {path.name for path in (tmp_path / "picture").iterdir()} >= {"circuit-simulators.svg", "currents.txt"}
    assert all((tmp_path / "picture" / name).read_text() == files[name] for name in ("array.cir", "array.va"))


@pytest.mark.spice
def test_lines_with_resistance(
    device: sc.DeviceParameters, compiled: Compile, ngspice_osdi: str, tmp_path: Path
) -> None:
    """A pulse through lines switches what `crossbar.pulse` says; faults stand in the netlist as well."""
    shape, faults = (4, 4), Faults(open_cells=((0, 1),), shorted_cells=((2, 2),), short=2000.0)
    lines = Lines(20.0, 30.0, 50.0, 50.0, faults=faults)
    cells = sc.CellArray(shape, device, seed=9)
    pulses = [bias(shape, "half", -1.5, row=1, column=3), bias(shape, "half", -1.5, row=3, column=0)]
    expected = cells.copy()
    for one in pulses:
        sc.crossbar.pulse(expected, one, lines)
    path = tmp_path / "array.cir"
    save_netlist(cells, pulses, lines, path, cells="veriloga")
    (tmp_path / "array.osdi").write_bytes(compiled((tmp_path / "array.va").read_text()).read_bytes())
    found = final(run([ngspice_osdi, "-b", path.name], tmp_path), shape)
    there = ~np.isnan(found["r"])
    assert np.argwhere(~there).tolist() == [[0, 1], [2, 2]]
    assert np.array_equal(found["state"][there], expected.state()[there]) and expected.state().max() == 2
    assert found["r"][there] == pytest.approx(expected.mixing()[there], abs=1e-6)


@pytest.mark.spice
def test_spectre_syntax_in_a_simulator_that_reads_it(
    device: sc.DeviceParameters, compiled: Compile, vacask: str, tmp_path: Path
) -> None:
    """Sources, lines and cells stand in the same syntax as VACASK's, which reads them with another head and end."""
    cells, pulses = aged(device), half_select_pulses()[:3]
    text, module = switching_netlist(cells, pulses, Lines(2.0, 2.0), simulator="spectre")
    other, _ = switching_netlist(cells, pulses, Lines(2.0, 2.0), simulator="vacask")
    osdi = compiled(module)
    elements = [line for line in text.replace("\n+", "").splitlines() if re.match(r"(v[wb]|r[wb]|nc)_", line)]
    assert len(elements) == 16 + 2 * 56 + 64
    turned = [re.sub(r"(?<=[\d.]) (?=[-\d])", ", ", line).replace(", 0)", " 0)") for line in elements]
    turned = [line.replace("type=pwl", 'type="pwl"').replace("type=dc ", "") for line in turned]
    head = [
        "x",
        f'load "{osdi}"',
        'load "resistor.osdi"',
        "ground 0",
        "model vsource vsource",
        "model resistor resistor",
    ]
    end = other[other.index("control\n") :]
    name = re.search(r"nc_0_0 \(\S+ \S+\) (\S+)", text)[1]
    (tmp_path / "x.sim").write_text("\n".join([*head, f"model {name} {name}", *turned, end]))
    run([vacask, "x.sim"], tmp_path)
    found, _ = last_of(tmp_path / "pulses.raw")
    assert not np.isnan(found["r"]).any() and found["cycle"].sum() > 0


NAME, NUMBER = r"[a-z]\w*", r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
GIVEN = rf"(?: {NAME}=(?:{NUMBER}|{NAME}|\[{NUMBER}(?: {NUMBER})*\]))*"
SPECTRE = {  # statements of the simulator's own language, as its manual has them
    "comment": r"//[ -~]*",
    "language": "simulator lang=spectre",
    "ground": "global 0",
    "module": r'ahdl_include "[\w.-]+\.va"',
    "instance": rf"{NAME} \((?:{NAME}|0) (?:{NAME}|0)\) (?P<master>{NAME}){GIVEN}",
    "analysis": rf"{NAME} (?:options|tran){GIVEN}",
    "save": rf"save(?: {NAME}:{NAME})+",
}


def spectre_statements(text: str) -> list[tuple[str, str]]:
    """Kind and text of each statement; the first line is a title, others go on where a + stands."""
    found = []
    for statement in re.sub(r"\n\+", "", text).splitlines():
        kind = next((kind for kind, rule in SPECTRE.items() if re.fullmatch(rule, statement)), None)
        assert kind, f"no statement of Spectre: {statement[:200]}"
        found.append((kind, statement))
    return found


def test_spectre_netlists_by_a_grammar(device: sc.DeviceParameters) -> None:
    """No Spectre reads them here: every statement is one of its language, and what they name is there."""
    pulses = half_select_pulses()
    text, module = switching_netlist(aged(device), pulses, Lines(2.0, 2.0), simulator="spectre")
    statements = spectre_statements(text)
    kinds = [kind for kind, _ in statements]
    assert kinds.index("language") < kinds.index("module") < kinds.index("instance") and kinds.count("analysis") == 2
    made = {line.split()[0]: line for kind, line in statements if kind == "instance"}
    masters = {re.fullmatch(SPECTRE["instance"], line)["master"] for line in made.values()}
    assert masters == {"vsource", "resistor", re.search(r"^module (\w+)\(", module, re.MULTILINE)[1]}
    known = set(re.findall(r"parameter (?:real|integer) (\w+)", module))
    assert {name for line in made.values() if "_nc_" in f"_{line}" for name in re.findall(r" (\w+)=", line)} <= known
    outputs = set(re.findall(r'\(\* desc="[^"]*"[^*]*\*\) real (\w+);', module))
    for kind, line in statements:
        if kind == "save":
            asked = [word.split(":") for word in line.split()[1:]]
            assert all(name in made and what in {"p", *outputs} for name, what in asked)
    assert max(map(len, text.splitlines())) <= 1002 and "not tried in Spectre" in text
    with pytest.raises(AssertionError, match="no statement of Spectre: nc_0_0"):
        spectre_statements(text.replace("seedlo=5", "seedlo=", 1))


def test_each_cell_begins_where_it_is(device: sc.DeviceParameters) -> None:
    cells = aged(device)
    text, _ = switching_netlist(cells, half_select_pulses(), IDEAL)
    rows = re.findall(r"^nc_(\d)_(\d) \S+ \S+ cell seedlo=5 seedhi=256 addr=(\d+) state0=(\d) cycle0=(\d+)(.*)$",
                      text, re.MULTILINE)  # fmt: skip
    assert [int(addr) for *_, addr, _, _, _ in rows] == list(range(100, 164))
    assert [int(row[3]) for row in rows] == cells.state().ravel().tolist()
    assert [int(row[4]) for row in rows] == cells.cycle_count().ravel().tolist()
    assert all(("ureset0" in row[5]) == (row[3] == "1") for row in rows) and len({row[3] for row in rows}) == 3
    part = cells.part(slice(2, 4), slice(3, 5))
    inside, _ = switching_netlist(part, bias((2, 2), "half", 1.0), IDEAL)
    assert re.findall(r"addr=(\d+)", inside) == ["119", "120", "127", "128"]
    assert switching_netlist(cells, half_select_pulses(), IDEAL)[0] == text


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"bias": []}, ValueError, r"bias: must be 1 to 4,000 pulses \(got 0\)"),
        ({"bias": [bias((4, 4), "half", 1)]}, ValueError, "bias: must have a voltage for each of 8 x 8 lines"),
        ({"bias": [bias(SHAPE, "half", 1), bias(SHAPE, "floating", 1)]}, ValueError, "bias: must float the same lines"),
        ({"bias": [1.0]}, TypeError, "bias: must be"),
        ({"bias": Bias(np.zeros((2, 8)), np.zeros(8))}, ValueError, "bias: must have one vector a pulse"),
        ({"edge": 0.0}, ValueError, "edge: must be from 1e-12 to 1 s"),
        ({"simulator": "hspice"}, ValueError, r"simulator: must be one of ngspice, vacask, spectre \(got 'hspice'\)"),
        ({"title": "two\nlines"}, ValueError, "title: must be one line"),
        ({"array": np.ones(SHAPE)}, TypeError, "array: must be"),
        ({"name": "my array"}, ValueError, r"name: must be of letters, digits, _, \+, - and \. \(got 'my array'\)"),
        ({"name": "a\nshell true"}, ValueError, "name: must be of letters"),
        ({"name": "a;$HOME"}, ValueError, "name: must be of letters"),
    ],
)
def test_what_is_refused(
    device: sc.DeviceParameters, change: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    given: dict[str, Any] = {"array": aged(device), "bias": bias(SHAPE, "half", 1.0), **change}
    with pytest.raises(error, match=sentence):
        switching_netlist(given.pop("array"), given.pop("bias"), **given)


def test_files(device: sc.DeviceParameters, tmp_path: Path) -> None:
    cells, one = sc.CellArray((2, 2), device, seed=1), bias((2, 2), "half", 1.0)
    with pytest.raises(FileError, match=r"must end in one of .cir, .net, .sp, .spice \(got .scs\)"):
        save_netlist(cells, one, None, tmp_path / "a.scs")
    with pytest.raises(ValueError, match=r"cells: must be 'snapshot' or 'veriloga' \(got 'spice'\)"):
        save_netlist(cells, one, None, tmp_path / "a.cir", cells="spice")
    for suffix in (".cir", ".sim", ".scs"):
        save_netlist(cells, one, None, tmp_path / f"a{suffix}", cells="veriloga")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.cir", "a.scs", "a.sim", "a.va"]
    assert "pre_osdi a.osdi" in (tmp_path / "a.cir").read_text()
    transistors = replace(one, conducting=np.array([True, False]))
    save_netlist(cells, transistors, None, tmp_path / "b.cir", cells="veriloga")
    assert re.findall(r"^nc_\d_\d", (tmp_path / "b.cir").read_text(), re.MULTILINE) == ["nc_0_0", "nc_0_1"]
