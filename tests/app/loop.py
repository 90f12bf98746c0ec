"""An event loop for a test that may follow a browser's: that one keeps a loop running in its thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def on_a_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end on a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(work())).result(60)
