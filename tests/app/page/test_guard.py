"""Whom the server answers."""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from panel.io.server import DocHandler

from app.page import guard
from app.work import crowd

HERE, THERE = ("127.0.0.1", 40000), ("192.168.1.20", 40000)


async def answers(address: Any, origins: set[str]) -> tuple[str, int]:
    """What a request from an address gets: the page, or a refusal."""
    said: dict[str, Any] = {"status": 200}
    handler = SimpleNamespace(
        request=SimpleNamespace(connection=SimpleNamespace(context=SimpleNamespace(address=address))),
        application=SimpleNamespace(websocket_origins=origins),
        set_status=lambda status: said.update(status=status),
        finish=lambda text: said.update(text=text),
    )

    async def page(handler: Any) -> None:
        said["text"] = "page"

    await guard.prepare(handler, page)
    return said["text"], said["status"]


@pytest.mark.parametrize("origins", [{"localhost:5006"}, {"127.0.0.1:5006", "[::1]:5006", "localhost:*"}])
async def test_another_machine_is_not_answered_unless_asked(origins: set[str]) -> None:
    assert await answers(THERE, origins) == (guard.REFUSED, 403)
    assert await answers(("::ffff:192.168.1.20", 1, 0, 0), origins) == (guard.REFUSED, 403)
    for address in (HERE, ("::1", 1, 0, 0), ("::ffff:127.0.0.1", 1, 0, 0), ""):  # the last: a socket in a folder
        assert await answers(address, origins) == ("page", 200)


@pytest.mark.parametrize("origin", ["lab:5006", "*", "192.168.1.7:80", "localhost.evil.com:5006"])
async def test_whoever_names_another_origin_has_asked(origin: str) -> None:
    assert await answers(THERE, {"localhost:5006", origin}) == ("page", 200)


def test_a_page_names_its_own_scripts_and_no_others() -> None:
    headers: dict[str, str] = {}
    pages: list[str] = []
    handler = SimpleNamespace(set_header=headers.__setitem__)
    hostile = '<script type="application/json">"<script>pwn()"</script>'
    for _ in range(2):
        guard.write(handler, f"<script>ours()</script>{hostile}", lambda handler, page: pages.append(page))
    nonce = headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    assert pages[1] == f'<script nonce="{nonce}">ours()</script><script nonce="{nonce}"{hostile[7:]}'
    assert pages[0] != pages[1]  # a word for one page only
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


async def test_a_server_that_is_full_says_so_to_newcomers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Page(DocHandler):
        def __init__(self) -> None:  # of a request it needs where it comes from
            self.status, self.said = 200, ""
            self.request = SimpleNamespace(connection=SimpleNamespace(context=SimpleNamespace(address=HERE)))
            self.application = SimpleNamespace(websocket_origins={"localhost:5006"})
            self.set_header = lambda name, value: None  # type: ignore[method-assign] # instead of tornado's

        def set_status(self, status: int, reason: str | None = None) -> None:
            self.status = status

        def finish(self, chunk: Any = None) -> Any:
            self.said = chunk

    async def answer(handler: Any) -> None:
        handler.said = "page"

    open_pages = [Page() for _ in range(3)]
    monkeypatch.setattr(crowd, "OPEN", weakref.WeakKeyDictionary())
    monkeypatch.setattr(crowd, "MOST", 3)
    for one in open_pages:
        newcomer = Page()
        await guard.prepare(newcomer, answer)
        assert (newcomer.said, newcomer.status) == ("page", 200)
        crowd.enter(one)
    await guard.prepare(newcomer := Page(), answer)
    assert newcomer.status == 503 and newcomer.said.startswith("This server is full: 3 pages are open.")
    assert await answers(HERE, {"localhost:5006"}) == ("page", 200), "the websocket of a page that was sent"
    crowd.leave(open_pages[0])
    crowd.leave(open_pages[0])
    await guard.prepare(newcomer := Page(), answer)
    assert newcomer.said == "page"
    monkeypatch.setattr(crowd, "MEMORY", 1.0)
    await guard.prepare(newcomer := Page(), answer)
    assert newcomer.status == 503
