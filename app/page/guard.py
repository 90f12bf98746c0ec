"""What the server says and whom it answers: each page names what may run in it; other machines are let in when asked.

`panel serve` has no option for headers, and reads the page's script when the first page is asked for: so the handlers
themselves are changed, which holds from that first answer on.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from bokeh.settings import settings
from panel.io.server import AutoloadJsHandler, DocHandler
from tornado.web import RequestHandler

from app.work import crowd

FRAMES = os.environ.get("SYNAPTOGEN_FRAME_ANCESTORS", "'self'")  # whose pages may show ours in a frame of theirs
OLDER = {"'self'": "SAMEORIGIN", "'none'": "DENY"}  # the same for X-Frame-Options, which knows no other
SCRIPT = re.compile("<script(.*?</script>)", re.DOTALL)  # to its end, so that what stands in one stays as it is
REFUSED = (
    "This dashboard answers its own machine only. Whoever started it can let others in: "
    "synaptogen serve --address 0.0.0.0 --origin name:port."
)


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: the scripts that were sent with it run, and no other.

    Bokeh makes functions of texts ('unsafe-eval') and modules of blobs, and everything writes style sheets.
    """
    return "; ".join([
        "default-src 'self'", f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self' data:",
        "connect-src 'self' blob:",
        "worker-src 'self' blob:", "object-src 'none'", "base-uri 'none'", "form-action 'none'",
        f"frame-ancestors {FRAMES}",
    ])  # fmt: skip


def write(handler: RequestHandler, page: Any, write: Any = DocHandler.write) -> None:
    """Send a page with its headers; a word that nobody can know beforehand marks its own scripts."""
    if isinstance(page, str):
        nonce = secrets.token_urlsafe(16)
        page = SCRIPT.sub(rf'<script nonce="{nonce}"\1', page)
        handler.set_header("Content-Security-Policy", policy(nonce))
        handler.set_header("X-Content-Type-Options", "nosniff")
        handler.set_header("Referrer-Policy", "same-origin")
        if FRAMES in OLDER:
            handler.set_header("X-Frame-Options", OLDER[FRAMES])
    write(handler, page)


async def prepare(handler: Any, prepare: Any = AuthRequestHandler.prepare) -> None:
    """Answer a page's or a websocket's request, if it comes from where it may."""
    address = handler.request.connection.context.address
    allowed = settings.allowed_ws_origin() or handler.application.websocket_origins
    if isinstance(address, tuple) and not is_local(address[0]) and all(map(is_local, map(host, allowed))):
        handler.set_status(403)
        handler.finish(REFUSED)
        return
    if isinstance(handler, DocHandler) and crowd.is_full():  # a page that was sent may still open its websocket
        handler.set_status(503)
        handler.set_header("Retry-After", "60")
        handler.finish(crowd.FULL.format(pages=len(crowd.OPEN)))
        return
    await prepare(handler)


async def refuse(handler: RequestHandler, *arguments: object, **options: object) -> None:
    """Answer nothing: `autoload.js` writes words of its query into a script unescaped, and a page's policy lets scripts
    of this server run. Who shows the dashboard in a page of theirs does so in a frame.
    """
    handler.set_status(404)
    handler.finish("There is no script that embeds this dashboard: show it in a frame.")


def host(origin: str) -> str:
    """``localhost`` of ``localhost:5006``."""
    return re.sub(r":[0-9*]+$", "", origin).strip("[]")


def is_local(name: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def stand() -> None:
    """Begin; a second time changes nothing."""
    DocHandler.write, AuthRequestHandler.prepare = write, prepare
    for method in ("get", "options"):
        setattr(AutoloadJsHandler, method, refuse)
