"""The notebooks of examples/ run, and hold what they showed; small, and without an error."""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "notebooks"
LARGEST = 600_000  # bytes of a notebook
PNG = b"\x89PNG"


def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXECUTE = program()
NOTEBOOKS = EXECUTE.notebooks()


def test_there_are_six() -> None:
    assert len(NOTEBOOKS) == 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    made = EXECUTE.execute(path, EXECUTE.SMALL)
    kept = json.loads(path.read_text(encoding="utf-8"))
    for new, old in zip(EXECUTE.code_cells(made), EXECUTE.code_cells(kept), strict=True):
        kinds = [[one["output_type"] for one in cell["outputs"]] for cell in (new, old)]
        assert kinds[0] == kinds[1], "".join(new["source"])
        assert old["execution_count"] == new["execution_count"]
        for one in old["outputs"]:
            data = one.get("data", {})
            image = data.get("image/png")
            assert image is None or base64.b64decode(image).startswith(PNG)


def test_notebooks_are_small_and_have_a_title() -> None:
    for path in NOTEBOOKS:
        assert path.stat().st_size < LARGEST, path.name
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert notebook["nbformat"] == 4 and "".join(notebook["cells"][0]["source"]).startswith("# ")
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(set(ids)) == len(ids)
        assert path.read_text(encoding="utf-8") == EXECUTE.written(notebook)


def test_a_notebook_that_fails_would_be_seen(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["rows = 5"]}
    bad = {"cell_type": "code", "metadata": {}, "source": ["1 / (rows - 2)"]}
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps({"cells": [cell, bad]}))
    assert EXECUTE.execute(path)["cells"][1]["outputs"][0]["data"]["text/plain"] == repr(1 / 3)
    with pytest.raises(ZeroDivisionError):
        EXECUTE.execute(path, {"rows": 2})
