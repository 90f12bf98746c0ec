"""What a notebook shows of cells, devices, trains and fits: true numbers, in HTML that is whole and escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.drawing import cards

HOSTILE = '<img src=x onerror="alert(1)">&\x00\u202e'


@pytest.fixture(scope="module")
def device() -> sc.DeviceParameters:
    return sc.load_device("hennen2024")


def shown(html: str) -> dict[str, str]:
    """The rows of a card, by label; it must be well-formed, and hold one picture."""
    tree = ET.fromstring(html)
    assert len([node for node in tree.iter() if node.tag.endswith("}svg") and node.get("role") == "img"]) == 1
    assert "script" not in html and "http" not in html.replace("http://www.w3.org/2000/svg", "")
    return {row[0].text or "": row[1].text or "" for row in tree.iter("tr")}


def test_cells(device: sc.DeviceParameters) -> None:
    cells = sc.CellArray((8, 16), device, seed=7)
    assert "fresh" in shown(cells._repr_html_())["State"]
    assert cells.fresh, "to look at cells does not use them"
    volts = np.zeros(cells.shape, np.float32)
    volts[:2] = -1.5
    cells.apply_voltage(volts)
    before, rows = cells.state_hash(), shown(cells._repr_html_())
    assert rows["State"] == "96 HRS, 0 IRS, 32 LRS" and rows["Seed"] == "7" and rows["Device"] == "hennen2024"
    assert rows["Conductance"].startswith(f"{1e6 * float(np.median(cells.conductance())):.3g} µS")
    assert cells.state_hash() == before


def test_a_huge_array_is_shown_by_its_first_cells(device: sc.DeviceParameters) -> None:
    rows = shown(sc.CellArray((2**20, 2**20), device, seed=1)._repr_html_())
    assert "the first 65,536 cells" in rows["Conductance"]


def test_device(device: sc.DeviceParameters) -> None:
    rows = shown(device._repr_html_())
    assert rows["Hash"] == device.hash and "4.2 % outliers" in rows["Kinds of device"]
    mean, spread = device.population_law
    assert rows["U_SET"].startswith(f"\N{MINUS SIGN}{-mean[1]:.3g} V")
    assert device.vary(d2d=0).population_law[1] == pytest.approx(0, abs=1e-9)
    # against drawn devices: 4.89 standard errors of a mean, and of a standard deviation, of n normals
    n, rng = 200_000, np.random.default_rng(5)
    component = rng.choice(device.weights.size, p=device.weights, size=n)
    drawn = device.means[component] + np.einsum("nij,nj->ni", device.factors[component], rng.standard_normal((n, 8)))
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < 4.89 * spread / np.sqrt(n))
    fourth = ((drawn - mean) ** 4).mean(axis=0) / spread**4
    assert np.all(np.abs(drawn.std(axis=0) / spread - 1) < 4.89 * np.sqrt((fourth - 1) / n) / 2)


def test_a_device_of_format_2_says_no_number_in_coordinates_that_nobody_reads() -> None:
    from tests.device.example_extended import device as extended

    assert "R_HRS" not in shown(extended()._repr_html_())


@pytest.mark.parametrize(
    "train", [sc.PulseTrain.cycling(500), sc.PulseTrain.random(9), sc.PulseTrain.read_only(), sc.PulseTrain.wait(1)]
)
def test_trains(train: sc.PulseTrain) -> None:
    html = train._repr_html_()
    rows = shown(html)
    assert f"{len(train):,} pulse" in html and rows["Made by"].startswith("sc.PulseTrain.")
    assert ("Shown" in rows) == (len(train) > 240)


def test_fit(device: sc.DeviceParameters) -> None:
    cells = sc.CellArray((12, 1), device, seed=3)
    measured = sc.fitting.from_simulation(sc.simulate(cells, sc.PulseTrain.cycling(60)))
    fit = sc.fitting.fit(measured, device, name="mine", order=1, components=1, intervals=False)
    html = fit._repr_html_()
    rows = shown(html)
    assert rows["Devices"] == "12 of 12" and rows["Memory"] == "1 cycle" and "mine" in html
    assert len(re.findall("<circle", html)) == 12


def test_text_stays_text(device: sc.DeviceParameters) -> None:
    html = cards.card("Fit", HOSTILE, [(HOSTILE, HOSTILE), ("long", "x" * 1000)])
    assert "<img" not in html and "\x00" not in html and "\u202e" not in html and "x" * 200 not in html
    rows = shown(html.replace("</table>", '</table><svg:svg xmlns:svg="s" role="img"/>'))
    assert any(value.startswith("<img") for value in rows.values()), "as text it is there"
