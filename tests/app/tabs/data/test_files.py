"""Files of a run hold all cells, whether the page keeps them or not; and what the Data tab says of them before."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from app.settings.sections import Choices, Settings
from app.tabs.data import compute, files
from app.work import runs
from app.work.runs import Run
from synaptogen_core.crossbar.circuit.bias import bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.errors import Cancelled
from synaptogen_core.exchange.circuits.files import switching_netlist
from synaptogen_core.exchange.circuits.netlist import netlist
from synaptogen_core.schema import FEATURE_NAMES

Make = Callable[..., Run]


def written(run: Run, kind: str, path: Path) -> Path:
    with files.write(run, run.request, kind, lambda done: None, threading.Event()) as file:
        path.write_bytes(file.read())
    return path


@pytest.mark.parametrize("kind", files.RUN)
def test_a_sampled_run_is_downloaded_whole(
    kind: str, make_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = make_run(cycles=40)
    monkeypatch.setattr(runs, "BUDGET", 40_000)
    sampled = make_run(cycles=40)
    one, two = (written(run, kind, tmp_path / f"{i}.{kind}") for i, run in enumerate((whole, sampled)))
    if kind == "csv":
        assert sorted(one.read_bytes().splitlines()) == sorted(two.read_bytes().splitlines())  # part by part
    elif kind == "nc":
        assert files.question(sampled, sampled.request, kind) == "", "it is small"
        monkeypatch.setattr(files, "LARGE", 1e4)
        assert (
            "Click once more" in files.question(sampled, sampled.request, kind)
            and files.question(whole, whole.request, kind) == ""
        )
        with xr.open_dataset(two) as opened:
            for name in FEATURE_NAMES:
                np.testing.assert_array_equal(opened[name].values, whole.data[name].values)
    else:
        assert two.stat().st_size > 1000


def test_a_download_can_be_cancelled(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BUDGET", 40_000)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run = make_run(cycles=40)
        files.write(run, run.request, "nc", lambda done: None, cancel)


def test_the_netlist_is_the_bias_of_the_crossbar_tab(make_run: Make, tmp_path: Path) -> None:
    run = make_run(scheme="half", write=1.2, word_ohm=3.0, rows=4, columns=3)
    text = written(run, "cir", tmp_path / "array.cir").read_text()
    lines = Lines(3.0, 1.0, word_ends="left", bit_ends="bottom")
    assert text == netlist(run.cells, bias((4, 3), "half", 1.2, selector="transistor"), lines)


def test_cells_that_switch_come_with_their_module(make_run: Make, tmp_path: Path) -> None:
    run = make_run(scheme="half", write=1.2, word_ohm=3.0, rows=4, columns=3)
    with zipfile.ZipFile(written(run, "va.zip", tmp_path / "array.zip")) as archive:
        text, module = (archive.read(f"array.{kind}").decode() for kind in ("cir", "va"))
    assert (text, module) == switching_netlist(
        run.cells, bias((4, 3), "half", 1.2, selector="transistor"), Lines(3.0, 1.0)
    )


def test_a_page_without_a_run_says_so() -> None:
    page: Any = SimpleNamespace(run=None)
    assert "has not been made" in str(files.order(page, "nc"))


def test_a_session_holds_the_tab_that_was_open() -> None:
    """From the header that is another than the Data tab, which opens to say how far the file is; only for that file."""
    page: Any = SimpleNamespace(settings=Settings({}), visible="data", saved_from="overview")
    tabs = []
    for _ in range(2):
        order = files.order(page, "session.json")
        assert not isinstance(order, str)
        with order.write(lambda done: None, threading.Event()) as file:
            tabs.append(json.load(file)["tab"])
    assert tabs == ["overview", "data"]


def test_the_name_tells_runs_apart(make_run: Make) -> None:
    names = [files.file_name(make_run(**each).request, "zarr.zip") for each in ({}, {"c2c": 1.5}, {"word_ohm": 3.0})]
    start, mark = names[0].rsplit("-", 1)
    assert start == "synaptogen-hennen2024-8x8-20c-seed1" and re.fullmatch(r"[0-9a-f]{7}\.zarr\.zip", mark)
    assert names[1] != names[0] == names[2], "lines are not in it"
    nets = [files.file_name(make_run(word_ohm=ohm).request, "cir") for ohm in (1.0, 3.0)]
    assert nets[0] != nets[1]


@pytest.mark.parametrize("budget", [256e6, 40_000])
def test_what_it_would_hold_is_said_before(budget: float, make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BUDGET", int(budget))
    run = make_run(cycles=40)
    result = compute.compute(run, run.request, Choices({}), threading.Event())
    assert "xr-wrap" in result.html and "r_hrs" in result.html and "row" in result.html
    assert result.python.startswith("import synaptogen_core as sc") and "select=None" not in result.python
    assert result.bytes >= 64 * 40 * 16
    for kind, size in result.sizes.items():
        with files.write(run, run.request, kind, lambda done: None, threading.Event()) as file:
            true = len(file.read())
        assert 0.3 < size / true < 3, kind
    assert bool(result.streamed) == (budget < 1e6)


def test_the_python_makes_the_same_again(small_run: Run) -> None:
    result = compute.compute(small_run, small_run.request, Choices({}), threading.Event())
    space: dict[str, xr.Dataset] = {}
    exec(result.python, space)
    for name in FEATURE_NAMES:
        np.testing.assert_array_equal(space["ds"][name].values, small_run.data[name].values)


def test_what_is_recorded_can_be_chosen(make_run: Make, tmp_path: Path) -> None:
    chosen = {
        "content": "chosen",
        "features": False,
        "current": True,
        "state": True,
        "every": "pulse",
        "read_noise": True,
    }
    run, plain = make_run(**chosen, u_read=0.3), make_run()
    recording = compute.recorded(run, run.request)
    assert recording == {
        "record": ("conductance", "current", "state"), "every": 1, "read_voltage": 0.3, "bandwidth": 1e8
    }  # fmt: skip
    with xr.open_dataset(written(run, "nc", tmp_path / "chosen.nc")) as opened:
        direct = runs.sc.simulate(runs.make_cells(run.request), run.train, **recording)
        assert opened.attrs["read_voltage"] == 0.3 and opened.attrs["bandwidth"] == 1e8
        for name in recording["record"]:
            np.testing.assert_array_equal(opened[name].values, direct[name].values)
        assert "r_hrs" not in opened and direct.conductance.shape == (len(run.train), 8, 8)
    shown = compute.compute(run, run.request, run.request.of_tab("data"), threading.Event())
    assert "recomputes" in shown.streamed and "read_voltage=0.3" in shown.python and "conductance" in shown.html
    assert shown.bytes > plain.data.nbytes, "9 bytes for each of 40 pulses, not 16 for each of 20 cycles"
    assert files.file_name(run.request, "nc") != files.file_name(plain.request, "nc")
    assert files.file_name(run.request, "csv") == files.file_name(plain.request, "csv"), "it holds the features"


def test_a_large_choice_is_asked_for_with_its_command(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(content="chosen", every="pulse", kind="iv_sweep", points=50)
    monkeypatch.setattr(files, "LARGE", 1e5)
    said = files.question(run, run.request, "nc")
    assert said.endswith("--record features,conductance --every 1 --read-voltage 0.2 --bandwidth 0")
    assert "--record" not in files.question(run, run.request, "csv")
