"""The door of files that a user brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui
from param.parameterized import Event

REMEDY = "cut it, or pack it as .gz"
NAMED, LONGEST = 5, 80  # files, letters of a name


def door(
    label: str, refuse: Callable[[str], None], most_mb: float, taken: Callable[[Event], None], *,
    remedy: str = REMEDY, **options: object,
) -> pmui.FileInput:  # fmt: skip
    """The control for files, guarded; `taken` hears of each that came through."""
    options = {"variant": "outlined", "multiple": False, "max_file_size": round(most_mb * 1_000_000)} | options
    file = pmui.FileInput(label=label, **options)
    guard(file, refuse, most_mb, remedy)
    file.param.watch(taken, "value")
    return file


def guard(file: pmui.FileInput, refuse: Callable[[str], None], most_mb: float, remedy: str = REMEDY) -> None:
    """Refuse more than is allowed while it arrives: what the browser checks, another client need not."""
    handle, arrived = file._handle_msg, {"bytes": 0}

    def checked(message: dict[str, Any]) -> None:
        if message["status"] == "finished":
            empty = message.get("empty")
            names = [str(name)[:LONGEST] for name in empty[:NAMED]] if isinstance(empty, list) else []
            if names or (not file._buffer and not arrived["bytes"]):
                file._buffer.clear()  # of files that belong together none is taken for the whole
                refuse(f"{', '.join(names) or 'file'}: must not be empty (got 0 bytes); choose another")
        if message["status"] in ("initializing", "finished"):
            arrived["bytes"] = 0
        if message["status"] == "error":  # the browser's own word on a file that is too large
            refuse(f"file: must have at most {most_mb} MB (got more); {remedy}")
            return
        if message["status"] == "upload_event":
            arrived["bytes"] += len(message["data"])  # of all files that were dropped together
            if arrived["bytes"] > most_mb * 1_000_000:
                file._file_buffer.clear()
                refuse(f"{message['name']}: must have at most {most_mb} MB (got more); {remedy}")
                return
        handle(message)

    file._handle_msg = checked
