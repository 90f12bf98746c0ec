"""The door of uploads: what arrives in pieces is counted on the server, whatever the browser says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel_material_ui as pmui
import pytest

import app
from app.controls.upload import guard

APP = Path(app.__file__).parent


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    """A file input that lets 1 MB through, and what was refused."""
    file, refused = pmui.FileInput(), []
    monkeypatch.setattr(file, "_send_msg", lambda message: None)
    guard(file, refused.append, 1)
    return file, refused


def piece(number: int, of: int, data: bytes) -> dict[str, Any]:
    return {"status": "upload_event", "name": "a.csv", "chunk": number, "total_chunks": of, "mime_type": "text/csv",
            "data": data}  # fmt: skip


def test_files_come_in_by_the_guarded_door_alone() -> None:
    """Whoever makes an input of files elsewhere lets through as much as a client likes to send."""
    sources = {path.relative_to(APP).as_posix(): path.read_text(encoding="utf-8") for path in APP.rglob("*.py")}
    assert [name for name, text in sources.items() if "FileInput(" in text] == ["controls/upload.py"]
    doors = [name for name, text in sources.items() if " door(" in text and name != "controls/upload.py"]
    assert len(doors) >= 5


def test_a_file_comes_through_in_pieces(door: tuple[Any, list[str]]) -> None:
    file, refused = door
    for _ in range(2):  # the count begins anew with each file
        file._handle_msg(piece(1, 2, b"a" * 400_000))
        file._handle_msg(piece(2, 2, b"b" * 400_000))
        file._handle_msg({"status": "finished"})
        assert file.filename == "a.csv" and file.value == b"a" * 400_000 + b"b" * 400_000
    assert refused == []


def test_too_many_pieces_are_let_go_of(door: tuple[Any, list[str]]) -> None:
    file, refused = door
    for number in range(1, 5):
        file._handle_msg(piece(number, 4, b"a" * 400_000))
    assert all(said.startswith("a.csv: must have at most 1 MB") for said in refused) and refused
    assert sum(len(data) for part in file._file_buffer.values() for data in part["chunks"].values()) <= 1_000_000
    assert not file.value


def test_what_the_browser_refuses_is_a_sentence(door: tuple[Any, list[str]]) -> None:
    file, refused = door
    file._handle_msg({"status": "error", "error": "File exceeds maximum file size"})
    assert refused == ["file: must have at most 1 MB (got more); cut it, or pack it as .gz"]


def test_an_empty_file_is_a_sentence(door: tuple[Any, list[str]]) -> None:
    """The browser sends no piece of it."""
    file, refused = door
    file._handle_msg({"status": "initializing"})
    file._handle_msg({"status": "finished"})
    assert refused == ["file: must not be empty (got 0 bytes); choose another"]
    file._handle_msg(piece(1, 1, b"a,b"))
    file._handle_msg({"status": "finished"})
    assert len(refused) == 1 and file.value == b"a,b"


def test_an_empty_file_among_others_is_named_and_none_is_taken(door: tuple[Any, list[str]]) -> None:
    file, refused = door
    file._handle_msg(piece(1, 1, b"a,b"))
    file._handle_msg({"status": "finished", "empty": ["b.csv", "<c>.csv" + "x" * 99, *"defgh"]})
    assert refused == [f"b.csv, <c>.csv{'x' * 73}, d, e, f: must not be empty (got 0 bytes); choose another"]
    assert not file.value
    file._handle_msg(piece(1, 1, b"a,b"))
    file._handle_msg({"status": "finished", "empty": "no list"})  # of another client
    assert len(refused) == 1 and file.value == b"a,b"
