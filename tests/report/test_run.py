"""The page of a run: whole, escaped, with the numbers of the Dataset, whatever was recorded."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest
import xarray as xr
from typer.testing import CliRunner

import synaptogen_core as sc
from synaptogen_core.cli import app
from synaptogen_core.errors import RangeWarning
from synaptogen_core.report.run import facts, run_html

HOSTILE = "<script>pwn()</script>"


@pytest.fixture(scope="module")
def ds() -> xr.Dataset:
    cells = sc.CellArray((12, 10), sc.load_device("hennen2024"), seed=4)
    return sc.simulate(cells, sc.PulseTrain.cycling(12))


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_holds_settings_pictures_numbers_and_how_to_cite(ds: xr.Dataset) -> None:
    html = run_html(ds)
    tags = Tags(html).found
    assert not [tag for tag, attrs in tags if tag in ("script", "link", "img", "iframe") or "src" in attrs]
    assert sum(tag == "svg" and attrs.get("class") == "picture" for tag, attrs in tags) == 4 + 4 + 1 + 1
    for word in (
        "12 × 10 cells, 12 cycles",
        "seed 4",
        ds.attrs["device_hash"],
        "10.1109/TED.2024.3427616",
        "PulseTrain",
    ):
        assert word in html
    median = float(sc.statistics.quantiles(ds, ["r_lrs"], [0.5])["r_lrs"].item()) / 1e3
    assert re.search(rf"R_LRS \(kΩ\)</th>(<td[^>]*>[^<]*</td>){{2}}<td[^>]*>{median:.4g}</td>", html)


@pytest.mark.parametrize("record", ["features", "conductance"])
@pytest.mark.parametrize("train", [sc.PulseTrain.read_only(2), sc.PulseTrain.cycling(1)])
def test_a_run_of_nearly_nothing_has_a_page_too(train: sc.PulseTrain, record: str) -> None:
    cells = sc.CellArray((1, 1), sc.load_device("hennen2024"), seed=4)
    assert "How to cite" in run_html(sc.simulate(cells, train, record=record, every=1))


def test_text_stays_text(ds: xr.Dataset) -> None:
    html = run_html(ds.assign_attrs(device=HOSTILE, references=HOSTILE, python=HOSTILE, created=HOSTILE))
    assert "<script" not in html and html.count("&lt;script&gt;") >= 4


def test_what_is_no_run_is_refused(ds: xr.Dataset) -> None:
    with pytest.raises(TypeError, match="ds: must be"):
        run_html({})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="settings"):
        run_html(ds.drop_attrs())


def test_inspect_writes_it(ds: xr.Dataset, tmp_path: Path) -> None:
    sc.save_dataset(ds, tmp_path / "run.nc")
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "run.nc"), "--report", str(tmp_path / "run.html")])
    assert result.exit_code == 0, result.output
    again = (tmp_path / "run.html").read_text(encoding="utf-8")
    without = [re.sub("Made .* UTC", "", html) for html in (again, run_html(ds))]
    assert without[0] == without[1]
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "run.nc"), "--report", str(tmp_path / "run.pdf")])
    assert result.exit_code == 1 and ".html" in result.output


def test_how_much_time_passed_is_a_fact_where_any_did() -> None:
    law = sc.load_retention("stanford-c")
    for wait, said in ((10 * 365.25 * 86400, ["10 years until the last record"]), (0.0, [])):
        cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=1, retention=law)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RangeWarning)
            ds = sc.simulate(cells, sc.PulseTrain.cycling(2) + sc.PulseTrain.wait(wait), record="conductance")
        assert [row.value for row in facts(ds) if row.label == "time"] == said
