"""The page around its parts: header, drawer, space, and what is left of it on paper."""

from __future__ import annotations

from app.look.theme import BARE, HEADER, SURFACE, TEXT

BAR = 48  # pixels: height of the header
PAGE_STYLE = {
    "& .header": {"backgroundColor": HEADER, "backgroundImage": "none", "color": "#ffffff"},
    "& .header .MuiToolbar-root": {"minHeight": f"{BAR}px", "height": f"{BAR}px", "px": {"xs": "8px", "sm": "12px"}},
    "& .header .title": {
        "fontSize": "1.05rem",
        "fontWeight": 500,
        "whiteSpace": "nowrap",
        "mr": "10px",
    },
    "@media (max-width: 599px)": {"& .header a:has(.title)": {"display": "none !important"}},
    "& .header .MuiBox-root": {"minWidth": 0},
    "& .header .MuiLinearProgress-root": {"display": "none"},
    "& .MuiDrawer-paper > .MuiToolbar-root, & .main .MuiToolbar-root": {
        "minHeight": f"{BAR}px",
        "height": f"{BAR}px",
        "m": 0,
    },
    "@media print": {
        "--panel-on-background-color": TEXT[False],
        "--panel-on-surface-color": TEXT[False],
        "--panel-surface-color": SURFACE[False],
        "color": f"{TEXT[False]} !important",
        "display": "block",
        "height": "auto",
        "width": "100%",
        "overflow": "visible",
        "& .header, & nav, & .main .MuiToolbar-root": {"display": "none"},
        "& .main": {"backgroundColor": SURFACE[False]},
        "& .main, & .main > .MuiBox-root, & .main-content": {
            "display": "block",
            "height": "auto",
            "overflow": "visible",
            "margin": 0,
        },
    },
}
SPACE = """
:host { padding: 4px 16px 12px; box-sizing: border-box; }
@media (max-width: 599px) { :host { padding: 4px 8px; } }
"""


def look(*, hidden: bool, bare: bool, faded: bool = False) -> dict[str, str]:
    """Of a tab's place: hidden, without data yet, with pictures of other settings. Values always: a style that is taken
    away stays in the browser.
    """
    # What is hidden keeps its size, so that no figure has to be laid out and painted again when it comes back.
    hide = {"visibility": "hidden", "content-visibility": "hidden", "height": "0", "overflow": "hidden"}
    show = {"visibility": "visible", "content-visibility": "visible", "height": "auto", "overflow": "visible"}
    return (hide if hidden else show) | {
        "min-width": "0",
        "opacity": "0.45" if faded else "1",
        BARE: "1" if bare else "0",
    }
