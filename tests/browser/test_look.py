"""The look of the page, clause by clause, each on a page that others have used before it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from tests.browser.drive import Dashboard


def active(dashboard: Dashboard) -> str:
    """What has the focus, through all shadow roots: its name, or its text."""
    return dashboard.page.evaluate("""() => {
      let at = document.activeElement
      while (at?.shadowRoot?.activeElement) { at = at.shadowRoot.activeElement }
      return at?.getAttribute("aria-label") ?? at?.textContent ?? ""
    }""")


def test_the_header_is_48_pixels_and_names_device_and_window(small_page: Dashboard) -> None:
    page = small_page.page
    box = page.get_by_role("banner").bounding_box()
    assert box is not None and box["height"] == 48
    assert page.get_by_role("button", name="Device: hennen2024 (published)").is_visible()
    assert page.title() == "Overview · hennen2024 · Synaptogen Lab"
    icon = page.locator("link[rel=icon]").first.get_attribute("href") or ""
    assert icon.startswith("data:image/svg+xml"), "the page's own icon"


def test_tabs_are_one_stop_in_which_arrows_move(small_page: Dashboard) -> None:
    page = small_page.page
    names = page.get_by_role("tab").evaluate_all("(tabs) => tabs.map((tab) => tab.getAttribute('aria-label'))")
    assert names[:3] == ["Overview", "Distributions", "Cycle to cycle"] and names[-1] == "Learn"
    assert page.locator("[role=tab][tabindex='0']").count() == 1
    page.get_by_role("tab", name="Overview").focus()
    small_page.settle(lambda: page.keyboard.press("End"))
    assert active(small_page) == "Learn" and page.title().startswith("Learn · ")
    small_page.settle(lambda: page.keyboard.press("Home"))
    assert active(small_page) == "Overview"


FRAMES = """
() => Object.fromEntries([...Bokeh.documents[0].all_models].filter((m) => m.type === "Figure").map((figure) => {
  const view = Bokeh.index.find_one_by_id(figure.id), {left, top} = view.el.getBoundingClientRect()
  const {width, height} = view.frame.bbox
  const title = figure.title?.text ?? ""
  return [figure.name.replace("overview ", ""), {left, top: top + window.scrollY, width, height, title}]
}))
"""


def test_the_overview_shows_the_response_beside_square_cells_then_features_then_window_and_loops(
    small_page: Dashboard,
) -> None:
    page = small_page.page
    frames = small_page.wait_for(
        lambda: page.evaluate(FRAMES),
        lambda f: abs(f["map"]["width"] - f["map"]["height"]) < 2,
        "cells are not square",
        20,
    )
    rows = [["response", "map"], ["r_hrs", "u_set", "r_lrs", "u_reset"], ["window", "loops"]]
    for row in rows:
        assert len({round(frames[name]["top"] / 40) for name in row}) == 1, row
        lefts = [frames[name]["left"] for name in row]
        assert lefts == sorted(lefts) and len(set(lefts)) == len(row)
    tops = [frames[name]["top"] for name in ("response", "r_hrs", "window")]
    assert tops == sorted(set(tops)), "the response, then features, then the rest"
    assert re.fullmatch(r"HRS resistance  [\d.]+ kΩ", frames["r_hrs"]["title"])
    small_page.settle(lambda: small_page.fill("Rows: number", "4"))
    small_page.wait_for(
        lambda: page.evaluate(FRAMES)["map"], lambda f: abs(f["width"] - 2 * f["height"]) < 4, "4 x 8 cells", 20
    )
    small_page.settle(lambda: small_page.fill("Rows: number", "8"))


def test_the_options_of_a_tab_are_one_line_with_the_rest_under_more(small_page: Dashboard) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Distributions").click)
    bar = page.locator(".panel.bar:visible")
    more = bar.get_by_text("More", exact=True)
    small_page.wait_for(lambda: bar.bounding_box()["height"], lambda high: 36 <= high <= 44, "more than a line", 20)
    assert not page.get_by_label("Model", exact=True).is_visible()
    heights = bar.locator("select:visible, input[type=text]:visible, summary:visible").evaluate_all(
        "(controls) => [...new Set(controls.map((control) => control.getBoundingClientRect().height))]"
    )
    assert heights == [32]
    more.press("Enter")
    page.get_by_label("Model", exact=True).wait_for(state="visible")
    more.press("Enter")
    page.set_viewport_size({"width": 1900, "height": 900})
    page.get_by_label("Model", exact=True).wait_for(state="visible")
    more.wait_for(state="hidden")
    page.set_viewport_size({"width": 1440, "height": 900})
    small_page.settle(page.get_by_role("tab", name="Overview").click)


def test_share_and_export_are_in_the_header(small_page: Dashboard) -> None:
    page = small_page.page
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("menuitem", name="Copy the link").click()
    page.get_by_text("Link copied").or_(page.get_by_label("Link to copy")).filter(visible=True).first.wait_for()
    if page.get_by_label("Link to copy").is_visible():  # a browser may refuse
        assert page.get_by_label("Link to copy").input_value() == page.url
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("menuitem", name="Features (CSV)").click()
    assert waiting.value.suggested_filename.endswith(".csv")
    small_page.settle(page.get_by_role("tab", name="Overview").click)


def test_followed_cells_differ_in_shape_too(small_page: Dashboard) -> None:
    page = small_page.page
    before = small_page.sources("overview response")
    page.keyboard.down("Shift")
    page.mouse.click(*small_page.place("overview map", 3, 5))
    page.keyboard.up("Shift")
    small_page.wait_change("overview response", before)
    marks = next(source for source in small_page.sources("overview map") if "marker" in source)
    assert len(marks["x"]) == 2 == len(set(marks["marker"])) == len(set(marks["color"]))
    page.get_by_text("cell (3, 5)").first.wait_for()


REDRAWN = """
() => {
  const header = [...Bokeh.documents[0].all_models].find((model) => model.class_name === "Header")
  header.data.actions = [...header.data.actions]
  header.data.properties.actions.change.emit()
}
"""


def test_help_opens_by_keyboard_and_gives_the_focus_back(small_page: Dashboard) -> None:
    page = small_page.page
    for item, said in (("Glossary", "One SET and one RESET"), ("How to cite", "10.1109/TED.2024.3427616")):
        page.get_by_role("button", name="Help").focus()
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name=item, exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_text(said).first.wait_for()
        page.evaluate(REDRAWN)  # as an undo that has become possible meanwhile
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")
        page.wait_for_function("document.activeElement !== document.body")
        assert active(small_page) == "Help"


def segments(dashboard: Dashboard) -> str:
    """The train that the address holds."""
    return parse_qs(urlsplit(dashboard.page.url).query).get("segments", [""])[0]


def rest(dashboard: Dashboard) -> None:
    """Wait until the settings have come to rest, and their state is kept: the browser's history then grows no more."""
    seen = None
    while seen != (seen := dashboard.page.evaluate("history.state.state")):
        dashboard.page.wait_for_timeout(1200)


def test_the_pulse_lab_is_worked_by_keyboard_and_undone(small_page: Dashboard) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Pulse lab").click)
    lines = page.get_by_role("list", name="Segments of the pulse train").get_by_role("listitem")
    assert lines.count() == 1 and "% of the cells switch" in lines.first.inner_text(), "the train of the sidebar"
    small_page.settle(lambda: page.get_by_label("Presets …").select_option(label="Random weights"))
    assert segments(small_page) == "pulse -1.5, random 0.6 1.4 0 1, read" and lines.count() == 3
    page.get_by_role("button", name="Segment 1: down").focus()
    small_page.settle(lambda: page.keyboard.press("Enter"))
    assert segments(small_page) == "random 0.6 1.4 0 1, pulse -1.5, read"
    page.get_by_label("Segment 2: kind").focus()
    small_page.settle(lambda: page.keyboard.press("Alt+ArrowUp"))
    assert segments(small_page) == "pulse -1.5, random 0.6 1.4 0 1, read"
    rest(small_page)
    box = page.get_by_label("Segment 2, to (V)")
    box.fill("0,4")
    box.press("Enter")
    page.get_by_text("from must be below to").wait_for()
    assert box.input_value() == "0,4" and box.get_attribute("aria-invalid") == "true"
    box.fill("1.2 V")
    small_page.settle(lambda: box.press("Enter"))
    assert segments(small_page) == "pulse -1.5, random 0.6 1.2 0 1, read" and not small_page.spilling()
    rest(small_page)
    small_page.settle(page.get_by_role("button", name="Undo").click)
    assert segments(small_page) == "pulse -1.5, random 0.6 1.4 0 1, read" and lines.count() == 3


def test_words_of_a_tab_say_what_they_mean_by_keyboard(small_page: Dashboard) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Realism").click)
    page.get_by_text(re.compile("numbers lie in their band")).first.wait_for(state="visible")
    word = page.get_by_role("button", name="quantile", exact=True)
    word.focus()
    page.keyboard.press("Enter")
    meaning = page.get_by_text("the 50 % quantile is the median")
    meaning.wait_for(state="visible")
    page.keyboard.press("Escape")
    meaning.wait_for(state="hidden")
    small_page.settle(page.get_by_role("tab", name="Overview").click)
