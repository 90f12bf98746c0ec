"""Drives the dashboard in a real Chromium: a server of its own, a page, what is drawn, what failed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, TimeoutError, WebSocket, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no network, save for this machine's servers
)  # fmt: skip
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
}
PATIENCE = 180_000  # ms; the first picture compiles code, on a machine that may be busy
POLL = 30  # ms between two looks at the page that cost nothing
LOOK = 100  # ms between two that read all that a figure draws
REST = 300  # ms; other looks come rarer and rarer, down to this: they slow down what they await

FIND = """
(name) => {
  for (const model of Bokeh.documents[0].all_models) { if (model.name === name) { return model } }
  return null
}
"""
SOURCES = f"""
(name) => {{
  const figure = ({FIND})(name)
  if (name === "pulse train") {{ // drawn by the panel of the settings
    return [...Bokeh.documents[0].all_models].filter((m) => m.data?.wave).map((m) => m.data.wave)
  }}
  if (figure === null) {{ return null }}
  const plain = (column) => {{
    const nested = (v) => ArrayBuffer.isView(v) || Array.isArray(v)
    const cut = (array) => Array.from(array).slice(0, 5000).map((v) => (nested(v) ? cut(v) : v))
    return cut(column)
  }}
  return figure.renderers.map((renderer) => {{
    const data = renderer.data_source?.data ?? {{}}
    const entries = data instanceof Map ? [...data.entries()] : Object.entries(data)
    return Object.fromEntries(entries.map(([key, column]) => [key, plain(column)]))
  }})
}}
"""
# Whether the status line says so, and all is drawn: the document knows it before it is on the screen.
STATE = """
(state) => {
  if (!window.statusLine?.document) { // sought once, among thousands
    const models = [...(window.Bokeh?.documents?.[0]?.all_models ?? [])]
    window.statusLine = models.find((model) => /status-[a-z]+ status/.test(model.text ?? ""))
  }
  return window.statusLine?.text.includes(`status-${state} `) && Bokeh.documents[0].is_idle
}
"""
# The sources of a figure once they differ from some; JSON says null for NaN on both sides.
CHANGED = f"""
([name, before]) => {{
  const now = ({SOURCES})(name)
  return JSON.stringify(now) === JSON.stringify(before) ? null : {{now}}
}}
"""
# Where the middle of a cell lies on the screen, once two frames of the browser agree on it.
PLACE = f"""
async ([name, column, row]) => {{
  const place = () => {{
    const view = Bokeh.index.find_one_by_id(({FIND})(name).id)
    const box = view.canvas_view.el.getBoundingClientRect()
    return [box.left + view.frame.x_scale.compute(column), box.top + view.frame.y_scale.compute(row)]
  }}
  const frame = () => new Promise(requestAnimationFrame)
  Bokeh.index.find_one_by_id(({FIND})(name).id).el.scrollIntoView({{block: "nearest"}})
  let last, now = place()
  do {{
    last = now
    for (let i = 0; i < 3; i++) {{ await frame() }}
    now = place()
  }} while (!Bokeh.documents[0].is_idle || now[0] !== last[0] || now[1] !== last[1])
  return now
}}
"""

EMPTY = """
() => [...Bokeh.documents[0].all_models].filter((figure) => {
  if (figure.type !== "Figure") { return false }
  const view = Bokeh.index.find_one_by_id(figure.id)
  if (!view?.el.checkVisibility({visibilityProperty: true})) { return false } // not on the visible tab
  return !figure.renderers.some((renderer) => renderer.visible && (renderer.data_source?.get_length() ?? 0) > 0)
}).map((figure) => figure.name)
"""


# Groups of controls, wherever they are; opening one makes what is in it.
UNFOLD = """
() => {
  const open = (root) => {
    for (const group of root.querySelectorAll("details.group, details.more")) { group.open = true }
    for (const element of root.querySelectorAll("*")) { if (element.shadowRoot) { open(element.shadowRoot) } }
  }
  open(document)
}
"""

# A control of a tab may be under "More": opens what it is in.
REVEAL = """
(box) => {
  for (let at = box; at; at = at.parentElement ?? at.getRootNode().host) {
    if (at.tagName === "DETAILS") { at.open = true }
  }
}
"""

# Places that are lower than what is in them: their content lies over what comes next.
SPILLING = """
() => [...Bokeh.documents[0].all_models].filter((model) => {
  const el = /Column$/.test(model.type) ? Bokeh.index.find_one_by_id(model.id)?.el : null
  return el?.checkVisibility({visibilityProperty: true}) && getComputedStyle(el).overflowY === "visible" &&
    el.scrollHeight > el.clientHeight + 8
}).map((model) => `${model.type} ${model.id}`)
"""


@contextmanager
def serving(*options: str, environment: Mapping[str, str] | None = None, page: str = "app/main.py") -> Iterator[str]:
    """A server of its own on a free port, with further options of `panel serve`; yields the address of the page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", page, "--port", str(port), "--address", "127.0.0.1",
               "--allow-websocket-origin", f"127.0.0.1:{port}", *options]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=log, stderr=subprocess.STDOUT
        )
        address = f"http://127.0.0.1:{port}/{Path(page).stem}"
        try:
            wait_for_server(server, address, log)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:  # it was busy: its own process, so end it
                server.kill()
                server.wait()


def wait_for_server(server: subprocess.Popen[bytes], address: str, log: IO[bytes]) -> None:
    """Wait until a page can be loaded."""
    for _ in range(720):
        if server.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"the server ended: {log.read().decode()[-3000:]}")
        try:
            urllib.request.urlopen(address, timeout=60).read()
            return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("the server did not answer")


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Dashboard:
    """A page of the dashboard, with what a test wants to know of it."""

    def __init__(self, page: Page, address: str):
        self.page, self.address = page, address
        page.set_default_timeout(PATIENCE)
        self.failures: list[str] = []
        self.told = 0  # messages by which the page has told its server something
        self._host = urlsplit(address).netloc
        # Chromium itself refuses whatever asks elsewhere (FLAGS; page.route would put off its cache); it is noted.
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", self._connected)
        page.on("requestfailed", lambda request: self.failures.append(f"failed: {request.url}"))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.failures.append(f"error: {error}"))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.failures.append(f"outside: {url}")

    def _connected(self, socket: WebSocket) -> None:
        self._asked(socket.url)
        socket.on("framesent", lambda frame: self._tells(str(frame)))

    def _tells(self, frame: str) -> None:
        self.told += '"events":' in frame

    def _console(self, kind: str, text: str) -> None:
        if kind == "error":
            self.failures.append(f"console: {text}")

    def open(self, query: str = "", *, ready: bool = True) -> Dashboard:
        """Load the page with a query, and wait until it is up to date."""
        self.page.goto(f"{self.address}?{query}" if query else self.address, timeout=PATIENCE)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until the status line says that the pictures are up to date, and they are drawn."""
        try:
            self.page.wait_for_function(STATE, arg="ready", timeout=PATIENCE, polling=POLL)
        except TimeoutError as error:
            said = self.page.locator("[class^=status-], .MuiAlert-message").all_inner_texts()
            raise AssertionError(f"not ready; the page says {said}; failures: {self.failures}") from error

    def wait_drawn(self) -> None:
        """Wait until the browser has drawn what it was sent."""
        self.page.wait_for_function("Bokeh.documents[0].is_idle", timeout=PATIENCE, polling=POLL)

    def settle(self, action: Callable[[], None]) -> None:
        """Do something that changes settings, and wait until the server has answered: the address bar says so."""
        before = self.page.url
        action()
        self.page.wait_for_function("(before) => location.href !== before", arg=before, timeout=PATIENCE, polling=POLL)
        self.wait_ready()

    def choose(self, label: str, option: str) -> None:
        """Open a list of choices and take one."""
        box = self.page.get_by_role("combobox", name=re.compile(f"^{re.escape(label)}"))
        box = box.or_(self.page.locator(f"select[aria-label^='{label}']")).first
        box.evaluate(REVEAL)
        if box.evaluate("(box) => box.tagName") == "SELECT":
            box.select_option(label=option)
            return
        box.click()
        self.page.get_by_role("menuitem", name=option, exact=True).click()

    def unfold(self) -> None:
        """Open all groups of controls; what is in a closed one is not made before."""
        self.page.evaluate(UNFOLD)

    def fill(self, label: str, text: str) -> None:
        """Write into a number box."""
        box = self.page.get_by_label(label, exact=True)
        box.evaluate(REVEAL)
        box.fill(text)
        box.press("Enter")

    def empty_figures(self) -> list[str]:
        """Names of the figures that are shown but draw nothing."""
        return self.page.evaluate(EMPTY)

    def spilling(self) -> list[str]:
        """Columns that are lower than what is in them."""
        return self.page.evaluate(SPILLING)

    def figure_names(self) -> list[str]:
        """Names of all the figures in the document."""
        return self.page.evaluate(
            '[...Bokeh.documents[0].all_models].filter((m) => m.type === "Figure").map((m) => m.name)'
        )

    def sources(self, figure: str) -> list[dict[str, list[Any]]]:
        """The data drawn in a figure: one dictionary of columns for each renderer (first 5,000 values of each)."""
        return self.page.evaluate(SOURCES, figure)

    def wait_change(self, figure: str, before: Any, timeout: float = PATIENCE / 1000) -> list[dict[str, list[Any]]]:
        """Wait until what a figure draws differs from `before`."""
        try:
            found = self.page.wait_for_function(CHANGED, arg=[figure, before], timeout=1000 * timeout, polling=LOOK)
        except TimeoutError as error:
            raise AssertionError(f"{figure} did not change") from error
        return found.json_value()["now"]

    def place(self, figure: str, row: int, column: int) -> list[float]:
        """Where a cell of a map lies on the screen, scrolled to it, now that the page has come to rest."""
        return self.page.evaluate(PLACE, [figure, column, row])

    def wait_for(
        self, look: Callable[[], Any], enough: Callable[[Any], bool], complaint: str, timeout: float = PATIENCE / 1000
    ) -> Any:
        """Look until it is enough."""
        end, pause = time.monotonic() + timeout, POLL
        while time.monotonic() < end:
            seen = look()
            if enough(seen):
                return seen
            self.page.wait_for_timeout(pause)
            pause = min(2 * pause, REST)
        raise AssertionError(complaint)


def one_page(address: str, browser: Browser, query: str) -> Iterator[Dashboard]:
    """For a fixture: a page that several tests share, each in the state in which the one before left it."""
    dashboard = Dashboard(browser.new_page(**DESK), address)
    yield dashboard.open(query)
    failures = list(dashboard.failures)  # a request that is on its way when the page is closed fails, too
    dashboard.page.close()
    assert not failures, failures
