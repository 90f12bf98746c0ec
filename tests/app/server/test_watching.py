"""What those who watch over a server read: its health, and its log as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from tornado.httpserver import HTTPServer
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.testing import bind_unused_port
from tornado.web import Application

from app.server import health, logs, serve
from app.work import crowd


async def test_health_is_numbers_and_503_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    listening, port = bind_unused_port()
    server = HTTPServer(Application(health.ROUTES))
    server.add_socket(listening)
    client = SimpleAsyncHTTPClient(force_instance=True)
    try:
        for most, code, status in ((5, 200, "ok"), (0, 503, "full")):
            monkeypatch.setattr(crowd, "MOST", most)
            found = await asyncio.wait_for(
                client.fetch(f"http://127.0.0.1:{port}/health", raise_error=False), timeout=20
            )
            state = json.loads(found.body)
            assert (found.code, state["status"], state["most_pages"]) == (code, status, most)
            assert state["memory_mb"] > 10 and state["loop_ms"] >= 0
    finally:
        client.close()
        server.stop()


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    before = logging.root.handlers[:]
    yield logging.root
    logging.root.handlers[:] = before


def test_a_log_for_machines(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.begin()
    page = type("Page", (), {})()
    crowd.enter(page)
    crowd.leave(page)
    try:
        raise ValueError('a "quoted"\nword')
    except ValueError:
        crowd.LOG.exception("went wrong")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["page opened", "page closed", "went wrong"]
    assert lines[0]["pages"] == lines[1]["pages"] + 1 and lines[1]["seconds"] >= 0
    assert lines[2]["level"] == "error" and 'ValueError: a "quoted"' in lines[2]["trace"]
    assert all(line["time"].endswith("Z") and line["logger"] == "synaptogen.app" for line in lines)


def test_the_command_knows_both() -> None:
    options = serve.command_line(5006, "localhost", [], 1, False, [])
    assert options[options.index("--plugins") + 1] == health.__name__
    with pytest.raises(ValueError, match=r"--log: must be text or json \(got 'xml'\)"):
        serve.serve(port=0, log="xml")
