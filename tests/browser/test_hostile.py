"""Hostile links and files in the browser: no script runs, and no element appears that is not ours.

A few pages carry many texts; `python -m tests.browser.siege` opens 200 links and drops 200 files of each kind.
"""

from __future__ import annotations

import html
import json
import urllib.error
import urllib.request
from collections.abc import Callable

import panel_material_ui as pmui
import pytest
from playwright.sync_api import Browser

import synaptogen_core as sc
from app.look import theme
from app.look.plain import escape
from app.page import guard
from tests.browser.drive import DESK, Dashboard
from tests.browser.siege import Siege, keys
from tests.hostile import FOREIGN, SPELLINGS, WATCH, files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# Where a point of a picture lies on the screen.
DOT = """
async (name) => {
  const figure = [...Bokeh.documents[0].all_models].find((model) => model.name === name)
  const view = Bokeh.index.find_one_by_id(figure.id), source = figure.renderers[0].data_source
  view.el.scrollIntoView({block: "center"})
  for (let i = 0; i < 10; i++) { await new Promise(requestAnimationFrame) }
  const box = view.canvas_view.el.getBoundingClientRect()
  return [box.left + view.frame.x_scale.compute(source.get_column("x")[0]),
          box.top + view.frame.y_scale.compute(source.get_column("y")[0])]
}
"""
# What an alert of the component set does with its words.
DRAW = """
(words) => {
  for (const text of words) {
    const place = document.createElement("div")
    place.innerHTML = new DOMParser().parseFromString(text, "text/html").documentElement.textContent
    document.body.append(place)
  }
}
"""


def test_no_spelling_makes_an_element_in_an_empty_page(browser: Browser) -> None:
    """Chromium's own reading of what the doors let through; without a policy that would stop a script."""

    def found(words: list[str]) -> list[str]:
        page = browser.new_page()
        page.evaluate(WATCH)
        page.evaluate(DRAW, words)
        page.wait_for_timeout(100)  # for whatever loads, and fails to
        found = page.evaluate(FOREIGN, None)
        found += page.evaluate("[...document.querySelectorAll('div *:not(br)')].map((element) => element.localName)")
        page.close()
        return found

    ours, theirs, texts = (alert_words(alert) for alert in (theme.Alert(), pmui.Alert(), None))
    assert found(ours) == [] and found(texts) == []
    assert len(found(theirs)) > 200 and any("scripts ran" in what for what in found(theirs))  # the negative control


def alert_words(alert: pmui.Alert | None) -> list[str]:
    """What is sent to the browser for each spelling: by an alert, or as HTML."""
    if alert is None:
        return [html.escape(escape(text)) for text in SPELLINGS]
    model, words = alert.get_root(), []
    for text in SPELLINGS:
        alert.object = text
        words.append(model.data.object)
    return words


def test_hostile_links_and_files_are_shown_as_text(server: str, browser: Browser) -> None:
    siege = Siege(browser, server)
    siege.link("own=%3Cimg src=x onerror=pwn()%3E&rows=%3Csvg/onload=pwn()%3E&" + keys(SPELLINGS[: 10 * 9 : 9]))
    for i, text in enumerate(SPELLINGS[5 :: len(SPELLINGS) // 3]):
        for name, content in files(text, i):
            siege.drop(name, content)
    siege.close()


def test_devices_of_hostile_names_are_fitted_and_used(server: str, browser: Browser) -> None:
    """Names go on: to choices, tables, tips over pictures, the device that all tabs show, and the links of the page."""
    device = sc.load_device("hennen2024").vary(order=1)
    ds = sc.fitting.from_simulation(sc.simulate(sc.CellArray((8, 1), device, seed=1), sc.PulseTrain.cycling(40)))
    labels = [f"{SPELLINGS[9 * i]} {i}".replace('"', '""').replace("\0", "") for i in range(8)]
    columns = (ds[name].values for name in ("device_index", "cycle", "r_hrs", "u_set", "r_lrs", "u_reset"))
    rows = [
        f'"{labels[d]}",{c},' + ",".join(f"{v:.6g}" for v in values) for d, c, *values in zip(*columns, strict=True)
    ]
    page = browser.new_page(**DESK)
    page.add_init_script(WATCH)
    dashboard = Dashboard(page, server).open(
        "rows=8&columns=8&cycles=20&tab=fit&fit.model=published&fit.order=1&fit.components=1"
    )

    def drop(name: str, content: str) -> None:
        page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "text/plain", "buffer": content.encode()}]
        )

    def check() -> None:
        dashboard.wait_drawn()
        assert page.evaluate(FOREIGN, None) == [] and not dashboard.failures

    drop("<svg onload=pwn()>.csv", "\n".join(["device,cycle,r_hrs [ohm],u_set [V],r_lrs [ohm],u_reset [V]", *rows]))
    page.get_by_role("button", name="Report", exact=True).wait_for()  # the fit has been judged
    x, y = page.evaluate(DOT, "fit devices")
    page.mouse.move(x, y)
    page.locator(".bk-tooltip-row-value, [class*=tooltip-row-value]").first.wait_for()
    check()
    mine = {**device.to_dict(), "name": SPELLINGS[0] + "x" * 200, "notes": list(SPELLINGS[:50]), "source": SPELLINGS[1]}
    drop("mine.json", json.dumps(mine | {"citation": SPELLINGS[2], "licence": SPELLINGS[3]}))
    page.locator(".own-device").wait_for()
    page.locator(".own-device summary").click()
    check()
    dashboard.settle(page.get_by_role("tab", name="Data").click)
    check()
    page.close()


# Doors beside Fit's: tab, which of those that are there by then (from the end), a suffix, a content that is refused.
DOORS = (
    ("Time", 1, ".csv", "device,time [s],resistance [ohm]\n{0},1,1e4\n{0},x,1e4\n"),
    ("Networks", 1, ".npz", "{0}"),
    ("Networks", 2, ".csv", "1,0.5\n{0},0.5\n"),
    ("Crossbar", 1, ".csv", "0.1, {0}\n"),
    ("Data", 1, ".json", '{{"settings": {{"device.name": {0}}}}}'),
)


def test_every_tab_that_takes_a_file_shows_its_name_and_words_as_text(server: str, browser: Browser) -> None:
    """The words of a refusal carry both."""
    page = browser.new_page(**DESK)
    page.add_init_script(WATCH)
    dashboard = Dashboard(page, server).open("rows=8&columns=8&cycles=20&crossbar.pattern=own")
    for number, (title, place, suffix, begun) in enumerate(DOORS):
        tab = page.get_by_role("tab", name=title, exact=True)
        if tab.get_attribute("aria-selected") != "true":
            dashboard.settle(tab.click)
        doors = page.locator("input[type=file]")
        door = doors.nth(doors.count() - place)
        for turn, text in enumerate(SPELLINGS[number :: len(SPELLINGS) // 2][:2]):
            words = f"n{number}{turn}" + text.replace("\0", "")
            name = "".join(letter for letter in words if letter not in "/\n")[:60] + suffix
            content = begun.format(json.dumps(words)).encode()
            door.set_input_files([{"name": name, "mimeType": "text/plain", "buffer": content}])
            page.get_by_text(words[:3]).filter(visible=True).filter(has_text="must").first.wait_for()
            dashboard.wait_drawn()
            assert page.evaluate(FOREIGN, None) == [] and not dashboard.failures, (title, text)
    page.close()


def test_a_page_comes_with_its_policy_and_says_what_is_wrong(server: str, open_page: Callable[..., Dashboard]) -> None:
    for query in ("theme=%ff", "seed=" + "9" * 4301, "rows=%C2%B2"):
        answer = urllib.request.urlopen(f"{server}?{query}", timeout=60)
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == guard.FRAMES == "'self'"
        assert "'unsafe-inline'" not in policy["script-src"] and policy["object-src"] == "'none'"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Application Error" not in answer.read().decode()


def test_no_script_of_the_server_repeats_a_query(server: str) -> None:
    """Bokeh's script for embedding does, unescaped: the policy would let it run."""
    query = "?bokeh-autoload-element=%22);pwn();(%22&bokeh-app-path=/main"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server}/autoload.js{query}", timeout=60)
    assert refused.value.code == 404 and "pwn" not in refused.value.read().decode()
