"""What a page offers to those who see little, or have no mouse: axe-core's rules, Tab stops, the mark of the focus."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.drive import Dashboard

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SHAPES = {**RULES, "rules": {"color-contrast": {"enabled": False}}}  # what a narrow window may change: no colour
# Shows the places of all tabs at once, one below the other, or (false) the one that is open; until nothing moves.
SHOW = """
async (all) => {
  window.deep = (root) => [...root?.querySelectorAll("*") ?? []].flatMap((e) => [e, ...deep(e.shadowRoot)])
  const shown = {visibility: "visible", "content-visibility": "visible", height: "auto", overflow: "visible"}
  window.places = () => Bokeh.index.find_one_by_id(
    [...Bokeh.documents[0].all_models].find((model) => model.css_classes?.includes("places-of-tabs")).id).child_views
  for (const {el, model} of places()) {
    for (const name in shown) { el.style.setProperty(name, (all ? shown : model.styles)[name]) }
  }
  const up = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host
  for (let e of [places()[0].el, deep(document).find((e) => e.matches(".panel.side"))]) {
    for (; e; e = up(e)) { e.style.overflow = all ? "visible" : "" } // axe-core leaves out what is scrolled away
  }
  for (const {style} of deep(document).filter((e) => e.tagName === "CANVAS")) { style.display = all ? "none" : "" }
  for (let still = 0; still < 3; still++) {
    await new Promise(requestAnimationFrame)
    for (const motion of deep(document).flatMap((e) => e.getAnimations())) {
      if (motion.effect.getComputedTiming().endTime < Infinity) { motion.finish(); still = 0 }
    }
  }
}
"""
JUDGE = """
async (rules) => (await axe.run(document, {...rules, resultTypes: ["violations"], preload: false})).violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 120)}`))
"""
# What can be worked, as far as it is shown, enabled, and not hidden from readers: `controls()`. `named(e)` says which.
FIND = """
() => {
  const roles = ["button", "slider", "checkbox", "switch", "tab", "menuitem", "option", "combobox", "radio", "link"]
  const kinds = ["a[href]", "button", "input", "select", "textarea", "summary", "[contenteditable]", "[tabindex]"]
  const kind = [...kinds, ...roles.map((role) => `[role=${role}]`)].join()
  const up = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host
  window.way = (e) => (e ? [e, ...way(up(e))] : [])
  window.active = () => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) { at = at.shadowRoot.activeElement }
    return at
  }
  window.controls = () => deep(document).filter((e) => e.matches(kind) && !e.disabled && e.ariaDisabled !== "true" &&
    e.checkVisibility({visibilityProperty: true}) && !way(e).some((a) => a.inert || a.ariaHidden === "true"))
  window.named = (e) => `${e.tagName} ${e.ariaLabel || e.title || e.textContent.slice(0, 40)} in ${
    way(e).slice(1, 4).map((a) => a.className || a.tagName).join(" in ")}`
  // Where the focus has been, in any shadow root.
  window.visited = new Set()
  const note = (event) => visited.add(event.composedPath()[0])
  for (const root of [document, ...deep(document).map((e) => e.shadowRoot)]) { root?.addEventListener("focusin", note) }
  active()?.blur()
}
"""
# Of a toolbar that is one stop, arrows reach the rest. One of the tabs stands for all, a number's box for the steps
# beside it, whose arrow keys do the same, and a file's box for the label around it.
UNREACHED = """
() => {
  const stops = controls().filter((e) => visited.has(e))
  for (const first of stops.filter((e) => e.closest("[role=toolbar]:has([tabindex='-1'])"))) {
    first.focus()
    do {
      active().dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}))
    } while (active() !== first)
  }
  const stand = (e) => [e, ...e.closest("[role=tablist], .number, label")?.querySelectorAll("*") ?? []]
  return controls().filter((e) => !stand(e).some((a) => visited.has(a))).map(named)
}
"""
# Controls that look the same with the focus of the keyboard and without it, they themselves and what is around them;
# one of each kind is looked at.
UNMARKED = """
async () => {
  const parts = ["outlineStyle", "outlineColor", "boxShadow", "borderTopColor", "borderBottomColor", "backgroundColor"]
  const near = (e) => {
    const around = way(e).slice(0, 4).filter((a) => a instanceof Element)
    return [...around, ...around.slice(1, 3).flatMap((a) => [...a.children])]
  }
  const look = (e) => {
    for (const a of near(e)) { for (const motion of a.getAnimations()) { motion.finish() } }
    return near(e).flatMap((a) => parts.map((part) => getComputedStyle(a)[part])).join()
  }
  const kind = (e) => [e.type, ...way(e).slice(0, 4).map((a) => `${a.tagName} ${a.className}`)].join()
  const same = []
  for (const e of new Map(controls().filter((e) => visited.has(e)).map((e) => [kind(e), e])).values()) {
    active()?.blur()
    const before = look(e)
    e.focus({focusVisible: true, preventScroll: true})
    await new Promise((after) => setTimeout(after)) // React is told
    look(e)
    if (look(e) === before) { same.push(named(e)) }
  }
  return same
}
"""


# In the place of the last tab two buttons: one has no name and is no stop; the other is pale, and hides its focus.
PLANT = """
() => {
  const wrong = document.createElement("div")
  wrong.className = "wrong"
  wrong.innerHTML = `<button tabindex="-1"></button>
    <button style="all: unset; color: #888; background: #999">pale</button>`
  places().at(-1).shadow_el.append(wrong)
}
"""


def show_all(dashboard: Dashboard, shown: bool = True) -> None:
    """Show all tabs that have been visited at once, one below the other, without their pictures; or as before."""
    dashboard.page.evaluate(SHOW, shown)


def plant(dashboard: Dashboard) -> None:
    """Let the page have a fault of each kind that is sought, so that a search that finds nothing is seen."""
    dashboard.page.evaluate(PLANT)


def faults(dashboard: Dashboard, rules: object = RULES) -> list[str]:
    """Serious faults of what is shown: rule and element."""
    if dashboard.page.evaluate("!window.axe"):
        dashboard.page.evaluate(AXE_SCRIPT)
    return dashboard.page.evaluate(JUDGE, rules)


def tab_through(dashboard: Dashboard) -> Sequence[str]:
    """Press Tab from the top of the page until it leads nowhere new; say which controls that does not reach."""
    page, before = dashboard.page, -1
    page.evaluate(FIND)
    while before < (before := page.evaluate("visited.size")):
        for _ in range(50):
            page.keyboard.press("Tab")
    return page.evaluate(UNREACHED)


def unmarked(dashboard: Dashboard) -> Sequence[str]:
    """Of the controls that `tab_through` reached, those that do not show that they have the focus."""
    return dashboard.page.evaluate(UNMARKED)
