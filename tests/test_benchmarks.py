"""The benchmark runs, in its smallest form; its figures are no subject of a test."""

from __future__ import annotations

import pytest

from benchmarks import __main__ as program
from benchmarks import fitting
from benchmarks.contestants import Contestant, shape_of

pytestmark = pytest.mark.peer


def run_here(programs: dict[str, str], samples: int) -> dict[str, float]:
    """Run the programs whose start is measured in this process: that they run is what is tested."""
    for text in programs.values():
        exec(text, {})
    return dict.fromkeys(programs, float(samples))


def test_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.clock.SAMPLE_SECONDS", 0.0)
    monkeypatch.setattr(program, "start_up", run_here)
    monkeypatch.setattr("benchmarks.cluster.WORKERS", (1,))  # each is a process that loads all
    monkeypatch.setattr("benchmarks.crossbar.OHM", (10,))  # the same
    round_trip = fitting.round_trip_row
    monkeypatch.setattr(fitting, "round_trip_row", lambda *size: round_trip(30, 60))
    program.main(["--sizes", "256", "--samples", "1"])
    said = capsys.readouterr().out
    for word in (
        "M updates/s",
        "M reads/s",
        "M cells/s",
        "GB/s",
        "2^8",
        "badcrossbar (ms)",
        "16 x 16",
        "curves",
        "ours, pulse train",
        "peer, call by call",
        "bytes",
    ):
        assert word in said


def test_a_race_is_interleaved(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import clock

    monkeypatch.setattr(clock, "SAMPLE_SECONDS", 0.0)
    turns: list[str] = []
    pair = [Contestant(name, lambda name=name: turns.append(name), 1) for name in ("a", "b")]
    clock.race(pair, samples=4)
    assert "".join(turns) == "aabb" + "ab" + "ba" + "ab" + "ba"  # warmed up, calibrated, then in turn


@pytest.mark.parametrize("size", [256, 1 << 13, 1 << 20])
def test_shape(size: int) -> None:
    rows, columns = shape_of(size)
    assert rows * columns == size
