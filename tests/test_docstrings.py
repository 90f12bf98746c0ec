"""The examples in the docstrings run, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import synaptogen_core


def test_examples_in_docstrings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [found.name for found in pkgutil.walk_packages(synaptogen_core.__path__, "synaptogen_core.")]
    counts = {name: doctest.testmod(importlib.import_module(name)) for name in names}
    assert {name: found.failed for name, found in counts.items() if found.failed} == {}
    assert sum(found.attempted for found in counts.values()) > 40
