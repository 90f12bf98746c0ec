"""The look of the page, clause by clause, each on a page that others have used before it."""

from __future__ import annotations

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


def test_help_opens_by_keyboard_and_gives_the_focus_back(small_page: Dashboard) -> None:
    page = small_page.page
    for item, said in (("Glossary", "One SET and one RESET"), ("How to cite", "10.1109/TED.2024.3427616")):
        page.get_by_role("button", name="Help").focus()
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name=item, exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_text(said).first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")
        page.wait_for_function("document.activeElement !== document.body")
        assert active(small_page) == "Help"
