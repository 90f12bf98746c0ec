"""The Fit tab's numbers: points lie on their loops, devices have their medians, files hold what was found."""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.fit import compare, compute, files, pictures, text
from app.tabs.fit.compute import Reading, Source
from synaptogen_core.analysis.loops.screening import screen_devices
from synaptogen_core.analysis.validation import verdict
from synaptogen_core.drawing.picture import Line, Picture
from synaptogen_core.exchange.datasets.estimates import save_estimates
from synaptogen_core.exchange.devices.ours import device_from_text
from synaptogen_core.exchange.measurements.load import measurements_from_bytes
from synaptogen_core.measurement import from_simulation, measurement
from synaptogen_core.report import summary
from synaptogen_core.schema import FAILURES, FEATURE_NAMES

SIZE = {"devices": 9, "cycles": 40, "points": 160}


def options(**changes: Any) -> Choices:
    chosen = compute.Options()
    chosen.param.update(**changes)
    return chosen.choices()


def worked(source: Source, until: str, reading: Reading | None = None, **changes: Any) -> dict[str, Any]:
    """What the stages find, one after the other."""
    values: dict[str, Any] = {"read": reading} if reading else {}
    for stage in compute.STAGES:
        if stage.key not in values:
            values[stage.key] = stage.run(source, values, options(**changes), lambda done: None, threading.Event())
        if stage.key == until:
            break
    return values


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """Everything about a small example."""
    before = dict(compute.EXAMPLE_SIZE)
    compute.EXAMPLE_SIZE.update(SIZE)
    try:
        return worked(Source(compute.EXAMPLE, None), "judge")
    finally:
        compute.EXAMPLE_SIZE.update(before)


def lines_of(picture: Picture, role: str) -> list[Line]:
    return [layer for layer in picture.layers if isinstance(layer, Line) and layer.role == role]


def on_loop(loop: pictures.Loop, volts: float, current: float) -> float:
    """Distance of a point from the lines between the samples, as a share of the picture."""
    u, i = loop.voltage / np.ptp(loop.voltage), loop.current / np.ptp(loop.current)
    at = np.array([volts / np.ptp(loop.voltage), current / np.ptp(loop.current)])
    start, way = np.stack([u, i])[:, :-1], np.diff(np.stack([u, i]))
    length = np.maximum((way**2).sum(axis=0), 1e-30)
    share = np.clip(((at[:, None] - start) * way).sum(axis=0) / length, 0, 1)
    return float(np.sqrt(((start + share * way - at[:, None]) ** 2).sum(axis=0)).min())


def test_the_example_is_made_by_the_simulator_and_says_so(example: dict[str, Any]) -> None:
    read = pictures.of_reading(example["read"])
    assert (read.devices, read.cycles, read.loops) == (9, 360, True)
    assert read.notes[0].startswith("Simulated, not measured")


def test_thresholds_lie_on_the_loop_that_is_drawn(example: dict[str, Any]) -> None:
    for device, cycle in ((0, 0), (3, 17), (8, 39)):
        loop = pictures.loop(example.get, device, cycle)
        assert loop is not None and (loop.device, loop.cycle) == (f"{device + 1}", cycle + 1)
        for volts, current in loop.thresholds.values():
            assert on_loop(loop, volts, current) < 0.02
        volts, current = loop.thresholds["u_set"]
        assert on_loop(loop, volts, 5 * current) > 0.02  # a point elsewhere is seen to be elsewhere
        assert loop.resistances["r_hrs"] > loop.resistances["r_lrs"] > 0
        gaps = np.isnan(loop.faint[0])
        assert gaps.sum() == SIZE["cycles"] - 1  # all the others, a gap after each


def test_points_follow_a_series_resistance_and_exchanged_leads(example: dict[str, Any]) -> None:
    ds = example["read"].data
    volts, current = ds["voltage"].values, ds["current"].values
    loops = (-(volts + 500.0 * current), -current, ds["sample_count"].values)
    turned = measurement(ds["device_index"].values, ds["cycle"].values, labels=list(ds["device"].values), loops=loops)
    values = worked(Source("x", b""), "extract", Reading("x", turned), series_resistance=500.0)
    loop = pictures.loop(values.get, 2, 5)
    plain = pictures.loop(example.get, 2, 5)
    assert loop is not None and plain is not None
    np.testing.assert_allclose(loop.voltage, -plain.voltage, atol=1e-9)
    assert loop.thresholds["u_set"][0] > 0 > loop.thresholds["u_reset"][0] and loop.reach < 0
    for name, (volt, ampere) in loop.thresholds.items():
        assert on_loop(loop, volt, ampere) < 0.02
        assert volt == pytest.approx(-plain.thresholds[name][0], abs=1e-3)


def test_failed_cycles_are_listed_with_their_reason_and_place(example: dict[str, Any]) -> None:
    ds = example["extract"].copy(deep=True)
    ds["failure"].values[[3, 85]] = 4, 8
    cycles = pictures.of_cycles(ds, screen_devices(ds), True)
    assert (cycles.found, cycles.failed) == (358, 2)
    assert [(f.device, f.cycle, f.why) for f in cycles.listed] == [
        ("1", 4, FAILURES[4][1]), ("3", 6, FAILURES[8][1]),
    ]  # fmt: skip
    assert cycles.bad == ((0, 3), (2, 5)) and dict(cycles.reasons) == {FAILURES[4][1]: 1, FAILURES[8][1]: 1}
    assert cycles.counts == (40,) * 9 and [row.cycles for row in cycles.report] == [40] * 9


def test_a_worn_device_and_a_drift_are_named() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    index, cycle = np.repeat([0, 1, 2], 200), np.tile(np.arange(200), 3)
    low, high = 5e3 * (1 + 0.02 * rng.standard_normal(600)), 1e5 * (1 + 0.1 * rng.standard_normal(600))
    high[index == 1] = np.where(cycle[index == 1] < 120, high[index == 1], low[index == 1] * 1.01)
    low[index == 2] += 3.0 * cycle[index == 2]
    ds = measurement(index, cycle, labels=["a", "b", "c"], features={"r_hrs": high, "r_lrs": low})
    a, b, c = (row.says for row in pictures.of_cycles(ds, screen_devices(ds), False).report)
    assert a == "switches" and b.startswith("stops switching, from cycle 120 on")
    assert c.startswith("switches, R_LRS drifts by +") or c.startswith("switches, R_LRS jumps by +")


@pytest.mark.parametrize("of", ["median", "spread"])
@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_devices_have_their_own_numbers(example: dict[str, Any], name: str, of: str) -> None:
    ds = example["extract"]
    values = ds[name].values.reshape(9, 40)
    values = np.log10(values) if name == "r_hrs" else values
    expected = np.median(values, axis=1) if of == "median" else values.std(axis=1, ddof=1)
    np.testing.assert_allclose(pictures.device_numbers(ds, name, of), expected)
    found = pictures.scatter(example.get, (name, of), ("u_reset", "median"))
    assert found is not None and len(found.devices) == found.x.size == 9
    assert all(np.isfinite(e.x).all() for e in found.ellipses)


def test_pictures_of_the_fit_are_those_of_the_fit(example: dict[str, Any]) -> None:
    found = compare.of_fit(example["fit"])
    assert example["fit"].device.order == found.chosen["order"][0]
    assert "9 used" in found.facts[3].value and len(found.estimates) == example["fit"].estimates.sizes["parameter"]
    above = [layer for layer in found.criteria["order"].layers if layer.role == "way"]
    assert [layer.of for layer in above] == ["aic", "bic", "hannan_quinn"] and {layer.y.min() for layer in above} == {0}
    assert not found.borrowed and [picture.name for picture in found.family] == ["r_hrs", "r_lrs"]
    high, low = ([line.y[-1] for line in lines_of(picture, "fitted")] for picture in found.family)
    assert len(high) == len(low) and max(high) < min(low)
    judged = compare.of_validation(example["judge"])
    assert list(judged.quantiles) == list(FEATURE_NAMES) == list(judged.memory) == list(judged.distances)
    for name, picture in judged.quantiles.items():
        (measured,) = lines_of(picture, "measured")
        median = np.median(example["extract"][name].values)
        assert median == pytest.approx(np.interp(0.5, measured.y, measured.x), rel=0.02)
        assert len(judged.distances[name]) == 3
    assert judged.verdict[0].value.startswith(("Good", "Not good"))
    assert judged.correlations.sizes["kind"] == 3 and list(judged.correlations["feature"].values) == list(FEATURE_NAMES)


def test_the_files_hold_what_was_found(example: dict[str, Any], tmp_path: Path) -> None:
    def content(kind: str, name: str = "my device / 1") -> tuple[str, str]:
        order = files.order(kind, example.get, name)
        assert not isinstance(order, str), order
        return order.name, order.write(lambda done: None, threading.Event()).read().decode()

    name, ours = content("json")
    assert name == "my-device-1.json"
    device = device_from_text(ours, name)
    assert device == compute.device_of(example.get, "my device / 1") and device.hash == example["fit"].device.hash
    assert device.notes == example["fit"].device.notes
    published = device_from_text(content("published.json")[1], "published")
    np.testing.assert_allclose(published.a, device.a)
    features = content("features.csv")[1]
    heading = features.splitlines()[0]
    assert heading.startswith("device,cycle,r_hrs_ohm,u_set_V,r_lrs_ohm,u_reset_V,failure,")  # as in our tables
    assert heading.endswith(",u_reset_confidence,u_reset_reason")
    table = measurements_from_bytes(features.encode(), "features.csv")
    for feature in FEATURE_NAMES:
        np.testing.assert_array_equal(table[feature].values, example["extract"][feature].values)
    save_estimates(example["fit"].estimates, tmp_path / "estimates.csv")
    assert content("estimates.csv")[1] == (tmp_path / "estimates.csv").read_text(encoding="utf-8")
    name, report = content("html", "my <b>device</b>")
    assert name == "my-b-device-b-report.html" and "my &lt;b&gt;device" in report and "<b>device" not in report


def test_a_download_that_cannot_be_had_says_why(example: dict[str, Any]) -> None:
    loops, device = {"read": example["read"]}, {"read": Reading("own.json", device=example["fit"].device)}
    assert files.order("html", loops.get, "") == "Report: needs a validated fit, which is not here yet."
    assert not isinstance(files.order("json", device.get, ""), str)
    for kind in ("html", "features.csv", "estimates.csv"):
        why = files.order(kind, device.get, "")
        assert isinstance(why, str) and why.endswith("The file that was read holds a device only.")


def test_a_device_never_takes_the_name_of_a_packaged_set(example: dict[str, Any]) -> None:
    found = compute.device_of(example.get, "hennen2024")
    assert found is not None and found.name == "hennen2024 (own)"
    published = Reading("x.json", device=sc.load_device("hennen2024"))
    assert compute.device_of({"read": published}.get) == sc.load_device("hennen2024")


def test_page_verdict_and_report_have_one_threshold_for_drift() -> None:
    cells = sc.CellArray((1, 3), sc.load_device("hennen2024"), seed=2)
    found = screen_devices(from_simulation(sc.simulate(cells, sc.PulseTrain.cycling(cycles=40))))
    q = np.ones(found["trend_q"].shape)
    q[0, 2], q[1, 2] = 0.03, 0.005
    found = found.assign(trend_q=(found["trend_q"].dims, q), jump_q=(found["jump_q"].dims, np.ones_like(q)))
    assert ["drifts" in row.says for row in summary.devices(found)] == [False, True, False]
    assert [row.moves[:12] for row in summary.devices(found)] == ["", "R_LRS drifts", ""]
    assert verdict._drift(found).text.startswith("1 of 3 devices drifts or jumps (R_LRS by ")


def test_a_table_of_features_needs_no_loops() -> None:
    cells = sc.CellArray((3, 4), sc.load_device("hennen2024"), seed=2)
    all_four = from_simulation(sc.simulate(cells, sc.PulseTrain.cycling(cycles=30)))
    ds = all_four.drop_vars(["u_set", "u_reset"])
    values = worked(Source("two.csv", b""), "fit", Reading("two.csv", ds))
    assert values["curves"] is None and pictures.loop(values.get, 0, 0) is None
    found = compare.of_fit(values["fit"])
    assert found.features == ("r_hrs", "r_lrs") and found.borrowed
    for line in (line for picture in found.family for line in lines_of(picture, "fitted")):
        assert (line.y[line.x > 0] > 0).all(), "states, not basis curves, one of which conducts backwards"


def test_nothing_of_a_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of text nor of NetCDF, whose values come from a process of their own; temporary files are seen, too."""
    watching, opened = True, []

    def watch(event: str, about: tuple[Any, ...]) -> None:
        if not watching or event != "open" or isinstance(about[0], int) or about[0] == os.devnull:
            return
        if about[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            opened.append(about[0])

    rows = "\n".join(f"{c},{1e5 + c},{5e3 + c % 7}" for c in range(50))
    table = Source("a.csv", f"cycle,R_HRS (ohm),R_LRS (ohm)\n{rows}".encode())
    worked(table, "read")["read"].data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    netcdf = Source("a.nc", (tmp_path / "a.nc").read_bytes())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sys.addaudithook(watch)
    try:
        for source in (table, netcdf):
            assert worked(source, "read")["read"].data.sizes["record"] == 50
        assert opened == []
        tempfile.TemporaryFile().close()
        assert opened, "or nothing would be seen here"
    finally:
        watching = False


def test_names_of_files() -> None:
    assert [compute.stem(n) for n in ("a.csv.gz", "C:/x/b.nc", "", "c")] == ["a", "b", "measured device", "c"]


def test_a_long_name_from_a_link_is_cut() -> None:
    read = compute.Reading("x.json", device=sc.load_device("hennen2024"))
    named = compute.device_of(lambda stage: read if stage == "read" else None, " " + "n" * 60_000)
    assert named is not None and named.name == "n" * compute.MAX_NAME


def test_a_fit_that_was_kept_stands_beside_the_present_one(example: dict[str, Any]) -> None:
    def beside(values: dict[str, Any], kept: dict[str, Any] | None) -> Any:
        found = values | {"kept": kept}
        return compute.beside(Source("", None), found, options(), lambda done: None, threading.Event())

    numbers = compute.numbers(Source("", None), example, options(), lambda done: None, threading.Event())
    values = example | {"numbers": numbers}
    assert beside(values, None) is None and beside(values, values) is None
    again = values | {"fit": dataclasses.replace(values["fit"]), "kept": values}
    again["beside"] = beside(again, values)
    found = compare.of_two(again)
    assert found is not None and found.score == "Both fits predict later cycles equally well."
    assert [line[1] == line[2] for line in found.lines] == [True] * len(found.lines) and len(found.lines) == 10
    shown = text.two(found)
    assert "Kept: published class" in shown and "Numbers that matter" in shown and found.uses[0] in shown
    other = dataclasses.replace(values["fit"], data_hash="of other data")
    assert beside(again | {"fit": other}, values) is None


def test_limits_of_the_page_are_the_users(example: dict[str, Any]) -> None:
    def limit(said: str) -> float:
        found = compute.numbers(Source("", None), example, options(limits=said), lambda done: None, threading.Event())
        return float(found["limit"].values[found["about"].values == "quantiles"][0])

    assert (limit(""), limit("quantiles = 25 %, bit errors=0.5")) == (0.1, 0.25)
    with pytest.raises(ValueError, match="limits: must name some of possible values"):
        limit("<b>=1")
