"""Drags in figures, as a hand with a mouse makes them."""

from __future__ import annotations

from tests.browser.drive import FIND, Dashboard

BOX = f"""
(name) => {{
  const view = Bokeh.index.find_one_by_id(({FIND})(name).id)
  view.el.scrollIntoView({{block: "center"}})
  const {{ left, top }} = view.canvas_view.el.getBoundingClientRect()
  const {{ x0, y0, x1, y1 }} = view.frame.bbox
  return [left + x0, top + y0, left + x1, top + y1]
}}
"""


def frame(dashboard: Dashboard, figure: str) -> list[float]:
    """Left, top, right and bottom of a figure's frame on the screen."""
    return dashboard.page.evaluate(BOX, figure)


def drag_box(dashboard: Dashboard, figure: str, part: tuple[float, float, float, float]) -> None:
    """Drag a box over a part of a figure's frame: shares of its width and height, from the left and from the top."""
    left, top, right, bottom = frame(dashboard, figure)
    mouse, (x0, y0, x1, y1) = dashboard.page.mouse, part
    mouse.move(left + x0 * (right - left), top + y0 * (bottom - top))
    mouse.down()
    for share in (0.5, 1.0):
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        mouse.move(left + x * (right - left), top + y * (bottom - top), steps=4)
    mouse.up()
