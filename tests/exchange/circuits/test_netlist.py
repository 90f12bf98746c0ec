"""The text of netlists: by hand for small circuits. That a circuit simulator agrees is tested in peers/."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import Bias, bias
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.circuits.files import save_netlist
from synaptogen_core.exchange.circuits.netlist import MAX_CELLS, netlist, node_names

NAN = float("nan")


def used(device: sc.DeviceParameters, shape: tuple[int, int] = (2, 3), seed: int = 7) -> sc.CellArray:
    cells = sc.CellArray(shape, device, seed=seed)
    cells.apply_voltage(np.linspace(-1.5, 1.2, cells.size))
    return cells


def elements(text: str) -> list[str]:
    """Sources, segments and cells, without comments."""
    body = text[text.index("* Terminals") : text.index(".options")]
    return [line for line in body.splitlines() if not line.startswith("*")]


# ---------------------------------------------------------------------------------------------------------- structure


def test_one_cell_by_hand() -> None:
    text = netlist([[1e-3]], Bias([1.0], [0.0]), Lines(source=500, sense=250))
    assert elements(text) == [
        "vw_0 wt_0 0 dc 1.0",
        "vb_0 bt_0 0 dc 0.0",
        "rw_0_0 wt_0 w_0_0 500.0",
        "rb_0_1 b_0_0 bt_0 250.0",
        "rc_0_0 w_0_0 b_0_0 1000.0",
    ]


def test_four_cells_connected_at_both_ends_by_hand() -> None:
    lines = Lines(word=2, bit=3, source=5, sense=7, word_ends="both", bit_ends="both")
    text = netlist([[1 / 4, 1 / 8], [1 / 16, 1 / 32]], Bias([0.1, 0.2], [0.3, -0.4]), lines)
    assert elements(text) == [
        "vw_0 wt_0 0 dc 0.1",
        "vw_1 wt_1 0 dc 0.2",
        "vb_0 bt_0 0 dc 0.3",
        "vb_1 bt_1 0 dc -0.4",
        *("rw_0_0 wt_0 w_0_0 5.0", "rw_0_1 w_0_0 w_0_1 2.0", "rw_0_2 w_0_1 wt_0 5.0"),
        *("rw_1_0 wt_1 w_1_0 5.0", "rw_1_1 w_1_0 w_1_1 2.0", "rw_1_2 w_1_1 wt_1 5.0"),
        *("rb_0_0 bt_0 b_0_0 7.0", "rb_0_1 b_0_0 b_1_0 3.0", "rb_0_2 b_1_0 bt_0 7.0"),
        *("rb_1_0 bt_1 b_0_1 7.0", "rb_1_1 b_0_1 b_1_1 3.0", "rb_1_2 b_1_1 bt_1 7.0"),
        *("rc_0_0 w_0_0 b_0_0 4.0", "rc_0_1 w_0_1 b_0_1 8.0"),
        *("rc_1_0 w_1_0 b_1_0 16.0", "rc_1_1 w_1_1 b_1_1 32.0"),
    ]


def test_the_other_ends() -> None:
    found = elements(netlist(np.ones((1, 2)), Bias([1.0], [0.0, 0.0]), Lines(2, 3, 5, 7, "right", "top")))
    assert [line for line in found if line.startswith("r") and not line.startswith("rc")] == [
        "rw_0_1 w_0_0 w_0_1 2.0",
        "rw_0_2 w_0_1 wt_0 5.0",
        "rb_0_0 bt_0 b_0_0 7.0",
        "rb_1_0 bt_1 b_0_1 7.0",
    ]


def test_nothing_is_made_up_where_there_is_no_resistance() -> None:
    held, g = Bias([0.1, 0.2], [0.0, 0.0]), [[0.5, 0.25], [0.125, 0.0625]]
    assert elements(netlist(g, held, Lines(0, 0, 0, 0, "both", "both"))) == [
        *("vw_0 w_0_0 0 dc 0.1", "vw_1 w_1_0 0 dc 0.2", "vb_0 b_0_0 0 dc 0.0", "vb_1 b_0_1 0 dc 0.0"),
        *("rc_0_0 w_0_0 b_0_0 2.0", "rc_0_1 w_0_0 b_0_1 4.0", "rc_1_0 w_1_0 b_0_0 8.0", "rc_1_1 w_1_0 b_0_1 16.0"),
    ]
    ring = Lines(2, 0, 0, 3, "both")  # the only segment of a word line begins and ends at its terminal
    assert [line for line in elements(netlist(g, held, ring)) if line[:2] in {"rw", "rb"}] == [
        "rb_0_2 b_0_0 bt_0 3.0",
        "rb_1_2 b_0_1 bt_1 3.0",
    ]


def test_names_of_nodes() -> None:
    word, bit = node_names(Bias([0.1, NAN], [0.0, 0.0]), Lines(2, 0, 0, 0, "both"))
    assert word.tolist() == [["w_0_0", "w_0_0"], ["w_1_0", "w_1_1"]]  # a floating line has no terminal to meet at
    assert bit.tolist() == [["b_0_0", "b_0_1"]] * 2


def test_a_floating_line_has_no_source_and_no_lead() -> None:
    found = elements(netlist(np.ones((2, 2)), Bias([0.1, NAN], [NAN, 0.0]), Lines(2, 3, 5, 7)))
    assert [line.split()[0] for line in found] == (
        "vw_0 vb_1 rw_0_0 rw_0_1 rw_1_1 rb_0_1 rb_1_1 rb_1_2 rc_0_0 rc_0_1 rc_1_0 rc_1_1".split()
    )


def test_faults_and_transistors() -> None:
    faults = Faults(
        open_cells=((0, 0), (0, 1)),
        shorted_cells=((0, 1), (1, 0), (2, 0)),
        open_word=((0, 0), (1, 1)),
        open_bit=((1, 3),),
        grounded_word=((1, 1),),
        grounded_bit=((0, 1),),
        short=20,
    )
    held = Bias([0.1, 0.2, 0.3], [0.0, 0.0], [True, True, False])
    text = netlist(np.full((3, 2), 0.5), held, Lines(2, 3, 5, 7, faults=faults))
    assert elements(text) == [
        *("vw_0 wt_0 0 dc 0.1", "vw_1 wt_1 0 dc 0.2", "vw_2 wt_2 0 dc 0.3", "vb_0 bt_0 0 dc 0.0", "vb_1 bt_1 0 dc 0.0"),
        *("rw_1_0 wt_1 w_1_0 5.0", "rw_2_0 wt_2 w_2_0 5.0", "rw_2_1 w_2_0 w_2_1 2.0"),
        *("rb_0_1 b_0_0 b_1_0 3.0", "rb_0_2 b_1_0 b_2_0 3.0", "rb_0_3 b_2_0 bt_0 7.0"),
        *("rb_1_1 b_0_1 b_1_1 3.0", "rb_1_2 b_1_1 b_2_1 3.0"),
        *("rgw_1_1 w_1_1 0 20.0", "rgb_0_1 b_0_1 0 20.0"),
        *("rc_1_0 w_1_0 b_1_0 20.0", "rc_1_1 w_1_1 b_1_1 2.0"),
    ]
    assert "* Left out: 2 places" in text  # the whole word line 0
    assert "* Select transistors: on in 2 of 3 rows" in text


# --------------------------------------------------------------------------------------------------- cells and curves


def test_cells_of_a_device(device: sc.DeviceParameters) -> None:
    cells = used(device)
    before = cells.state_hash()
    text = netlist(cells, bias(cells.shape, "half", 0.2))
    assert cells.state_hash() == before
    r = cells.to_state()["arrays"]["r"]
    found = re.findall(r"^xc_(\d)_(\d) w_\1_\2 b_\1_\2 cell r=(\S+)$", text, re.MULTILINE)
    assert [(int(i), int(j)) for i, j, _ in found] == list(np.ndindex(2, 3))
    assert np.array_equal([float(value) for *_, value in found], r.astype(np.float64))
    for name in ("llrs", "hhrs"):
        body = re.search(rf"^\.func {name}\(u\) {{(.*)}}$", text, re.MULTILINE)
        assert body and body[1].count("u*(") == getattr(device, name).size - 1
        numbers = [float(number) for number in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", body[1])]
        assert numbers == getattr(device, name)[-2::-1].tolist()
    assert "bc w b i=(1-{r})*llrs(v(w,b))+{r}*hhrs(v(w,b))" in text


def test_the_head_says_where_it_comes_from(device: sc.DeviceParameters) -> None:
    cells = used(device)
    first, *head = netlist(cells, bias(cells.shape, "floating", -0.3)).split("* Nodes")[0].splitlines()
    assert first == "Crossbar of 2 x 3 cells, hennen2024"
    said = "\n".join(head)
    for what in (sc.__version__, device.hash, "seed 7", cells.state_hash(), "-0.3 to 0.0 V", "V, A, ohm"):
        assert what in said
    assert "1 word lines and 2 bit lines floating" in said


def test_the_same_snapshot_gives_the_same_text(device: sc.DeviceParameters) -> None:
    held = bias((2, 3), "third", 0.5)
    text = netlist(used(device), held, Lines())
    assert netlist(used(device), held) == text
    assert not re.search(r"20\d\d-\d\d", text)
    others = [
        netlist(used(device, seed=8), held),
        netlist(used(device.vary(c2c=0.5)), held),
        netlist(used(device), bias((2, 3), "third", 0.6)),
        netlist(used(device), held, Lines(word=2)),
        netlist(used(device), held, title="another"),
    ]
    assert len({text, *others}) == 6


def test_only_ascii_and_short_lines(device: sc.DeviceParameters) -> None:
    text = netlist(used(device), bias((2, 3), "third", 0.5))
    assert text.isascii() and max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize(
    ("volts", "lines", "options"),
    [
        (-0.5, Lines(2, 0), "vntol=5e-08 abstol=5e-13"),
        (0.5, Lines(1e-4, 3), "vntol=5e-08 abstol=5e-11"),
        (0.5, Lines(3, 3, faults=Faults(grounded_bit=((0, 0),), short=1e-4)), "vntol=5e-08 abstol=5e-11"),
        (0.5, Lines(0, 0), "vntol=5e-08 abstol=5e-13"),
        (0.0, Lines(), "vntol=1e-10 abstol=1e-15"),
    ],
)
def test_tolerances(volts: float, lines: Lines, options: str) -> None:
    text = netlist(np.ones((2, 2)), bias((2, 2), "row", volts), lines)
    assert f".options reltol=1e-7 {options} gmin=1e-18 itl1=1000\n.op\n.control\n" in text


# -------------------------------------------------------------------------------------------------------------- errors

HELD = Bias([0.1, 0.1], [0.0, 0.0])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([[1.0, 1.0]], HELD), ValueError, r"bias: must have a voltage for each of 1 x 2 lines \(got \(2, 2\)\)"),
        (([1.0, 1.0], HELD), ValueError, r"cells: must be rows and columns.*\(got shape \(2,\)\); give a matrix"),
        (([[1.0, -1.0]] * 2, HELD), ValueError, r"cells: must conduct 0 S or more \(got -1\)"),
        (([[1.0, NAN]] * 2, HELD), ValueError, "cells: must be finite"),
        (("cells", HELD), TypeError, "cells: must be an array of numbers"),
        (([[1.0, 1.0]] * 2, [0.1, 0.1]), TypeError, r"bias: must be Bias \(got list\)"),
        (([[1.0, 1.0]] * 2, HELD, 3), TypeError, r"lines: must be Lines \(got int\)"),
        (([[1.0]], Bias([[0.1], [0.2]], [0.0])), ValueError, r"bias: must have one vector .*\(got 2\); write one"),
        (([[1.0]], Bias([NAN], [NAN])), ValueError, "bias: must drive at least one line"),
        (
            ([[1.0, 1.0]] * 2, HELD, Lines(faults=Faults(open_cells=((2, 0),)))),
            ValueError,
            "open_cells: must lie inside",
        ),
    ],
)
def test_what_is_refused(arguments: tuple[Any, ...], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        netlist(*arguments)


@pytest.mark.parametrize("title", ["two\nlines", "", " ", 3])
def test_a_title_is_one_line(title: Any) -> None:
    with pytest.raises(ValueError, match="title: must be one line of text"):
        netlist([[1.0]], Bias([0.1], [0.0]), title=title)


def test_too_many_cells(device: sc.DeviceParameters) -> None:
    cells = sc.CellArray((1, MAX_CELLS + 1), device, seed=1)
    with pytest.raises(ValueError, match=r"cells: must be at most 1,048,576 \(got 1,048,577\); take a part"):
        netlist(cells, Bias([0.1], np.zeros(cells.columns)))


# -------------------------------------------------------------------------------------------------------------- files


def test_saving(device: sc.DeviceParameters, tmp_path: Path) -> None:
    path, lines = tmp_path / "array.cir", replace(Lines(), word=2.5)
    save_netlist(used(device), bias((2, 3), "row", 0.2), lines, path, title="Ω, µ")
    assert path.read_bytes().decode() == netlist(used(device), bias((2, 3), "row", 0.2), lines, title="Ω, µ")
    with pytest.raises(ValueError, match="bias"):
        save_netlist(used(device), HELD, lines, path)
    assert path.read_text(encoding="utf-8").startswith("Ω, µ\n")
    assert [file.name for file in tmp_path.iterdir()] == ["array.cir"]


def test_names_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"must end in one of .cir, .net, .sp, .spice \(got .txt\); rename it"):
        save_netlist([[1.0]], Bias([0.1], [0.0]), None, tmp_path / "array.txt")
    with pytest.raises(FileError, match="must lie in a folder that exists"):
        save_netlist([[1.0]], Bias([0.1], [0.0]), None, tmp_path / "none" / "array.sp")
