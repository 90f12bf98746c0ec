"""A plugin of `panel serve`: /health says how the process is that answers, for whoever watches over the server."""

from __future__ import annotations

import asyncio
import time

from tornado.web import RequestHandler

from app.work import crowd


class Health(RequestHandler):
    """200 and numbers as JSON; 503 where there is no room for another page."""

    async def get(self) -> None:
        begun = time.perf_counter()
        await asyncio.sleep(0)  # until the loop comes round: what every page waits for
        state = {**crowd.state(), "loop_ms": round(1e3 * (time.perf_counter() - begun), 1)}
        self.set_header("Cache-Control", "no-store")
        self.set_status(200 if state["status"] == "ok" else 503)
        self.write(state)


ROUTES = [("/health", Health, {})]
