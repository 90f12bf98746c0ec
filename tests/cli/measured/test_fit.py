"""`synaptogen fit`: the library's numbers from a command, and a sentence where there are none."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner, Result

import synaptogen_core as sc
from synaptogen_core.cli import app
from synaptogen_core.cli.measured import fit
from tests.analysis.example_loops import measured_loops

QUICK = ("--model", "published", "--max-order", "2", "--degree", "3")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fit", *map(str, arguments)])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of ten devices, the last of which is dead."""
    made = sc.simulate(sc.CellArray((2, 5), sc.load_device("hennen2024"), seed=3), sc.PulseTrain.cycling(60))
    ds = sc.fitting.from_simulation(made)
    path = tmp_path_factory.mktemp("table") / "cells.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["device", "cycle", "R_HRS (ohm)", "U_SET (V)", "R_LRS (ohm)", "U_RESET (V)"])
        for k, (device, cycle) in enumerate(zip(ds["device_index"].values, ds["cycle"].values, strict=True)):
            values = [f"{float(ds[name][k]):.9g}" for name in sc.schema.FEATURE_NAMES]
            if device == 9:
                values[0] = values[2]
            writer.writerow([f"cell {device}", cycle, *values])
    return path


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loops of one device, in microamperes under a name that tells nothing."""
    ds, _ = measured_loops(sc.load_device("hennen2024"), devices=1, cycles=60, points=300, noise=1e-7)
    path = tmp_path_factory.mktemp("loops") / "sweeps.dat"
    cycle = np.repeat(ds["cycle"].values, ds["sample_count"].values)
    rows = np.column_stack([cycle, ds["voltage"].values, 1e6 * ds["current"].values])
    np.savetxt(path, rows, "%d\t%.6g\t%.9g", header="cycle\tV\tchannel 2", comments="")
    return path


def test_a_table_of_features(table: Path, tmp_path: Path) -> None:
    files = {key: tmp_path / name for key, name in (("-o", "d.json"), ("--report", "r.html"), ("--estimates", "e.nc"))}
    result = run(table, *QUICK, "--name", "mine", "--seed", 7, *(word for pair in files.items() for word in pair))
    assert result.exit_code == 0, result.output
    library = sc.fitting.fit(
        sc.load_measurements(table), sc.load_device("hennen2024"), name="mine", max_order=2, degree=3, seed=7
    )
    assert sc.load_device(files["-o"]) == library.device
    with xr.open_dataset(files["--estimates"], engine="h5netcdf") as found:
        np.testing.assert_array_equal(found["value"].values, library.estimates["value"].values)
        np.testing.assert_array_equal(found["lower"].values, library.estimates["lower"].values)
    page = files["--report"].read_text(encoding="utf-8")
    validation = sc.fitting.validate(library, seed=7)
    words = " ".join(result.stdout.split())
    for finding in validation.verdict[:-1]:
        assert finding.about in words
        assert finding.text.replace("'", "&#39;") in page
    for said in ("10 measured, 9 used", "median device", library.data_hash, library.device.hash, "d.json"):
        assert said in words, said
    assert "verdict" in words and "good" in words
    assert json.loads(files["-o"].read_text(encoding="utf-8"))["name"] == "mine"


def test_loops_whose_current_must_be_told(loops: Path, tmp_path: Path) -> None:
    asked = run(loops)
    assert asked.exit_code == 1
    assert "channel 2" in asked.stderr and "= voltage V" in asked.stderr, "the first rows are shown"
    assert "--column current=NAME" in asked.stderr and "columns={" not in asked.stderr
    assert "Traceback" not in asked.output
    options = ["--column", "current=channel 2", "--unit", "current=uA", "--set-method", "steepest", "--smoothing", "3"]
    device = tmp_path / "d.json"
    result = run(loops, *QUICK, *options, "-o", device, "--report", tmp_path / "r.html", "--no-validate", "-q")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    ds = sc.load_measurements(loops, columns={"current": "channel 2"}, units={"current": "uA"})
    features = sc.fitting.extract_features(ds, sc.fitting.FeatureOptions(set_method="steepest", smoothing=3))
    ds = ds.assign(features.data_vars).assign_attrs(features.attrs)
    library = sc.fitting.fit(ds, sc.load_device("hennen2024"), name="sweeps", max_order=2, degree=3)
    assert sc.load_device(device) == library.device
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Measured loop" in page and "Not validated" in page and "steepest" in page


def test_the_published_layout(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    result = run(table, *QUICK, "--no-validate", "--layout", "published", "-o", path, "--order", 1, "--components", 1)
    assert result.exit_code == 0, result.output
    assert "verdict" not in result.stdout
    assert "hash" not in json.loads(path.read_text(encoding="utf-8"))
    assert sc.load_device(path).order == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("-o", "d.txt"), "must end in .json (got .txt)"),
        (("--report", "r.pdf"), "must end in .html (got .pdf)"),
        (("--estimates", "e.xlsx"), "must end in .csv or .nc (got .xlsx)"),
        (("-o", "gone/d.json"), "must lie in a folder that exists"),
        (("--layout", "theirs"), "--layout: must be ours or published (got 'theirs')"),
        (("--column", "voltage"), "--column: must be a name and a value (got 'voltage')"),
        (("--column", "volts=V"), "columns: must name some of"),
        (("--set-method", "peak"), "--set-method: must stand with loops"),
        (("--set-method", "best"), "set_method: must be one of level, steepest, peak (got 'best')"),
        (("--smoothing", "4"), "smoothing: must be odd (got 4)"),
        (("--polarity", "up"), "polarity: must be one of auto, negative, positive (got 'up')"),
        (("--order", "21"), "order: must be"),
        (("--criterion", "aicc"), "criterion: must be one of bic, aic, hannan_quinn (got 'aicc')"),
        (("--method", "burg"), "method: must be one of"),
        (("--confidence", "2"), "confidence: must lie between 0 and 1 (got 2.0)"),
        (("--template", "none"), "must be a packaged set or a file"),
    ],
)
def test_a_bad_wish_is_one_sentence(
    table: Path, options: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(table, *options)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "must exist (got no such file)"),
        (b"", "must not be empty"),
        (b"cycle,V,I\n1,0.1,abc\n1,0.2,3e-6\n", "line 2"),
        (b"\x80\x04pickle", "which is never opened"),
        (b"cycle,R_HRS,R_LRS\n" + b"".join(b"%d,50000,2500\n" % k for k in range(50)), "bad.csv: must hold"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    result = run(path, "-o", tmp_path / "d.json")
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert all("read as: " in line for line in result.stderr.splitlines()[:-1])
    assert not (tmp_path / "d.json").exists()


def test_nothing_is_replaced_unasked(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text("mine", encoding="utf-8")
    result = run(table, "-o", path)
    assert result.exit_code == 1
    assert "must not exist yet (got one); give --force" in result.stderr
    assert path.read_text(encoding="utf-8") == "mine"
    assert run(table, *QUICK, "--no-validate", "-o", path, "--force", "-q").exit_code == 0
    assert sc.load_device(path).name == "cells"
    copy = tmp_path / "cells.csv"
    copy.write_bytes(table.read_bytes())
    result = run(copy, "--estimates", copy, "--force")
    assert result.exit_code == 1
    assert "must be neither a FILE nor a folder" in result.stderr


def test_what_is_asked_for_steers_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\x1b[31m,[red]c\n0.1,2,3\n0.2,3,\x1b[2J\n", encoding="utf-8")
    result = run(path)
    assert result.exit_code == 1
    assert "[red]c" in result.stderr
    assert "\x1b" not in result.stderr
    ohmic = tmp_path / "a.csv"
    ohmic.write_text("V,I,\x1b[2J\n" + "".join(f"{v},{v / 1e4:.3g},1\n" for v in (0, -1, 0, 1, 0) * 9))
    result = run(ohmic, "--column", "cycle=in order")
    assert "read as: column 'V' read as voltage in V, as it says nothing else" in result.stderr, "what a refusal is of"
    assert "\x1b" not in result.stderr
    one = tmp_path / "b.csv"
    one.write_text(
        "V,I\n" + "".join(f"{v / 10},{v / 1e5:.3g}\n" for v in [*range(0, -9, -1), *range(-9, 9), *range(9, -1, -1)])
    )
    result = run(one, one)
    assert "--reading files=cycles or --reading files=devices" in result.stderr and "= voltage V" in result.stderr


@pytest.mark.parametrize(
    ("name", "stem"), [("a.csv", "a"), ("a.b.csv.gz", "a.b"), ("run.NC", "run"), (".csv", ".csv"), ("x", "x")]
)
def test_the_name_of_a_device_is_that_of_its_file(name: str, stem: str) -> None:
    assert fit._stem(Path(name)) == stem


def test_the_command_is_told_without_folders() -> None:
    words = ["fit", "/home/me/my file.csv", "-o", "d.json", "--report=/tmp/r.html"]
    paths = [Path("/home/me/my file.csv"), Path("d.json"), Path("/tmp/r.html"), Path("hennen2024")]
    assert fit._command(words, paths) == "synaptogen fit 'my file.csv' -o d.json --report=r.html"
    assert fit._command(["-m", "pytest"], paths) == ""


@pytest.mark.parametrize("cycles", [5, 20])
def test_few_cycles_give_a_device_with_wide_intervals(tmp_path: Path, cycles: int) -> None:
    rng = np.random.default_rng(2)
    rows = [f"{n},{6e4 * rng.lognormal(0, 0.2):.6g},{-1.2 + 0.04 * rng.standard_normal():.5g},"
            f"{6e3 * rng.lognormal(0, 0.1):.6g},{1.1 + 0.03 * rng.standard_normal():.5g}"
            for n in range(cycles)]  # fmt: skip
    path, written, estimates = (tmp_path / name for name in ("few.csv", "few.json", "few.nc"))
    path.write_text("\n".join(["cycle,HRS,Vset,LRS,Vreset", *rows]))
    result = run(path, "-o", written, "--estimates", estimates, "--no-validate")
    assert result.exit_code == 0, result.output
    assert "Format 2, with wide intervals, as the published class asks for more: must hold" in result.stderr
    device = sc.load_device(written)
    assert device.extension is not None and "say little about tails" in " ".join(device.notes)
    cells = sc.simulate(sc.CellArray((8, 8), device, seed=1), sc.PulseTrain.cycling(20))
    assert float(cells.r_lrs.min()) > 0 and float(cells.u_set.max()) < 0
    with xr.open_dataset(estimates) as table:
        ends = table[["lower", "value", "upper"]].dropna("parameter")
    assert (ends["lower"] <= ends["value"]).all() and (ends["value"] <= ends["upper"]).all()
    assert ends.sizes["parameter"] > 10


def test_too_few_cycles_still_give_their_features(tmp_path: Path) -> None:
    path, table = tmp_path / "three.csv", tmp_path / "features.csv"
    path.write_text("cycle,HRS,Vset,LRS\n" + "".join(f"{n},{60 + n}e3,-1.{n},6.{n}e3\n" for n in range(3)))
    result = run(path, "--features", table)
    assert result.exit_code == 1 and "3 of 3 cycles that switch); measure at least 5 cycles" in result.stderr
    assert table.read_text().splitlines()[1] == "1,0,60000.0,-1.0,6000.0"


def test_limits_are_the_users(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    path = tmp_path / "few.csv"
    path.write_text("cycle,HRS\n" + "".join(f"{n},{6e4 * rng.lognormal(0, 0.2):.6g}\n" for n in range(20)))
    said = [" ".join(run(path, *limit).stdout.split()) for limit in ((), ("--limit", "quantiles=9"))]
    assert ["limit 900 %" in text for text in said] == [False, True]
    wrong = (("quantile=9", "limits: must name some of"), ("quantiles=x", "limits: must read line=error"))
    for limit, sentence in wrong:
        refused = run(path, "--limit", limit)
        assert refused.exit_code == 1 and sentence in refused.stderr


def test_a_question_says_why_columns_are_taken_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "nameless.dat"
    path.write_text("".join(f"{k} {0.1 * k:.2f} {1e-6 * k:.3g}\n" for k in range(1, 9)))
    said = " ".join(run(path).stderr.split())
    assert "perhaps current" in said and "its numbers" in said and "it counts" in said
