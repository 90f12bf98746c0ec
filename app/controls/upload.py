"""The door of files that a user brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def guard(file: Any, refuse: Callable[[str], None], most_mb: float) -> None:
    """Refuse more than is allowed while it arrives: what the browser checks, another client need not."""
    handle, arrived = file._handle_msg, {"bytes": 0}

    def checked(message: dict[str, Any]) -> None:
        if message["status"] == "finished" and not file._buffer and not arrived["bytes"]:
            refuse("file: must not be empty (got 0 bytes); choose another")
        if message["status"] in ("initializing", "finished"):
            arrived["bytes"] = 0
        if message["status"] == "error":  # the browser's own word on a file that is too large
            refuse(f"file: must have at most {most_mb} MB (got more); cut it, or pack it as .gz")
            return
        if message["status"] == "upload_event":
            arrived["bytes"] += len(message["data"])  # of all files that were dropped together
            if arrived["bytes"] > most_mb * 1_000_000:
                file._file_buffer.clear()
                refuse(f"{message['name']}: must have at most {most_mb} MB (got more); cut it, or pack it as .gz")
                return
        handle(message)

    file._handle_msg = checked
