"""The page: header, sidebar with all settings, status line, tabs. Composes; computes and draws nothing itself."""

from __future__ import annotations

import contextvars
import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import CustomJS
from panel.io.resources import LOCAL_DIST

import synaptogen_core as sc
from app.compare import selection
from app.compare.beside import Beside, Extra, Pinned
from app.compare.ghosts import Ghosts
from app.compare.panel import ComparePanel
from app.controls.terms import Terms
from app.look import layout, theme
from app.look.plain import plain
from app.look.theme import PALETTE, Theme
from app.page import help, leaving
from app.page.address import Address
from app.page.header import Header
from app.page.own_device import DeviceLine
from app.page.painted import PLACES, Painted
from app.page.sidebar import Sidebar
from app.page.status import StatusLine
from app.page.style import PAGE_STYLE, SPACE, look
from app.page.tab_bar import TabBar
from app.settings import history, link, presets, session_file
from app.settings.caption import caption
from app.settings.sections import Limits, Settings
from app.tabs.data import files as run_files
from app.tabs.explorer import files as selection_files
from app.tabs.fit import files as fit_files
from app.tabs.fit.session import FitWork
from app.tabs.pulses import files as train_files
from app.tabs.registry import TABS
from app.tabs.view import Context
from app.work import crowd
from app.work.downloads import Downloads
from app.work.lane import has_loop
from app.work.session import Session
from app.work.states import FADED
from synaptogen_core.errors import SynaptogenError

SIDEBAR = 280  # pixels
KEYS = [tab.key for tab in TABS]
DEVICE_MENU = (("fit", "Use a device of your own (Fit)"), ("d2d", "How devices differ (Device to device)"))
SHARE = (("link", "Copy the link"), ("session.json", "Session as a file, own device included"))  # the browser copies
EXPORT = (("report.html", "Report of the run (HTML)"), ("nc", "Data (NetCDF)"), ("csv", "Features (CSV)"))
COLORS = {"ON_PAPER": theme.ON_PAPER, "SCHEMES": theme.SCHEMES}
PATCHES = "".join(f"const {name} = {json.dumps(value)}\n" for name, value in COLORS.items())
PATCHES += Path(__file__).with_name("page.js").read_text("utf-8")
TOOLS = [
    Path(theme.__file__).with_name(f"figure_{part}.js").read_text(encoding="utf-8")
    for part in ("export", "numbers", "tools")
]
ICON = Path(__file__).with_name("favicon.svg")


class Dashboard:
    """One page of one browser session."""

    def __init__(self) -> None:
        self.settings = Settings({tab.key: tab.options for tab in TABS})
        self.document = pn.state.curdoc
        if self.document is not None:
            # Panel says so when it renders the HTML. A slow browser may come back when its session is gone: the
            # new one renders no HTML, and would ask a CDN for its style sheets.
            self.document.template_variables.setdefault("dist_url", LOCAL_DIST)
        self._query = link.of_request(pn.state.session_args)  # the link that was opened
        dropped, tab = link.apply_query(self.settings, self._query), link.tab_of(self._query)
        self.theme = Theme(dark=pn.config.theme == "dark")
        self.session = Session(self.settings, TABS, self._post)
        self.work = FitWork(self.settings.options["fit"], self._post, self.use_device)
        self.session.closing.append(self.work.close)
        self.views: dict[str, Any] = {}
        self.ghosts: dict[str, Ghosts] = {}  # what is drawn beside the pictures of each tab
        self.beside = self.session.beside = Beside()
        self.session.decorate = self._decorate
        self.compare = ComparePanel(self.session, self._post, self._choose_side)
        self.selected = selection.SelectionLine(self.session, self._post, self.show)
        self.session.closing += [self.beside.close, self.compare.close, self.ghosts.clear]
        # A layout that shows one tab would build it anew at each visit: the bar is a bar only, and the places stay,
        # all but one of them hidden. Each is made when its tab is first opened.
        self.tabs = TabBar(TABS, active=tab if tab in KEYS else TABS[0].key)
        self.places: dict[str, pn.Column] = {}
        self.rooms = layout.column(css_classes=[PLACES], margin=(10, 0, 0, 0))
        self.bare = {tab.key for tab in TABS if tab.of_run}  # whose figures have shown no data yet
        self.painted = Painted(self.session.painted)
        self.session.announce = self._announce
        self.address = Address(
            self.settings, lambda: (self.tabs.active, self.theme.dark), self._take_carried, self._post
        )  # fmt: skip
        self.session.closing.append(self.address.close)
        self.address.changed = self._tell_history
        back = partial(self.use_device, None)
        self.sidebar = Sidebar(self.settings, self.address, self._post)
        self.status = StatusLine(self.session, dropped)
        self.own = DeviceLine(self.settings, back)
        self.terms = Terms(sizing_mode="stretch_width", margin=0)
        self.leaving = leaving.Leaving(self.settings, self.work, self._post)
        self.header = Header(self.open_link)
        self._add_actions()
        self.settings.device.param.watch(lambda *events: self._tell_device(), ["own", "device"])
        self.page = self._page()
        leave_busy(self.page)
        self.tabs.param.watch(lambda event: self.open(event.new), "active")
        self.page.param.watch(lambda event: self._post(partial(self._set_dark, event.new)), "dark_theme")
        self.session.status.param.watch(lambda event: self._dress(), "state")
        self.open(self.tabs.active)
        self._tell_device()
        self.session.show_at_once()

    def _page(self) -> pmui.Page:
        return pmui.Page(
            title="Synaptogen Lab", favicon=ICON, header=[self.header], sidebar=[self.sidebar.layout],
            sidebar_width=SIDEBAR, theme_config=PALETTE,
            main=[layout.column(
                self.status.layout, self.own.layout, self.compare.layout, self.selected.layout, self.tabs,
                self.rooms, self.terms, self.painted.layout, self.leaving.layout,
                stylesheets=[SPACE],
            )],
            busy_indicator=None, sidebar_open=not on_phone(), sx=PAGE_STYLE,
        )  # fmt: skip

    def _add_actions(self) -> None:
        """What the header offers; each line of it is an action."""
        self.header.add("device", "", self._device_menu, items=DEVICE_MENU)
        self.header.add("presets", "Presets", self._preset, items=presets.ITEMS)
        self.header.add("undo", "Undo", self.address.undo, disabled=True)
        self.header.add("redo", "Redo", self.address.redo, disabled=True)
        self.header.add("compare", "Compare: pin this run as A", self._pin, pressed=False)
        self.header.add("outlier", "Next outlier", self.selected.next, items=selection.ITEMS)
        self.header.add("share", "Share", self._export, items=SHARE)
        self.header.add("export", "Export", self._export, items=EXPORT)
        self.header.add("help", "Help", self._help, items=help.ITEMS)

    def _tell_history(self) -> None:
        self.header.change("undo", disabled=not self.address.history.can_undo)
        self.header.change("redo", disabled=not self.address.history.can_redo)

    def _pin(self) -> None:
        """Pin the run that is shown as A, or let go of it: soon, under the lock."""
        run = None if self.beside.pinned is not None else self.session.run
        self._post(partial(self._pin_now, None if run is None else Pinned(run, self.session.request_for(run))))

    def _pin_now(self, pinned: Pinned | None) -> None:
        self.beside.pinned = pinned
        label = "Compare: pin this run as A" if pinned is None else "Let go of A"
        self.header.change("compare", label=label, pressed=pinned is not None)
        self.compare.pin(pinned)
        self.session.redraw()

    def _choose_side(self, side: str) -> None:
        """What maps and matrices show of run A and B."""
        self.beside.side = side
        self.session.redraw()

    def _decorate(self, tab: str, result: object, extra: Extra | None) -> None:
        """Draw what is beside a tab's pictures, after them, in the same hold."""
        if tab in self.ghosts:
            self.ghosts[tab].show(self.views[tab].update, result, extra or Extra.none())
            self.compare.offer(self.ghosts[tab])

    def _announce(self, number: int) -> None:
        """A drawing is on its way: what its files will say goes with it."""
        drawn = self.session.drawn.get(self.session.visible)
        words = {key: plain(text) for key, text in caption(self.settings, drawn).items()} if drawn else {}
        self.header.caption = words | {"pinned": self.beside.pinned is not None}
        self.painted.ask(number)

    def _device_menu(self, item: str) -> None:
        if item == "back":
            self.use_device(None)
        else:
            self.show(item)

    def _preset(self, item: str) -> None:
        self.apply(presets.changes(self.settings, item))

    def _export(self, kind: str) -> None:
        """A file of the Data tab, which shows how far it is."""
        self.session.saved_from = self.tabs.active if kind == "session.json" else ""
        self.show("data")
        self._post(lambda: self.views["data"].download(kind))

    def _set_dark(self, dark: bool) -> None:
        self.theme.set_dark(dark)
        self.address.refresh()

    def _help(self, item: str) -> None:
        device = self.settings.device
        self.header.say(*help.page(item, device.own.name if device.own is not None else device.device))

    def servable(self) -> None:
        """Serve this page in the current session."""
        pn.config.browser_info = False  # eight messages that nobody reads
        self.page.servable(location=False)  # link.of_request says why
        self.serve()

    def serve(self) -> None:
        """Begin to work once the page has been loaded, and let go of everything when it is closed."""
        if self.document is not None:
            for code in (PATCHES, *TOOLS, leaving.ASK):
                self.document.js_on_event(DocumentReady, CustomJS(code=code))
            self.painted.follow(self.document)
            self.address.follow(self.document)
        # Panel keeps this as long as its server lives: it must not hold the page.
        pn.config.exception_handler = partial(tell, weakref.ref(self.session))
        if has_loop():  # Panel has one cleaner for all pages: begun in the first one's context, it would keep that one
            contextvars.Context().run(pn.state._schedule_busy_cleanup)
        crowd.enter(self.session)
        pn.state.onload(self.session.start)
        pn.state.on_session_destroyed(partial(clean_up, self.session))

    def open(self, tab: str) -> None:
        """Show a tab; its place and its figures are made when it is first opened."""
        if tab not in self.views:
            context = Context(
                self.theme,
                self.settings.options[tab],
                self.settings.select,
                self.apply,
                self.show,
                self.tell,
                self.downloads,
                self.settings.lines,
                self.open_session,
                train_files.segments_from_csv,
                self.keep,
                self.work,
            )
            view = self.views[tab] = next(t for t in TABS if t.key == tab).view(context)
            self.places[tab] = layout.column(view.layout, styles=look(hidden=True, bare=tab in self.bare))
            self.rooms.append(self.places[tab])
            self.session.connect(tab, view.update)
            self.ghosts[tab] = Ghosts(self.theme, view.layout, view.of_one_run)
        self.compare.offer(self.ghosts[tab])
        self.session.open(tab)
        self._dress()
        self._tell_title()
        self.address.refresh()

    def downloads(self, kinds: Sequence[str]) -> Downloads:
        """The download buttons of some formats, for the tab that shows them."""
        files = next((files for files in (run_files, selection_files, train_files) if kinds[0] in files.FORMATS), None)
        known = files.FORMATS if files else fit_files.FORMATS
        order = partial(files.order, self.session) if files else self.work.order
        downloads = Downloads(self._post, order, {kind: known[kind] for kind in kinds})
        self.session.closing.append(downloads.stop)
        return downloads

    def show(self, tab: str) -> None:
        """Open a tab as if it had been clicked."""
        self.tabs.active = tab

    def apply(self, changes: Mapping[str, object]) -> None:
        """Change settings by the names they have in a link: soon, and under the lock, which a click need not have."""
        self._post(partial(self._apply, dict(changes)))

    def tell(self, refusal: str) -> None:
        """Say in the status line what was refused: soon, under the lock."""
        self._post(partial(self.session.tell, ValueError(refusal)))

    def open_session(self, name: str, content: bytes, say: Callable[[str], None]) -> None:
        """Set all settings as a session's file has them: soon, under the lock; `say` hears what became of it."""
        self._post(partial(self._open_session, name, content, say))

    def _open_session(self, name: str, content: bytes, say: Callable[[str], None]) -> None:
        try:
            saved = session_file.read(content.decode("utf-8-sig", "replace"), name)
        except (ValueError, SynaptogenError) as error:
            say(str(error))
            return
        dropped = session_file.apply(self.settings, saved)
        say(" ".join([f"Opened {name}.", *dropped]))
        if saved.tab in KEYS and not dropped:
            self.show(saved.tab)

    def open_link(self, query: str, packed: str) -> None:
        """Set all settings as a link has them: soon, under the lock."""
        self._post(partial(self._open_link, query, packed))

    def _open_link(self, query: str, packed: str) -> bool:
        try:
            device = session_file.device_of_link(packed) if packed else None
        except (ValueError, SynaptogenError) as error:
            self.session.tell(error)
            return False
        saved = session_file.Saved(link.parts(query), "", device)
        self.status.note(session_file.apply(self.settings, saved))
        return True

    def _take_carried(self, packed: str) -> None:
        """The device of the link that was opened has come, or is missing."""
        if self._open_link(self._query, packed):
            self.address.amend()
        else:
            self.status.note([link.missing(link.parts(self._query).get("own", ""))])

    def keep(self) -> Callable[[], None]:
        """Remember all settings; what is returned brings them back, soon and under the lock."""
        state = history.now(self.settings)
        return lambda: self._post(partial(history.restore, self.settings, state))

    def use_device(self, device: sc.DeviceParameters | None, limits: Limits | None = None) -> None:
        """The user's own device on all tabs, or (None) the published one again: soon, under the lock."""
        self._post(partial(self.settings.use_device, device, limits))

    def _tell_device(self) -> None:
        """Which device the page shows: header and window say it, and the Fit tab whether it is its own."""
        own, device = self.settings.device.own, self.settings.device.device
        self.work.status.page = (own.name, own.hash) if own is not None else (device, "")
        self.header.own = own is not None
        items = DEVICE_MENU if own is None else (("back", "Back to the published device"), *DEVICE_MENU)
        self.header.change("device", label=plain(own.name if own is not None else device), items=items)
        self._tell_title()

    def _tell_title(self) -> None:
        """The window's title: tab and device."""
        tab = next(tab for tab in TABS if tab.key == self.tabs.active)
        own = self.settings.device.own
        device = own.name if own is not None else self.settings.device.device
        self.header.window_title = f"{tab.title} · {plain(device, 60)} · Synaptogen Lab"

    def _apply(self, changes: dict[str, object]) -> None:
        if "device" in changes and self.settings.device.own is not None:
            self.settings.use_device(None)  # a lesson asks for a packaged set
        sections = {p + name: (section, name) for p, section in self.settings.sections() for name in section.watched()}
        for key, value in changes.items():
            section, name = sections[key]
            setattr(section, name, value)

    def _post(self, function: Callable[[], object]) -> None:
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
            self.terms.tell(help.terms(), self.views[visible].layout, self.settings.options[visible])
        for tab in TABS:
            if tab.key in self.places:
                bare, faded = tab.key in self.bare, tab.of_run and state in FADED
                self.places[tab.key].styles = look(hidden=tab.key != visible, bare=bare, faded=faded)


def on_phone() -> bool:
    """Whether the browser says so; then the drawer is closed from the first moment on."""
    return any(name.lower() == "user-agent" and "Mobi" in value for name, value in pn.state.headers.items())


def held(document: Document, function: Callable[[], object]) -> None:
    with pn.io.hold(document):
        function()


def tell(session: weakref.ref[Session], error: BaseException) -> None:
    """An exception in a callback of the page, as a sentence in it."""
    alive = session()
    if alive is not None:
        alive.tell(error)


def leave_busy(page: object, state: Any = pn.state) -> None:
    """Let a new page no longer follow Panel's process-wide `busy`: each event of any user sets that twice, and each
    time every open page walked through all its models; and a closed page was kept alive for ever.
    """
    for watcher in list(state.param.watchers.get("busy", {}).get("value", [])):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            state.param.unwatch(watcher)


def clean_up(session: Session, context: object) -> None:
    """The end of a page."""
    session.close()
    crowd.leave(session)
