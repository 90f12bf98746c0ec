"""The examples run, as a person would run them, and what they print is right."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

ROOT = Path(__file__).resolve().parent.parent


def said_by(name: str, tmp_path: Path, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_every_example_is_tested() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    names = [path.name for path in (ROOT / "examples").glob("*.py")]
    assert len(names) == 3
    assert [name for name in names if f'"{name}"' not in here] == []


def test_distributions(tmp_path: Path) -> None:
    said = said_by("distributions.py", tmp_path, "saved.nc")
    medians = {name: float(value) for name, value in re.findall(r"(\w+) +1 % .*median +(\S+)", said)}
    # Tolerances: 4.89 standard errors of a median of 4096 cells, whose own medians spread by the D2D deviation
    # (log10 R_HRS .07, U_S .03 V, R_LRS 190 ohm, U_R .02 V at most): 1.25 sd / sqrt(4096) each.
    golden = {"r_hrs": (75_300, 1_200), "u_set": (-0.668, 0.003), "r_lrs": (4521, 18), "u_reset": (0.731, 0.002)}
    for name, (value, tolerance) in golden.items():
        assert medians[name] == pytest.approx(value, abs=tolerance), name
    with xr.open_dataset(tmp_path / "saved.nc") as ds:
        assert ds.r_hrs.shape == (100, 64, 64)


def test_levels(tmp_path: Path) -> None:
    said = said_by("levels.py", tmp_path)
    levels = [float(value) for value in re.findall(r"V: +(\S+) uS", said)]
    assert len(levels) == 5
    assert levels[0] == pytest.approx(1e6 / 4521, rel=0.01)  # after SET: the low resistance
    assert levels == sorted(levels, reverse=True)
    count = re.search(r"do not overlap: (\d+)", said)
    assert count and 2 <= int(count.group(1)) <= 5


def test_spread(tmp_path: Path) -> None:
    said = said_by("spread.py", tmp_path)
    rows = re.findall(r"(\w+) +(\S+) ohm \( *(\S+) to +(\S+)\), true +(\S+), textbook +(\S+)", said)
    assert [row[0] for row in rows] == ["cycle_to_cycle", "device_to_device"] * 3
    textbook_is_wrong = []
    for row in rows:
        estimate, _, upper, true, textbook = (float(number) ** 2 for number in row[1:])
        tolerance = 4.89 / 1.96 * (upper - estimate)  # the upper half of a 95 % interval is 1.96 standard errors
        assert abs(estimate - true) < tolerance
        textbook_is_wrong.append(abs(textbook - true) > tolerance)
    # The negative control: with memory the textbook's estimate fails the same test, without memory it passes.
    assert textbook_is_wrong == [True, True, False, False, True, True]
