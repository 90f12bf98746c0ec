"""The page: header, sidebar with all settings, status line, tabs. Composes; computes and draws nothing itself."""

from __future__ import annotations

import contextvars
import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.events import DocumentReady
from bokeh.models import CustomJS
from panel.io.resources import LOCAL_DIST

from app.look import copy_button, theme
from app.look.theme import HEADER, PALETTE, Theme
from app.page import leaving
from app.page.address import Address
from app.page.own_device import DeviceLine
from app.page.painted import PLACES, Painted
from app.page.sidebar import Sidebar
from app.page.status import StatusLine
from app.page.waveform import Waveform
from app.settings import link
from app.settings.sections import Settings
from app.tabs.data import files as run_files
from app.tabs.explorer import files as selection_files
from app.tabs.fit import files as fit_files
from app.tabs.fit.session import FitWork
from app.tabs.registry import TABS
from app.tabs.view import Context, View
from app.work.downloads import Downloads
from app.work.lane import has_loop
from app.work.session import Session
from app.work.states import FADED

PHONE = 600  # pixels; in a window narrower than this the sidebar is a drawer over the page, so it is closed
CLOSE_DRAWER = f"""
if (window.innerWidth < {PHONE}) {{
  for (const model of Bokeh.documents.flatMap((document) => [...document.all_models])) {{
    if (model.class_name === "Page") {{ model.data.sidebar_open = false }}
  }}
}}
"""
TABS_STYLE = {
    "& .MuiTab-root": {"textTransform": "none", "fontSize": "0.95rem", "minHeight": "44px", "minWidth": 0, "px": "11px"}
}
# Where a resize falls between the making of a figure and its layout, Bokeh measures what is not there yet, and fails.
MEASURE_LATER = """
let view = Bokeh.Models.get("Figure").prototype.default_view.prototype
while (!Object.hasOwn(view, "_measure_layout")) { view = Object.getPrototypeOf(view) }
for (const step of ["_measure_layout", "_after_layout"]) {
  const act = view[step]
  view[step] = function () { if (this.layout != null) { act.call(this) } }
}
"""
# A number box takes what was typed when Enter is pressed, and then no more until it is left and entered again.
ENTER_LEAVES = """
window.addEventListener("keyup", (event) => {
  const box = event.composedPath()[0]
  if (event.key === "Enter" && box instanceof HTMLInputElement && box.type === "text") { box.blur() }
})
"""
SPACE = {"p": {"xs": "8px", "md": "12px 16px"}}


class Dashboard:
    """One page of one browser session."""

    def __init__(self) -> None:
        self.settings = Settings({tab.key: tab.options for tab in TABS})
        self.document = pn.state.curdoc
        if self.document is not None:
            # Panel says so when it renders the HTML. A slow browser may come back when its session is gone: the
            # new one renders no HTML, and would ask a CDN for its style sheets.
            self.document.template_variables.setdefault("dist_url", LOCAL_DIST)
        dropped, tab = self._read_link()
        self.theme = Theme(dark=pn.config.theme == "dark")
        self.session = Session(self.settings, TABS, self._post)
        self.work = FitWork(self.settings.options["fit"], self._post, self.use_device)
        self.session.closing.append(self.work.close)
        self.settings.device.param.watch(lambda *events: self._tell_fit(), ["own", "device"])
        self._tell_fit()
        self.views: dict[str, View] = {}
        # Tabs keeps only what is active in the page and would build the rest anew at each visit: it is the bar only,
        # and the places stay, all but one of them hidden.
        self.tabs = pmui.Tabs(
            *((tab.title, pn.Spacer(height=0, margin=0)) for tab in TABS), sizing_mode="stretch_width", sx=TABS_STYLE,
            margin=0,
        )  # fmt: skip
        self.places = {
            tab.key: pmui.Column(sizing_mode="stretch_width", sx={"pt": "10px"}, margin=0,
                                 styles=look(hidden=True, bare=tab.of_run))
            for tab in TABS
        }  # fmt: skip
        self.bare = {tab.key for tab in TABS if tab.of_run}  # whose figures have shown no data yet
        self.painted = Painted(self.session.painted)
        self.session.announce = self.painted.ask
        self.tabs.active = next((i for i, t in enumerate(TABS) if t.key == tab), 0)
        self.address = Address(self.settings, lambda: TABS[self.tabs.active].key, self._post)
        waveform = Waveform(self.settings, self.theme, self._post)
        back = partial(self.use_device, None)
        self.sidebar = Sidebar(self.settings, self.address, waveform.figure, self._post, back)
        self.status = StatusLine(self.session, dropped)
        self.own = DeviceLine(self.settings, back)
        self.leaving = leaving.Leaving(self.settings, self.work, self._post)
        self.page = pmui.Page(
            title="Synaptogen Lab", sidebar=[self.sidebar.layout], sidebar_width=330, theme_config=PALETTE,
            main=[pmui.Column(
                self.status.layout, self.own.layout, self.tabs,
                pmui.Column(*self.places.values(), sizing_mode="stretch_width", margin=0, css_classes=[PLACES]),
                self.painted.layout, self.leaving.layout, sizing_mode="stretch_width", sx=SPACE, margin=0,
            )],
            busy_indicator=None, sidebar_open=not on_phone(),
            sx={"& .header": {"backgroundColor": HEADER, "color": "#ffffff"}},
        )  # fmt: skip
        self.tabs.param.watch(lambda event: self.open(TABS[event.new].key), "active")
        self.page.param.watch(lambda event: self._post(partial(self.theme.set_dark, event.new)), "dark_theme")
        self.session.status.param.watch(lambda event: self._dress(), "state")
        self.open(TABS[self.tabs.active].key)
        self.session.show_at_once()

    def servable(self) -> None:
        """Serve this page in the current session."""
        self.page.servable(location=False)  # link.of_request says why
        self.serve()

    def serve(self) -> None:
        """Begin to work once the page has been loaded, and let go of everything when it is closed."""
        if self.document is not None:
            for code in (CLOSE_DRAWER, MEASURE_LATER, ENTER_LEAVES, copy_button.LISTEN, leaving.ASK):
                self.document.js_on_event(DocumentReady, CustomJS(code=code))
            self.painted.follow(self.document)
        # Panel keeps this as long as its server lives: it must not hold the page.
        pn.config.exception_handler = partial(tell, weakref.ref(self.session))
        if has_loop():  # Panel has one cleaner for all pages: begun in the first one's context, it would keep that one
            contextvars.Context().run(pn.state._schedule_busy_cleanup)
        pn.state.onload(self.session.start)
        pn.state.on_session_destroyed(partial(clean_up, self.page, self.session))

    def open(self, tab: str) -> None:
        """Show a tab; its figures are made when it is first opened."""
        if tab not in self.views:
            context = Context(
                self.theme,
                self.settings.options[tab],
                self.settings.select,
                self.apply,
                self.show,
                self.downloads,
                self.settings.lines,
                self.work,
            )
            view = self.views[tab] = next(t for t in TABS if t.key == tab).view(context)
            self.places[tab].objects = [view.layout]
            self.session.connect(tab, view.update)
        self.session.open(tab)
        self._dress()
        self.address.refresh()

    def downloads(self, kinds: Sequence[str]) -> Downloads:
        """The download buttons of some formats, for the tab that shows them."""
        files = next((files for files in (run_files, selection_files) if kinds[0] in files.FORMATS), None)
        known = files.FORMATS if files else fit_files.FORMATS
        order = partial(files.order, self.session) if files else self.work.order
        downloads = Downloads(self._post, order, {kind: known[kind] for kind in kinds})
        self.session.closing.append(downloads.stop)
        return downloads

    def show(self, tab: str) -> None:
        """Open a tab as if it had been clicked."""
        self.tabs.active = next(i for i, t in enumerate(TABS) if t.key == tab)

    def apply(self, changes: dict[str, Any]) -> None:
        """Change settings by the names they have in a link: soon, and under the lock, which a click need not have."""
        self._post(partial(self._apply, dict(changes)))

    def use_device(self, device: Any, limits: Any = None) -> None:
        """The user's own device on all tabs, or (None) the published one again: soon, under the lock."""
        self._post(partial(self.settings.use_device, device, limits))

    def _tell_fit(self) -> None:
        """Which device the page shows: the Fit tab says whether it is its own."""
        device = self.settings.device
        self.work.status.page = (device.own.name, device.own.hash) if device.own is not None else (device.device, "")

    def _apply(self, changes: dict[str, Any]) -> None:
        if "device" in changes and self.settings.device.own is not None:
            self.settings.use_device(None)  # a lesson asks for a packaged set
        sections = {p + name: (section, name) for p, section in self.settings.sections() for name in section.names()}
        for key, value in changes.items():
            section, name = sections[key]
            setattr(section, name, value)

    def _read_link(self) -> tuple[list[str], str]:
        query = link.of_request(pn.state.session_args)
        return link.apply_query(self.settings, query), link.tab_of(query)

    def _post(self, function: Any) -> None:
        """Run under the lock of the document, all changes in one message.

        Panel may call a widget's watchers while another callback holds the lock. Its own models wait then; a Bokeh
        model that is set directly would raise, and the change be lost.
        """
        if self.document is None or self.document.session_context is None:
            function()
        else:
            self.document.add_next_tick_callback(partial(held, self.document, function))

    def _dress(self) -> None:
        """Pictures of settings that are no longer shown step back; figures without data are not shown at all."""
        state, visible = self.session.status.state, self.session.visible
        if state == "ready":
            self.bare.discard(visible)
        for tab in TABS:
            bare, faded = tab.key in self.bare, tab.of_run and state in FADED
            self.places[tab.key].styles = look(hidden=tab.key != visible, bare=bare, faded=faded)


def look(*, hidden: bool, bare: bool, faded: bool = False) -> dict[str, str]:
    """Of a tab's place: hidden, without data yet, with pictures of other settings. Values always: a style that is taken
    away stays in the browser.
    """
    # What is hidden keeps its size, so that no figure has to be laid out and painted again when it comes back.
    hide = {"visibility": "hidden", "content-visibility": "hidden", "height": "0", "overflow": "hidden"}
    show = {"visibility": "visible", "content-visibility": "visible", "height": "auto", "overflow": "visible"}
    return (hide if hidden else show) | {"opacity": "0.45" if faded else "1", theme.BARE: "1" if bare else "0"}


def on_phone() -> bool:
    """Whether the browser says so; then the drawer is closed from the first moment on."""
    return any(name.lower() == "user-agent" and "Mobi" in value for name, value in pn.state.headers.items())


def held(document: Any, function: Any) -> None:
    with pn.io.hold(document):
        function()


def tell(session: weakref.ref[Session], error: BaseException) -> None:
    """An exception in a callback of the page, as a sentence in it."""
    alive = session()
    if alive is not None:
        alive.tell(error)


def clean_up(page: Any, session: Session, context: Any, state: Any = pn.state) -> None:
    """Let go of a closed page: Page watches Panel's process-wide `busy`, which would keep it alive for ever."""
    session.close()
    for watcher in list(state.param.watchers.get("busy", {}).get("value", [])):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            state.param.unwatch(watcher)
