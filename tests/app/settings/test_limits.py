"""A user's own device: what the controls offer for it, the run it makes, and links with and without it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest

import synaptogen_core as sc
from app.controls.panel import Group, Panel
from app.settings import link, presets, segments, session_file
from app.settings.limits import FARTHEST, limits_of, reach
from app.settings.sections import Settings, TabOptions, unit_of
from app.tabs.registry import TABS
from app.work import runs, session
from app.work.session import Session
from synaptogen_core.errors import Cancelled
from tests.test_any_voltage import scaled

PUBLISHED = sc.load_device("hennen2024")


def own(**changes: Any) -> sc.DeviceParameters:
    """A device that differs from the published one."""
    var = {p: PUBLISHED.var[p] for p in (1, 2, 3, 4)}
    return dataclasses.replace(PUBLISHED, **{"name": "mine", "var": var, "order": 3, "eta": 2.5} | changes)


def page(device: sc.DeviceParameters | None = None) -> Settings:
    settings = Settings({tab.key: tab.options for tab in TABS})
    if device is not None:
        settings.use_device(device, limits_of(device))
    return settings


def test_the_run_is_that_of_the_device_itself() -> None:
    device = own(u_max=1.3)
    settings = page(device)
    settings.array.rows = settings.array.columns = 4
    request = settings.request()
    assert runs.make_device(request.device) == device
    assert hash(request) == hash(settings.request()) and request == settings.request()
    run = runs.run(request, lambda done: None, threading.Event())
    assert run.device == device and run.data.attrs["device"] == "mine"
    stored = json.loads(run.data.attrs["settings"])["device"]
    assert sc.DeviceParameters.from_dict(stored) == device  # what a download carries
    np.testing.assert_array_equal(sc.repeat(run.data)["r_lrs"].values, run.data["r_lrs"].values)
    assert "load_device('mine.json')" in run.data.attrs["python"] and device.hash in run.data.attrs["python"]
    assert "mine.json" not in runs.run(page().request(), lambda done: None, threading.Event()).data.attrs["python"]


def test_bounds_and_values_follow_the_device_and_come_back() -> None:
    before, settings = page().request(), page()
    device = own(u_max=1.1, valid_range=1.205)
    names = ("order", "eta", "u_max", "d2d")
    shown = Panel((Group(settings.device, names), Group(settings.train, ("u_reset",))))
    settings.use_device(device, limits_of(device))
    assert settings.device.param.order.bounds == (1, 4) and settings.device.order == 3
    assert (settings.device.eta, settings.device.u_max) == (2.5, 1.1)
    assert settings.train.u_set == -1.2 and settings.train.param.u_reset.bounds == (0.1, 1.2)
    for name in names:
        control, bounds = shown.state[f"0.{name}"], settings.device.param[name].bounds
        assert (control["value"], control["start"], control["end"]) == (getattr(settings.device, name), *bounds)
    assert (shown.state["1.u_reset"]["value"], shown.state["1.u_reset"]["end"]) == (1.2, 1.2)
    settings.device.order, settings.train.u_set = 2, -0.9
    settings.reset()
    assert settings.device.order == 3 and settings.train.u_set == -1.2 and settings.device.own == device
    settings.use_device(None)
    assert settings.request() == before
    assert settings.device.param.order.bounds == (1, 10) and settings.train.param.u_reset.bounds == (0.1, 1.5)
    assert (shown.state["0.order"]["value"], shown.state["0.order"]["end"]) == (10, 10)


def test_pulses_reach_a_full_reset_and_what_was_measured() -> None:
    assert limits_of(own(u_max=1.44, valid_range=1.436)).reach == 1.44
    assert limits_of(own(u_max=1.30, valid_range=1.4375)).reach == 1.43
    assert limits_of(own(u_max=1.46, valid_range=2.0)).reach == 2.0


@pytest.mark.parametrize("reach", [0.375, 6.3, 9.75])
def test_every_voltage_of_the_page_goes_as_far_as_the_device(reach: float) -> None:
    """Also those of the tabs, of the texts, the presets and the pulse lab; a user's own numbers stay."""
    published, settings = page(), page()
    settings.train.u_pulse = own_pulse = 0.31
    device, factor = own(u_max=min(1.3, 0.9 * reach), valid_range=reach), reach / 1.5
    settings.use_device(device, dataclasses.replace(limits_of(device), reach=reach))
    assert settings.reach == reach
    there = {prefix + name: section for prefix, section in settings.sections() for name in section.names()}
    assert {"crossbar.write", "programming.u_stop", "loops.u_max", "sd"} <= set(there)
    for key, section in there.items():
        name = key.rpartition(".")[2]
        if unit_of(section.param[name]) != "V" or section is settings.device or name == "u_pulse":
            continue
        low, high = section.param[name].bounds
        value, before = getattr(section, name), type(section).param[name].default
        assert low <= value <= high <= 1.2 * max(reach, 1.5), key
        wanted = before * (min(factor, 1.0) if name in ("u_read", "amplitude", "dac_high") else factor)
        assert value == pytest.approx(wanted, abs=max(0.011, 0.1 - wanted)), key
    assert settings.train.u_pulse == own_pulse
    assert settings.train.table == {0.375: "-0.375, 0.2, 0.25, 0.375", 6.3: "-6.3, 3.36, 4.2, 6.3",
                                    9.75: "-9.75, 5.2, 6.5, 9.75"}[reach]  # fmt: skip
    (pulse, ramp) = segments.from_text(settings.train.segments)
    assert pulse.values == pytest.approx([-reach], rel=1e-3) and ramp.values == pytest.approx(
        [0.6 * factor, reach, 10], rel=1e-3
    )
    weights = presets.changes(settings, "weights")["segments"]
    assert segments.from_text(weights)[0].values[0] == pytest.approx(-reach, rel=1e-3)
    settings.use_device(None)
    settings.train.u_pulse = published.train.u_pulse
    assert settings.request() == published.request()


def test_the_spread_between_devices_ends_where_it_would_clip() -> None:
    bound = limits_of(own()).bounds["d2d"][1]
    assert own().vary(d2d=bound).clipped_share() <= 0.01 < own().vary(d2d=bound + 0.1).clipped_share()
    narrow = own(means=PUBLISHED.means * np.array([1.0] * 4 + [0.05, 1, 1, 1]))
    assert limits_of(narrow).bounds["d2d"][1] == 1.0  # it clips as it is


def test_what_a_device_does_not_have_is_not_offered() -> None:
    one = {"weights": [1.0], "means": PUBLISHED.means[:1], "factors": 0 * PUBLISHED.factors[:1], "outliers": ()}
    device = own(var={1: PUBLISHED.var[1]}, order=1, **one)
    settings = page(device)
    assert not {"device", "outlier_share", "order", "d2d"} & set(settings.device.active())
    assert runs.make_device(settings.request().device) == device
    assert "d2d" in page().device.active()


def test_a_link_without_the_device_says_so() -> None:
    settings = page(own(u_max=1.3))
    settings.device.c2c = 2.0
    query = link.to_query(settings, "fit")
    pairs = dict(parse_qsl(query))
    assert pairs["own"] == "mine" and pairs["c2c"] == "2.0" and not {"eta", "u_max", "order", "device"} & set(pairs)
    opened = page()
    (said,) = link.apply_query(opened, query)
    assert said.startswith("The link was made with the device “mine”, which it does not carry")
    assert runs.make_device(opened.request().device) == PUBLISHED.vary(c2c=2.0)


def test_a_link_with_the_device_brings_back_what_only_that_device_allows() -> None:
    settings = page(scaled(4.0))
    settings.train.param.update(u_set=-5.5, u_reset=5.0)
    settings.device.d2d = 1.2
    query = link.to_query(settings, "fit", carried=True)
    opened = page()
    assert link.apply_query(opened, query) == [], "nothing is said before the device has come"
    assert opened.train.u_set == -1.5 and opened.device.own is None
    carried = session_file.device_of_link(session_file.device_to_link(settings.device.own))
    assert session_file.apply(opened, session_file.Saved(link.parts(query), "", carried)) == []
    assert opened.request() == settings.request()


async def test_runs_of_an_own_device_are_kept_by_its_page_alone() -> None:
    tab = SimpleNamespace(
        key="tab", title="Tab",
        results=SimpleNamespace(USES=frozenset(), Options=TabOptions, compute=lambda run, *rest: run.device.name),
    )  # fmt: skip
    settings, shown = Settings({"tab": TabOptions}), []
    settings.array.rows = settings.array.columns = 3
    settings.array.seed = 4711
    work = Session(settings, (tab,), lambda function: function())
    work.connect("tab", shown.append)
    settings.use_device(own(), limits_of(own()))
    for _ in range(2000):
        await asyncio.sleep(0.01)
        if shown:
            break
    assert shown == ["mine"]
    request = settings.request()
    assert runs.RUNS.get(request.simulation) is None
    assert session.RESULTS.get(session.result_key(tab, request)) is None
    kept = work._caches(request)
    assert kept[0].get(request.simulation) is work.run
    work.close()
    assert len(kept[0]) == len(kept[1]) == 0 and work.run is None


def test_what_takes_long_can_be_stopped() -> None:
    cancel = threading.Event()
    assert limits_of(own(), cancel) == limits_of(own())
    cancel.set()
    with pytest.raises(Cancelled):
        limits_of(own(), cancel)


def test_a_range_beyond_all_voltages_ends_the_controls_at_a_thousand_volts() -> None:
    assert reach(dataclasses.replace(PUBLISHED, valid_range=1e308)) == FARTHEST
