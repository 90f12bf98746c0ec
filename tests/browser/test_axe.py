"""Accessibility by axe-core, tab by tab."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.tabs.registry import TABS
from tests.browser.drive import Dashboard

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def faults(dashboard: Dashboard) -> list[tuple[str, str]]:
    """Serious faults of what is shown: their rule and the element."""
    found = Axe().run(dashboard.page, options={**RULES, "resultTypes": ["violations"]}).response["violations"]
    return [
        (fault["id"], node["html"][:120])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.timeout(300)
def test_no_tab_has_a_serious_fault(small_page: Dashboard) -> None:
    page = small_page.page
    assert faults(small_page) == [], "Overview"
    page.evaluate("document.body.append(document.createElement('button'))")  # a button without a name
    assert faults(small_page)[0][0] == "button-name", "the judge sees nothing"
    page.evaluate("document.body.lastElementChild.remove()")
    wrong = {}
    for tab in TABS[1:]:
        small_page.settle(page.get_by_role("tab", name=tab.title, exact=True).click)
        wrong[tab.key] = faults(small_page)
    assert not any(wrong.values()), {key: found for key, found in wrong.items() if found}
    small_page.settle(page.get_by_role("tab", name="Overview").click)
