"""The page in other windows, on paper and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.browser.drive import Dashboard


def test_each_window_holds_its_cards_whole(small_page: Dashboard) -> None:
    """No card is cut at the right, and at 1024 x 768 the first picture begins in the upper half."""
    page = small_page.page
    for width, height in ((768, 1024), (1024, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        cards = small_page.wait_for(
            lambda: page.locator(".card:visible").evaluate_all(
                "(cards) => cards.map((card) => { const b = card.getBoundingClientRect(); return [b.right, b.top] })"
            ),
            lambda cards, width=width: cards and all(right <= width for right, _ in cards),
            f"a card is cut at {width}", 20,
        )  # fmt: skip
        assert cards[0][1] < height / 2
        assert page.get_by_role("banner").get_by_text("Synaptogen Lab", exact=True).is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})


# Of each figure that is shown: its width, and where the frame in it ends.
ENDS = """
() => [...Bokeh.documents[0].all_models].filter((model) => model.type === "Figure")
  .map((figure) => Bokeh.index.find_one_by_id(figure.id))
  .filter((view) => view.el.checkVisibility({visibilityProperty: true}))
  .map((view) => [view.el.getBoundingClientRect().width, view.frame.bbox.right])
"""


def test_pictures_of_a_tab_fit_a_window_that_was_narrowed_while_it_was_hidden(small_page: Dashboard) -> None:
    page = small_page.page
    for tab in ("Device to device", "Overview"):
        small_page.settle(page.get_by_role("tab", name=tab).click)
    page.set_viewport_size({"width": 768, "height": 900})
    small_page.settle(page.get_by_role("tab", name="Device to device").click)
    small_page.wait_for(
        lambda: page.evaluate(ENDS), lambda ends: ends and all(0.6 * w < end <= w for w, end in ends), "cut", 20
    )
    page.set_viewport_size({"width": 1440, "height": 900})
    small_page.settle(page.get_by_role("tab", name="Overview").click)


# How many pixels of the pictures are darker than their middle, without a pause: a printer waits for nothing.
SHADES = """
() => {
  let dark = 0
  for (const figure of [...Bokeh.documents[0].all_models].filter((model) => model.type === "Figure")) {
    const view = Bokeh.index.find_one_by_id(figure.id)
    if (!view.el.checkVisibility({visibilityProperty: true})) { continue }
    const {canvas} = view.canvas_view.primary
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    for (let i = 0; i < data.length; i += 4) { dark += data[i + 3] > 127 && data[i] + data[i + 1] + data[i + 2] < 381 }
  }
  return dark
}
"""


# In how many frames of a change of the theme words were about as light as what is behind them; stops by itself.
ALIKE = """
() => {
  const find = (root, name) => root.querySelector(name) ??
    [...root.querySelectorAll("*")].map((el) => el.shadowRoot && find(el.shadowRoot, name)).find((found) => found)
  const [drawer, main, card] = [".MuiDrawer-paper", ".main", ".card"].map((name) => find(document, name))
  const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g); return (r * 1 + g * 1 + b * 1) / 765 }
  window.alike = [0, 0]
  const look = () => {
    for (const [words, ground] of [[drawer, drawer], [card, card], [card, main]]) {
      const seen = [getComputedStyle(words).color, getComputedStyle(ground).backgroundColor].map(light)
      window.alike[0] += Math.abs(seen[0] - seen[1]) < 0.5
    }
    if (++window.alike[1] < 60) { requestAnimationFrame(look) }
  }
  look()
}
"""


def at_rest(dashboard: Dashboard, above: float) -> float:
    """Dark pixels of the pictures, more than `above`, once the last of them is painted."""
    page, seen = dashboard.page, [-1.0, -1.0]

    def look() -> list[float]:
        seen[:] = seen[1], page.evaluate(SHADES)
        return seen

    return dashboard.wait_for(look, lambda now: now[0] == now[1] > above, "the pictures do not come to rest", 20)[1]


def test_paper_has_the_cards_of_the_tab_and_nothing_else(small_page: Dashboard, tmp_path: Path) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Device to device").click)  # it has shaded fields with words on them
    cards = page.locator(".card:visible").count()
    light = at_rest(small_page, 0)
    page.emulate_media(media="print")
    for hidden in ("banner", "tablist", "toolbar"):
        assert page.get_by_role(hidden).locator("visible=true").count() == 0, hidden
    assert page.get_by_text("8 × 8 cells · 20 cycles · hennen2024 · seed 5").is_visible(), "the settings"
    assert not page.get_by_role("slider", name="Rows").is_visible()
    breaks = page.locator(".card:visible").evaluate_all(
        "(cards) => cards.map((card) => getComputedStyle(card).breakInside)"
    )
    assert len(breaks) == cards > 1 and set(breaks) == {"avoid"}
    page.emulate_media(media="screen")
    small_page.wait_for(lambda: page.evaluate(SHADES), lambda now: now == light, "not the screen's pictures again", 20)
    page.evaluate(ALIKE)
    small_page.settle(page.get_by_label("Toggle theme").click)
    at_rest(small_page, 2 * light)
    alike = small_page.wait_for(lambda: page.evaluate("alike"), lambda seen: seen[1] == 60, "no frames", 20)
    assert alike[0] == 0, f"{alike[0]} times words could not be read"
    paper = SHADES.replace("() => {", "() => { dispatchEvent(new Event('beforeprint'))")
    small_page.wait_for(  # not at once: the server's part of the change may still be on its way
        lambda: page.evaluate(paper), lambda now: abs(now - light) < 0.02 * light,
        "pictures of a dark page are not light on paper", 5,
    )  # fmt: skip
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    small_page.settle(page.get_by_label("Toggle theme").click)
    raw = page.pdf(prefer_css_page_size=True)
    widths = [float(found) for found in re.findall(rb"/MediaBox \[0 0 ([\d.]+)", raw)]
    places = page.locator(".places-of-tabs").bounding_box()
    assert places and widths and all(width * 4 / 3 >= places["width"] for width in widths), "pictures are cut"


def test_a_phone_has_one_line_of_status_and_its_settings_in_a_sheet(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page("rows=8&columns=8&cycles=20&d2d=0&c2c=1.25&outlier_share=3.5", phone=True)
    page = dashboard.page
    shown, badge = (page.locator(f".status .{part}").bounding_box() for part in ("shown", "badge"))
    assert shown and badge and abs(shown["y"] - badge["y"]) < 8 and badge["x"] + badge["width"] <= 390
    first = page.locator(".card:visible").first.bounding_box()
    assert first and first["y"] < 250, "the picture comes first"
    page.get_by_label("Open drawer").click()
    box = page.get_by_label("Rows: number")
    box.wait_for(state="visible")
    assert box.input_value() == "8"
    page.wait_for_timeout(400)  # it slides in
    sheet = page.locator(".MuiDrawer-paper").bounding_box()
    assert sheet and sheet["width"] == 390 and sheet["y"] > 0.3 * 844 and abs(sheet["y"] + sheet["height"] - 844) < 2
    head = page.locator(".MuiDrawer-paper").get_by_text("Array", exact=True).bounding_box()
    assert head and head["y"] - sheet["y"] < 30, "no dead strip"
