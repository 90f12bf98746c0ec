"""Pictures of a Dataset: what they show are the numbers of the Dataset, in the units of their axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.plots.look import COMPONENTS


@pytest.fixture(scope="module")
def ds(device: sc.DeviceParameters) -> xr.Dataset:
    return sc.simulate(sc.CellArray((12, 10), device, seed=4), sc.PulseTrain.cycling(30))


@pytest.fixture(scope="module")
def read_back(device: sc.DeviceParameters, tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """A run of a fitted device, out of a file."""
    measured = sc.fitting.from_simulation(sc.simulate(sc.CellArray((6, 1), device, seed=3), sc.PulseTrain.cycling(60)))
    own = sc.fitting.fit_extended(measured, device, name="own").device
    path = tmp_path_factory.mktemp("plots") / "run.nc"
    sc.save_dataset(sc.simulate(sc.CellArray((12, 10), own, seed=4), sc.PulseTrain.cycling(30)), path)
    return sc.load_dataset(path)


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("distributions", {}), ("distributions", {"kind": "cumulative"}), ("distributions", {"kind": "probability"}),
    ("cycle_to_cycle", {"feature": "u_set"}), ("device_to_device", {}), ("correlations", {}), ("iv_loops", {}),
    ("iv_loops", {"log": True, "cells": 3, "cycles": 2}), ("array_map", {"quantity": "r_hrs"}), ("memory_window", {}),
    ("explore", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_every_picture_of_a_fitted_device_is_drawn_from_a_file_that_was_read_back(
    read_back: xr.Dataset, name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    picture = getattr(sc.plots, name)(read_back, **options)
    whole = (name, options) == CALLS[0]  # a page without internet: 5 MB of scripts, the same for all
    hv.save(picture, tmp_path / "picture.html", resources="inline" if whole else "cdn")
    assert (tmp_path / "picture.html").stat().st_size > (2_000_000 if whole else 10_000)


def test_points_are_the_cells_medians_in_the_units_of_the_axes(ds: xr.Dataset) -> None:
    points = sc.plots.device_to_device(ds, "r_lrs", "u_reset").get(0)
    x, y = points.kdims[0], points.vdims[0]
    assert (x.label, x.unit, y.label, y.unit) == ("Median LRS resistance", "kΩ", "Median RESET voltage", "V")
    np.testing.assert_allclose(points[x.name], ds.r_lrs.median("cycle").values.ravel() / 1e3, rtol=1e-6)
    np.testing.assert_allclose(points[y.name], ds.u_reset.median("cycle").values.ravel(), rtol=1e-6)


def test_the_map_shows_each_cell_at_its_place(ds: xr.Dataset) -> None:
    image = sc.plots.array_map(ds, "r_hrs", of="last")
    for row, column in ((0, 0), (11, 3), (5, 9)):
        found = float(image[float(column), float(row)])
        assert found == pytest.approx(float(ds.r_hrs[-1, row, column]) / 1e3, rel=1e-6)


def test_the_histogram_is_a_density_on_its_axis(ds: xr.Dataset) -> None:
    bars = next(iter(next(iter(sc.plots.distributions(ds, "r_lrs")))))
    edges, density = bars.edges, bars.dimension_values(1)
    assert np.sum(density * np.diff(edges)) == pytest.approx(1.0, abs=1e-9)
    assert edges[0] == pytest.approx(float(ds.r_lrs.min()) / 1e3, rel=1e-6)


def test_loops_switch_at_the_thresholds_of_the_run(ds: xr.Dataset) -> None:
    """The first SET of each swept cell is that of the run: the same cell, fresh."""
    line = sc.plots.iv_loops(ds, cells=1)
    u, i = line.dimension_values(0), line.dimension_values(1)
    down = slice(0, np.nanargmin(u) + 1)
    jump = u[down][1:][np.argmax(np.abs(np.diff(i[down])))]
    assert jump == pytest.approx(float(ds.u_set[0, 0, 0]), abs=2 * 1.5 / 100)
    assert abs(jump - float(ds.u_set[0, 5, 5])) > 1e-6, "the negative control: another cell's threshold"


def test_many_points_become_an_image(device: sc.DeviceParameters) -> None:
    many = sc.simulate(sc.CellArray((40, 30), device, seed=1), sc.PulseTrain.cycling(20))
    few = sc.simulate(sc.CellArray((4, 3), device, seed=1), sc.PulseTrain.cycling(20))
    kinds = [type(list(sc.plots.cycle_to_cycle(one, "u_set"))[1]).__name__ for one in (many, few)]
    assert kinds == ["Image", "Scatter"]


def test_every_correlation_stands_in_its_field(ds: xr.Dataset) -> None:
    found = sc.statistics.correlations(ds)["cycle_to_cycle"].values
    labels = next(iter(sc.plots.correlations(ds))).traverse(lambda element: element, [hv.Labels])
    texts = [text for some in labels for text in some["text"]]
    assert sorted(texts) == sorted(f"{value:.2f}" for value in found.ravel())


def test_each_component_has_its_colour_whichever_are_there(ds: xr.Dataset) -> None:
    some = ds.assign(component=ds["component"].copy(data=np.where(ds["component"] == 0, 1, 9)))
    points = sc.plots.device_to_device(some).get(0)
    pairs = set(zip(points["component"].tolist(), points["color"].tolist(), strict=True))
    assert pairs == {(1, COMPONENTS[1]), (9, COMPONENTS[2])}


def test_names_from_a_file_are_text(ds: xr.Dataset, tmp_path: Path) -> None:
    """HoloViews takes titles for formats: a name in braces would be looked up in the objects of the program."""
    evil = "{label.__class__} <img src=x onerror=pwn()>"
    named = ds.assign(own=ds["r_lrs"].isel(cycle=0).assign_attrs(long_name=evil, units="<b>V</b>"))
    image = sc.plots.array_map(named, "own")
    plot = hv.renderer("bokeh").get_plot(image).state
    assert evil in plot.title.text and "class 'str'" not in plot.title.text
    with pytest.raises(
        (KeyError, AttributeError, ValueError, AssertionError)
    ):  # the negative control: without our door
        assert evil in hv.renderer("bokeh").get_plot(image.opts(clone=True, title=evil)).state.title.text
    hv.save(image, tmp_path / "map.html", resources="inline")
    assert "<img src=x" not in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_one_cell_is_enough_and_used_cells_are_said(device: sc.DeviceParameters) -> None:
    cells = sc.CellArray((1, 1), device, seed=1)
    one = sc.simulate(cells, sc.PulseTrain.cycling(40))
    hv.renderer("bokeh").get_plot(sc.plots.cycle_to_cycle(one))
    used = sc.simulate(cells, sc.PulseTrain.cycling(5))
    with pytest.raises(ValueError, match="began with used cells"):
        sc.plots.iv_loops(used)


def test_loops_are_those_of_the_chosen_cells(device: sc.DeviceParameters) -> None:
    ds = sc.simulate(sc.CellArray((6, 6), device, seed=2), sc.PulseTrain.cycling(3), select=[7, 30])
    whole = sc.simulate(sc.CellArray((6, 6), device, seed=2), sc.PulseTrain.cycling(3))
    line, all_of_them = sc.plots.iv_loops(ds), sc.plots.iv_loops(whole)
    current, expected = line.dimension_values(1), all_of_them.dimension_values(1).reshape(36, -1)
    np.testing.assert_array_equal(current.reshape(2, -1), expected[[7, 30]])
    assert not np.array_equal(current.reshape(2, -1), expected[[0, 1]], equal_nan=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda ds: sc.plots.distributions(ds, kind="pie"), "kind: must be one of histogram, cumulative, probability"),
        (lambda ds: sc.plots.distributions(ds, "r_xyz"), "features: must be variables of ds (got r_xyz)"),
        (lambda ds: sc.plots.array_map(ds, "r_hrs", of="mode"), "of: must be one of median, mean, std, last"),
        (lambda ds: sc.plots.cycle_to_cycle(ds, cells=[5000]), "cells: must be from 0 to 119 (got 5000)"),
        (lambda ds: sc.plots.cycle_to_cycle(ds, lag=30), "lag: must be from 1 to 29 (got 30)"),
    ],
)
def test_sentences(ds: xr.Dataset, call: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        call(ds)
    assert str(error.value).startswith(sentence)
