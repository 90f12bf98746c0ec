"""What is put off reaches the browser; with Panel's own task alone it does not."""

from __future__ import annotations

import asyncio

import panel.io.document as documents
import pytest
from bokeh.document import Document

from app.server import sending


class Socket:
    """Of a browser."""


class Connection:
    """Where messages to a browser are made; it is its own protocol."""

    def __init__(self) -> None:
        self._socket, self.protocol = Socket(), self

    def create(self, kind: str, events: list[str]) -> list[str]:
        return events


async def sent(monkeypatch: pytest.MonkeyPatch, own: bool) -> list[str]:
    """What arrives of a message, and of two that are put off in the moment in which it is over."""
    arrived: list[str] = []
    under_way: list[asyncio.Future[None]] = []

    def write(connection: Connection, msg: list[str]) -> list[asyncio.Future[None]]:
        arrived.extend(msg)
        under_way.append(asyncio.get_running_loop().create_future())
        return under_way[-1:]

    monkeypatch.setitem(documents.extra_socket_handlers, Socket, write)
    monkeypatch.setattr(documents, "_dispatch_msgs", sending.SEND)
    if own:
        sending.send_all()
    document, connection = Document(), Connection()
    documents.schedule_write_events(document, [connection], ["computing"])
    await asyncio.sleep(0)
    under_way[0].set_result(None)
    for event in ("pictures", "drawing"):
        documents.schedule_write_events(document, [connection], [event])
    for _ in range(5):
        await asyncio.sleep(0)
    return arrived


async def test_messages_put_off_while_others_are_sent_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await sent(monkeypatch, own=True) == ["computing", "pictures", "drawing"]


async def test_with_panels_task_alone_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await sent(monkeypatch, own=False) == ["computing"]
