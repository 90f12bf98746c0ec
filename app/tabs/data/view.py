"""Take the run away: download, xarray's own view of it, and the Python that makes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
from param.parameterized import Event

from app.controls.panel import Group, Panel
from app.controls.upload import door
from app.look import layout, theme
from app.look.copy_button import CopyButton
from app.look.plain import escape
from app.tabs.view import Context
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.data.compute import Result

# xarray's style sheet looks for colours at :root, which does not reach into a component.
XARRAY_STYLE = """
:host {
  --xr-font-color0: var(--panel-on-surface-color); --xr-font-color2: color-mix(in srgb, currentColor 85%, transparent);
  --xr-font-color3: color-mix(in srgb, currentColor 80%, transparent); --xr-border-color: var(--divider-color);
  --xr-disabled-color: color-mix(in srgb, currentColor 40%, transparent);
  --xr-background-color: var(--panel-surface-color); --xr-background-color-row-even: var(--panel-surface-color);
  --xr-background-color-row-odd: color-mix(in srgb, var(--panel-on-surface-color) 5%, var(--panel-surface-color));
  color: var(--panel-on-surface-color); overflow-x: auto;
}
.xr-wrap { min-width: 560px !important; }
"""
CODE_STYLE = """
pre { margin: 0; padding: 12px; overflow-x: auto; font-size: 0.85rem; border-radius: 4px;
      background: color-mix(in srgb, currentColor 6%, transparent); }
:host { color: var(--panel-on-surface-color); }
"""


FORMATS = {
    "nc": ("NetCDF", "everything, with units; opens with xarray.open_dataset"),
    "zarr.zip": ("Zarr (zip)", "the same as a zipped Zarr store, for reading in parts"),
    "csv": ("CSV", "a long table of the four features, one row per cell and cycle"),
    "report.html": ("Report", "settings, pictures, numbers and how to cite, on one page"),
}
MOST_MB = 8  # of a session's file: the largest device takes some
SESSION = (
    "All settings and your own device in a small file: open it here, or give it to "
    "<code>synaptogen generate run.nc --session synaptogen.session.json</code>."
)
SIZES_STYLE = """
td { padding: 1px 18px 1px 0; } td:nth-child(2) { text-align: right; white-space: nowrap; } p { margin: 6px 0; }
"""


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.sizes = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 6), stylesheets=[SIZES_STYLE])
        self.repr = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 6), stylesheets=[XARRAY_STYLE])
        self.code = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 6), stylesheets=[CODE_STYLE])
        self.copy = CopyButton("Copy as Python")
        self.file = door(
            "Open a session: drop its file here", self._answer, MOST_MB, self._taken, remedy="choose another",
            accept=".json", sizing_mode="stretch_width", margin=(4, 6),
        )  # fmt: skip
        self.opened = theme.note()
        self.files = {kinds: context.downloads(kinds) for kinds in (tuple(FORMATS), ("session.json",))}
        run, session = self.files.values()
        choice = Panel((Group(context.options, context.options.names()),), layout="bar")
        self.layout = layout.column(
            theme.card(theme.heading("Download"), choice, self.sizes, run.layout),
            theme.card(
                theme.heading("Session"), theme.note(SESSION), session.layout,
                self.file, self.opened,
            ),
            theme.card(theme.heading("Contents"), self.repr),
            theme.card(layout.row(theme.heading("Python code for this run"), self.copy.layout, margin=0), self.code),
            gap=10,
        )  # fmt: skip

    def download(self, kind: str) -> None:
        """Begin to send a file, as its button does."""
        for kinds, files in self.files.items():
            if kind in kinds:
                files.start(kind)

    def _taken(self, event: Event) -> None:
        """A session's file: all settings become what it says."""
        if event.new:
            name = str(self.file.filename or "file")
            self.context.open_session(name, bytes(event.new), self._answer)
            self.file.param.update(value=None)

    def _answer(self, text: str) -> None:
        self.opened.object = escape(text)

    def update(self, result: Result) -> None:
        rows = "".join(
            f"<tr><td>{name}</td><td>{about(result.sizes.get(kind))}</td><td>{what}</td></tr>"
            for kind, (name, what) in FORMATS.items()
        )
        streamed = f" {result.streamed}" if result.streamed else ""
        self.sizes.object = f"<table>{rows}</table><p>Size in memory: {theme.size(result.bytes)}.{streamed}</p>"
        self.repr.object = result.html
        self.code.object = (
            '<pre tabindex="0" role="region" aria-label="Python code of this run">'
            f"{escape(result.python, longest=len(result.python))}</pre>"
        )
        self.copy.text = result.python


def about(size: int | None) -> str:
    """An expected size in words; nothing where it is not known."""
    return "" if size is None else f"about {theme.size(size)}"
