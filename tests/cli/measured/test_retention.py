"""`synaptogen retention`, and `generate --retention --wait`: the library's numbers from a command, or a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import synaptogen_core as sc
from synaptogen_core.cli import app
from tests.analysis.made_retention import MEASURED, TRUTH, table, written


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "160"})


def test_the_packaged_laws_are_listed() -> None:
    result = run("retention", "list")
    assert result.exit_code == 0
    for name in ("stanford-b", "stanford-c"):
        law = sc.load_retention(name)
        row = next(line for line in result.stdout.splitlines() if name in line)
        assert law.hash in row and law.measured in row and "MIT" in row


def test_a_fit_finds_the_law_and_writes_it(tmp_path: Path) -> None:
    source, law = written(tmp_path / "reads.csv", table(MEASURED, 300)), tmp_path / "mine.json"
    result = run("retention", "fit", source, "-o", law, "--levels", 1, "--resamples", 2, "--no-validate")
    assert result.exit_code == 0, result.output
    found = sc.load_retention(law)
    assert found.name == "mine" and found.spread[0] == pytest.approx(TRUTH.spread[0], rel=0.25)
    assert f" {found.spread[0] * 1e6:.3g} " in result.stdout and " to " in result.stdout, "the number and its interval"
    assert "reversible (µS)" in result.stdout and "none seen" in result.stdout
    assert "not part of the Synaptogen fit" in result.output
    library = sc.fitting.fit_retention(sc.load_retention_table(source), name="mine", levels=1, resamples=0)
    assert library.law == found


def test_one_delay_is_said_to_tell_no_rate(tmp_path: Path) -> None:
    result = run("retention", "fit", written(tmp_path / "reads.csv", table([0.0, 1.0], 200)), "--resamples", 0)
    assert result.exit_code == 0 and "not identified" in result.stdout


def test_a_wrong_line_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "reads.csv"
    path.write_text("device,time,conductance_uS\na,0,1\na,-1,2\n")
    result = run("retention", "fit", path)
    assert result.exit_code == 1 and "line 3 must hold a time from 0 s" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.output


def test_a_run_waits(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    some = ("--shape", "6x5", "--train", "cycling:cycles=2", "--record", "conductance")
    refused = run("generate", path, *some, "--wait", 10)
    assert refused.exit_code == 1 and "retention: must be given" in refused.stderr and not path.exists()
    sc.save_retention(TRUTH, tmp_path / "law.json")
    for word, traps in (("--no-traps", None), ("--traps", sc.retention.Traps.stanford_a())):
        law = ("--retention", tmp_path / "law.json", "--wait", 3600)
        done = run("generate", path, *some, *law, word, "--force")
        assert done.exit_code == 0, done.output
        said = " ".join(done.stdout.split())
        assert "Retention is not part of the Synaptogen fit" in said
        assert ("Read fluctuation is not part of the Synaptogen fit" in said) == bool(traps)
        cells = sc.CellArray((6, 5), sc.load_device("hennen2024"), seed=0, retention=TRUTH, traps=traps)
        expected = sc.simulate(cells, sc.PulseTrain.cycling(2) + sc.PulseTrain.wait(3600.0), record="conductance")
        found = sc.load_dataset(path)
        assert found.equals(expected) and np.all(found.time.values[-1] >= 3600)
        assert "another device" in found.attrs["retention_note"] and ("traps_note" in found.attrs) == bool(traps)
