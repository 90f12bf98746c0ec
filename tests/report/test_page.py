"""The page of a fit: whole, self-contained, escaped, and it says everything."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.analysis.loops.extraction import extract_features
from synaptogen_core.drawing import svg
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import measurements_from_bytes, save_estimates
from synaptogen_core.measurement import measurement
from synaptogen_core.report import page as report
from synaptogen_core.report import pictures as report_pictures
from synaptogen_core.report import summary
from synaptogen_core.report.page import report_html, save_report
from synaptogen_core.schema import FEATURE_NAMES
from tests.analysis.example_loops import measured_loops
from tests.analysis.made_loops import Cell, made_loops
from tests.exchange.measurements import made_files

EVIL = '<script>alert("1")</script>&amp;'
VOID = {"meta", "br", "img", "link", "input", "hr"}
LOADING = ("src", "href", "srcset", "data", "action", "poster", "xlink:href", "style", "background")


class Page(HTMLParser):
    """What stands in a page: elements, texts, whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def loops(device: sc.DeviceParameters) -> xr.Dataset:
    """Loops of devices with hostile names, some of which fail, and what is read off them."""
    ds, _ = measured_loops(device, devices=9, cycles=60, points=300, noise=1e-7)
    current = ds["current"].values.copy()
    starts = np.concatenate([[0], np.cumsum(ds["sample_count"].values)])
    for record in (3, 70):
        current[starts[record] : starts[record + 1]] = 1e-9
    labels = [f"{EVIL}{k}" for k in range(9)]
    ds = measurement(
        ds["device_index"].values,
        ds["cycle"].values,
        labels=labels,
        loops=(ds["voltage"].values, current, ds["sample_count"].values),
        source=f"{EVIL}.csv",
    )
    features = sc.fitting.extract_features(ds)
    return ds.assign(features.data_vars).assign_attrs(features.attrs)


@pytest.fixture(scope="module")
def fit(loops: xr.Dataset, device: sc.DeviceParameters) -> sc.fitting.Fit:
    return sc.fitting.fit(loops, device, name=f"{EVIL} device", order=1)


@pytest.fixture(scope="module")
def validation(fit: sc.fitting.Fit) -> sc.fitting.Validation:
    return sc.fitting.validate(fit)


@pytest.fixture(scope="module")
def html(fit: sc.fitting.Fit, validation: sc.fitting.Validation, loops: xr.Dataset) -> str:
    return report_html(fit, validation, loops=loops, command=f"synaptogen fit '{EVIL}'")


def test_the_page_is_whole_and_loads_nothing(html: str) -> None:
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "iframe", "img", "object", "embed", "form", "base"} & {
        tag for tag, _ in page.elements
    }
    for tag, attrs in page.elements:
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        assert not set(LOADING) & set(attrs), (tag, attrs)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "url(" not in style and "@import" not in style
    addresses = set(re.findall(r"https?://[^\s\"<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    identities = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(identities) == len(set(identities))


def test_a_page_that_loads_would_be_seen(html: str) -> None:
    with pytest.raises(AssertionError):
        test_the_page_is_whole_and_loads_nothing(html.replace("<main>", '<main><img src="https://example.org/a.png">'))
    with pytest.raises(AssertionError):
        test_the_page_is_whole_and_loads_nothing(html.replace("<main>", "<main><script>1</script>"))


def test_every_picture_is_xml_with_a_title(html: str) -> None:
    pictures = re.findall(r"<svg xmlns=.*?</svg>(?=</li>|[^<]|<(?!text|/svg|path|title))", html, re.DOTALL)
    outer = html.count("<svg xmlns=")
    assert outer > 20
    parsed = [ET.fromstring(text) for text in _outer(html)]
    assert len(parsed) == outer >= len(pictures)
    assert all(root[0].tag.endswith("title") and root[0].text for root in parsed)
    whole = " ".join(root[0].text or "" for root in parsed)
    for words in ("Distribution of R_HRS", "Autocorrelation of U_RESET", "Correlations of the features within",
                  "Mean and spread", "Current over voltage in LRS, fitted and measured", "Measured loop"):  # fmt: skip
        assert words in whole
    for name in ("R_HRS (kΩ)", "U_SET (V)", "voltage (V)", "lag (cycles)", "current (µA)", "share of cycles below"):
        assert f">{name}</text>" in html, "an axis says its unit"


def _outer(html: str) -> list[str]:
    """Pictures with the picture-in-picture that cuts lines off."""
    found = []
    for start in (m.start() for m in re.finditer("<svg xmlns=", html)):
        depth = 0
        for tag in re.finditer(r"<svg\b|</svg>", html[start:]):
            depth += 1 if tag[0] == "<svg" else -1
            if not depth:
                found.append(html[start : start + tag.end()])
                break
    return found


def test_texts_are_escaped_and_said(html: str, fit: sc.fitting.Fit, validation: sc.fitting.Validation) -> None:
    assert "<script" not in html
    page = Page(html)
    assert f"{EVIL} device" in page.text
    assert f"{EVIL}.csv" in page.text
    assert f"{EVIL}8" in page.text, "labels of devices"
    assert f"synaptogen fit '{EVIL}'" in page.text
    for text in (
        "time: retention and read fluctuation",
        *fit.assumed,
        *fit.warnings,
        *(finding.text for finding in validation.verdict),
    ):
        assert " ".join(text.split()) in page.text
    assert fit.data_hash in page.text and fit.device.hash in page.text and sc.__version__ in page.text


def test_every_estimate_and_every_failed_cycle_is_said(html: str, fit: sc.fitting.Fit, loops: xr.Dataset) -> None:
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>.*?</tr>", html)]
    for label, value in zip(fit.estimates["label"].values, fit.estimates["value"].values, strict=True):
        assert any(str(label) in row and report.number(float(value), 5) in row for row in rows), label
    assert int((loops["failure"] > 0).sum()) >= 2
    for number, (_, words) in enumerate(sc.schema.FAILURES):
        count = int((loops["failure"] == number).sum())
        if number and count:
            assert any(words in row and f"|{count}|" in row for row in rows)
    assert "Failed loops" in html


def test_a_feature_that_is_missing_alone_is_said_with_its_reason() -> None:
    cell = Cell(r_lrs=10e3, u_reset=1.0, u_max=2.5, gradual=True)
    ds = extract_features(measurements_from_bytes(made_files.table(made_loops(cell, 3, seed=1)), "t.csv"))
    [(words, count)] = summary.failures(ds)
    assert words.startswith("U_RESET is missing: the current never falls") and count == 3


def test_signs_are_not_colours_alone(html: str) -> None:
    items = re.findall(r'<span class="sign [a-z]+">(.*?)</span>', html)
    assert len(items) >= 8
    assert set(items) <= {"✓ good", "✗ not good", "? not known"}


def test_without_judgement_or_loops(fit: sc.fitting.Fit, html: str) -> None:
    plain = report_html(fit)
    assert "Not validated" in plain and "Not validated" not in html
    assert "Current and voltage" in plain and "Measured loop" not in plain
    assert Page(plain).open == []


def test_a_fit_of_format_2_says_how_it_was_made(device: sc.DeviceParameters) -> None:
    run = sc.simulate(sc.CellArray((3, 4), device, seed=2), sc.PulseTrain.cycling(40))
    fit = sc.fitting.fit_extended(sc.fitting.from_simulation(run), device, name="two", intervals=False)
    assert "sc.fitting.fit_extended(ds, template, name=&#39;two&#39;," in report_html(fit)
    assert "order=" not in report.python_text(fit)


def test_mixed_verdicts(validation: sc.fitting.Validation) -> None:
    findings = [replace(finding, good=True) for finding in validation.verdict]
    assert summary.verdict(replace(validation, verdict=tuple(findings)))[0].mark == "good"
    findings[-1] = replace(findings[-1], good=False)
    assert summary.verdict(replace(validation, verdict=tuple(findings)))[0].mark == "good for some"
    findings = [replace(finding, good=False) for finding in validation.verdict]
    assert summary.verdict(replace(validation, verdict=tuple(findings)))[0].mark == "not good"


def test_the_python_text_gives_the_same_numbers(
    device: sc.DeviceParameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sc.simulate(sc.CellArray((1, 3), device, seed=4), sc.PulseTrain.cycling(80))
    measured = sc.fitting.from_simulation(run)
    index, cycle = measured["device_index"].values, measured["cycle"].values
    table = np.column_stack([index, cycle, measured["r_hrs"].values, measured["r_lrs"].values])
    np.savetxt(tmp_path / "t.csv", table, "%d,%d,%.9g,%.9g", header="device,cycle,r_hrs (ohm),r_lrs (ohm)", comments="")
    ds = sc.load_measurements(tmp_path / "t.csv")
    fit = sc.fitting.fit(ds, device, name="mine", max_order=3, seed=5, degree=2, confidence=0.9)
    monkeypatch.chdir(tmp_path)
    again: dict[str, object] = {}
    exec(report.python_text(fit), again)
    xr.testing.assert_identical(again["fit"].estimates, fit.estimates)
    assert sc.load_device("device.json") == fit.device
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_files(fit: sc.fitting.Fit, tmp_path: Path) -> None:
    save_report(fit, None, tmp_path / "page.html")
    assert "Not validated" in (tmp_path / "page.html").read_text(encoding="utf-8")
    with pytest.raises(FileError, match=r"must end in \.html \(got \.pdf\)"):
        save_report(fit, None, tmp_path / "page.pdf")
    with pytest.raises(FileError, match="must lie in a folder that exists"):
        save_report(fit, None, tmp_path / "gone" / "page.html")
    save_estimates(fit.estimates, tmp_path / "e.csv")
    save_estimates(fit.estimates, tmp_path / "e.nc")
    with pytest.raises(FileError, match=r"must end in \.csv or \.nc"):
        save_estimates(fit.estimates, tmp_path / "e.txt")
    lines = (tmp_path / "e.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == fit.estimates.sizes["parameter"] + 1
    with xr.open_dataset(tmp_path / "e.nc", engine="h5netcdf") as again:
        np.testing.assert_array_equal(again["value"].values, fit.estimates["value"].values)
        assert list(again["label"].values) == list(fit.estimates["label"].values)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv", "e.nc", "page.html"]


def test_reset_comes_from_the_record_before_where_it_comes_first(device: sc.DeviceParameters) -> None:
    """The mark of RESET must lie on the loop that it is drawn on."""
    ds, _ = measured_loops(device, devices=1, cycles=12, points=400, reset_first=True)
    features = sc.fitting.extract_features(ds)
    ds = ds.assign(features.data_vars).assign_attrs(features.attrs)
    assert set(FEATURE_NAMES) <= set(ds)
    picture = ET.fromstring(svg.draw(report_pictures._loop(ds, 5, "cycle 5")))
    space = "{http://www.w3.org/2000/svg}"
    line = next(p for p in picture.iter(f"{space}polyline") if p.get("class") == "loop")
    points = np.array([p.split(",") for p in line.get("points", "").split()], float)
    mark = next(p for p in picture.iter(f"{space}polygon") if "u_reset" in (p.get("class") or ""))
    corners = np.array([p.split(",") for p in mark.get("points", "").split()], float)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    distance = float(np.hypot(*(points - middle).T).min())
    assert distance < 3
    ds["u_reset"] = ("record", np.roll(ds["u_reset"].values, 1))
    ds["reset_current"] = ("record", np.roll(ds["reset_current"].values, 1))
    moved = ET.fromstring(svg.draw(report_pictures._loop(ds, 5, "cycle 5")))
    assert ET.tostring(moved) != ET.tostring(picture)
