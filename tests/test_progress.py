"""A bar: there on a terminal, silent elsewhere, whole at the end; and `progress` may still be a callable."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

import synaptogen_core as sc


class Screen(io.StringIO):
    terminal = True

    def __enter__(self) -> Screen:
        self.before, sys.stderr = sys.stderr, self  # in the test itself: pytest sets its own before each
        return self

    def __exit__(self, *failure: object) -> None:
        sys.stderr = self.before

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def cells() -> sc.CellArray:
    return sc.CellArray((4, 4), sc.load_device("hennen2024"), seed=1)


def percents(screen: Screen) -> list[int]:
    return [int(number) for number in re.findall(r"(\d+) %\|", screen.getvalue())]


def test_a_bar_on_a_terminal(cells: sc.CellArray, tmp_path: Path) -> None:
    train = sc.PulseTrain.cycling(20)
    with Screen() as screen:
        again = sc.simulate(cells.copy(), train, progress=True)
    quiet = sc.simulate(cells.copy(), train, progress=False)
    assert again.equals(quiet)
    seen = percents(screen)
    assert seen[0] == 0 and seen[-1] == 100 and seen == sorted(seen)
    assert screen.getvalue().count("\n") == 1, "one line, written over again and again"
    with Screen() as screen:
        sc.apply_train(cells.copy(), train, progress=True)
        sc.simulate_to_file(cells, train, tmp_path / "run.nc", progress=True)
        sc.simulate_to_zarr(cells, train, tmp_path / "run.zarr", progress=True)
    assert screen.getvalue().count("\n") == 3 and percents(screen).count(100) >= 3


def test_no_bar_elsewhere(cells: sc.CellArray) -> None:
    with Screen() as screen:
        screen.terminal = False
        sc.simulate(cells, sc.PulseTrain.cycling(3), progress=True)
    assert screen.getvalue() == ""


def test_what_is_neither_is_refused(cells: sc.CellArray) -> None:
    with pytest.raises(TypeError, match="progress: must be"):
        sc.simulate(cells, sc.PulseTrain.cycling(3), progress=1)  # type: ignore[arg-type]


def test_a_bar_ends_with_a_failed_run(cells: sc.CellArray) -> None:
    with Screen() as screen, pytest.raises(sc.Cancelled):
        sc.simulate(cells, sc.PulseTrain.cycling(3), progress=True, cancel=lambda: True)
    assert screen.getvalue().endswith("\n")
