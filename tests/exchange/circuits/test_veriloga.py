"""The text of Verilog-A modules: what it may hold, what it says of itself, what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import bias
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.circuits.files import switching_netlist
from synaptogen_core.exchange.circuits.veriloga import module_name, save_veriloga, veriloga
from synaptogen_core.schema import FEATURE_NAMES
from tests.device.example_extended import ALL
from tests.exchange.circuits import simulators

ATTRIBUTE = re.compile(r"\(\*.*?\*\) ?")
PLAYED = {"r_hrs": [8e4, 7e4], "u_set": [-0.7, -0.6], "r_lrs": [4500, 4600], "u_reset": [0.7, 0.8]}


def features_of(device: sc.DeviceParameters, cycles: int) -> dict[str, np.ndarray]:
    """Cycles of one cell."""
    ds = sc.simulate(sc.CellArray((1, 1), device, seed=3), sc.PulseTrain.cycling(cycles))
    return {name: ds[name].values[:, 0, 0] for name in FEATURE_NAMES}


def code(text: str) -> str:
    """Without comments."""
    return re.sub(r"//.*", "", text)


def test_the_same_device_gives_the_same_text(device: sc.DeviceParameters) -> None:
    text = veriloga(device, cycles=8)
    assert veriloga(sc.load_device("hennen2024"), cycles=8) == text
    assert not re.search(r"20\d\d-\d\d", text)
    others = [
        veriloga(device, cycles=9),
        veriloga(device, cycles=8, start="empty"),
        veriloga(device.vary(c2c=0.5), cycles=8),
        veriloga(device, features=PLAYED),
    ]
    assert len({text, *others}) == 5


def test_only_what_every_compiler_takes(device: sc.DeviceParameters) -> None:
    for text in (veriloga(device), veriloga(device.vary(correlations=False)), veriloga(device, features=PLAYED)):
        for forbidden in ("[", "@(cross", "@(above", "@(timer", "$r", "idt(", "absdelay", "transition("):
            assert forbidden not in code(text), forbidden
        assert code(text).count("@(") == text.count("@(initial_step) begin") <= 1
        assert text.isascii() and max(map(len, text.splitlines())) < 200


@pytest.mark.spice
def test_a_strict_reader_has_nothing_to_say(device: sc.DeviceParameters, tmp_path: Path, evas: list[str]) -> None:
    path = tmp_path / "cell.va"
    for text in (veriloga(device, cycles=8), veriloga(device, features=PLAYED)):
        path.write_text(ATTRIBUTE.sub("", text))  # which it does not know
        found = simulators.read_only([*evas, "lint", "--spectre-strict", str(path)], tmp_path)
        # that currents are computed, and depend on states, is what a cell is
        assert set(re.findall(r"EVAS-[A-Z]+-\w+", found)) <= {"EVAS-COMP-EKCL", "EVAS-AHDL-W5008"}, found
    path.write_text(ATTRIBUTE.sub("", text).replace("endmodule", "real x[0:2]; endmodul"))
    assert "error" in simulators.read_only([*evas, "lint", "--spectre-strict", str(path)], tmp_path)


def test_the_head_says_where_it_comes_from(device: sc.DeviceParameters) -> None:
    head = veriloga(device, cycles=8).split("`include")[0]
    for what in (device.hash, sc.__version__, "10.1109/TED.2024.3427616", "MIT", "1.5 V", "8 cycles", "ngspice",
                 "Spectre", "VACASK", "seedlo", "does not know: retention"):  # fmt: skip
        assert what in head, what
    assert all(line.startswith("//") for line in head.splitlines() if line)


def test_no_text_from_outside_leaves_its_comment(device: sc.DeviceParameters) -> None:
    nasty = {
        **device.to_dict(),
        "name": "x\nmodule y; Ω",
        "source": 'a\r\n`include "/etc/passwd"\x0b endmodule',
        "notes": ["b\u2028c */"],
    }
    other = sc.DeviceParameters.from_dict(nasty)
    text = veriloga(other, cycles=8)
    assert text.isascii() and text.count("`include") == 2
    for line in text.split('`include "disciplines')[0].splitlines():
        assert not line or line.startswith("//"), line
    assert re.fullmatch(r"reram_[a-z0-9_]+", module_name(other))
    plain = code(veriloga(device, cycles=8)).replace(module_name(device), module_name(other))
    assert code(text).lstrip() == plain.lstrip()


def test_names_of_modules(device: sc.DeviceParameters) -> None:
    varied = device.vary(d2d=2)
    assert module_name(device) == "reram_hennen2024"
    assert module_name(varied).endswith(varied.hash[:8]) and module_name(varied) != module_name(device.vary(d2d=1.5))


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"cycles": 1}, ValueError, "cycles: must be"),
        ({"cycles": 5000}, ValueError, "cycles: must be"),
        ({"start": "new"}, ValueError, r"start: must be 'stationary' or 'empty' \(got 'new'\)"),
        ({"features": {"r_hrs": [1, 2]}}, ValueError, r"features: must have u_set \(got r_hrs\); add it"),
        ({"features": {**PLAYED, "r_lrs": [0, 1]}}, ValueError, r"features: r_lrs must be above 0 ohm \(got 0\)"),
        ({"features": {**PLAYED, "u_set": [-1, np.nan]}}, ValueError, "features: must be finite"),
        ({"features": {**PLAYED, "u_set": [[-1, -1]]}}, ValueError, "features: must be of one cell"),
        ({"features": {**PLAYED, "u_set": [-1, -1, -1]}}, ValueError, "features: must be of equal length"),
    ],
)
def test_what_is_refused(
    device: sc.DeviceParameters, options: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        veriloga(device, **options)


def test_a_device_of_format_2_is_played_back_not_drawn() -> None:
    with pytest.raises(ValueError, match=r"must be of format 1 .* \(got extended of format 2\); give the cycles"):
        veriloga(ALL, cycles=8)
    text = veriloga(ALL, features=features_of(ALL, 4))
    assert "parameter real u_reset_3 = " in text and "philox" not in text
    with pytest.raises(ValueError, match=r"got extended of format 2"):
        switching_netlist(sc.CellArray((2, 2), ALL, seed=1), bias((2, 2), "half", 1.0))


def test_saving(device: sc.DeviceParameters, tmp_path: Path) -> None:
    path = tmp_path / "cell.va"
    assert save_veriloga(device, path, cycles=8) == "reram_hennen2024"
    assert path.read_text() == veriloga(device, cycles=8)
    with pytest.raises(FileError, match=r"must end in \.va \(got \.txt\); rename it"):
        save_veriloga(device, tmp_path / "cell.txt")
    with pytest.raises(TypeError, match="device: must be"):
        save_veriloga("hennen2024", path)  # type: ignore[arg-type]
    assert [file.name for file in tmp_path.iterdir()] == ["cell.va"]
