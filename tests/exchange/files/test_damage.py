"""Damaged files are refused in our words, whatever library reads them."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.damage import fault, refused
from synaptogen_core.exchange.networks.images import arrays_of

INSIDE = re.compile(  # words of libraries, and of programs
    r"0x|Error|errno|codec|lib/|CRC|synchronously|eof =|sblock|checksum after|magic|decompressing|directory '|\bKey"
)


def netcdf() -> bytes:
    out = io.BytesIO()
    with h5netcdf.File(out, "w") as file:
        file.dimensions = {"x": 500}
        file.create_variable("voltage", ("x",), float, compression="gzip")[:] = np.linspace(0, 1, 500)
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, x=np.arange(500.0))
    return out.getvalue()


def table() -> bytes:
    return gzip.compress("".join(f"{0.01 * i},{1e-6 * i}\n" for i in range(500)).encode())


CASES: tuple[tuple[str, Callable[[], bytes], Callable[[Path], object]], ...] = (
    ("a.nc", netcdf, sc.load_dataset),
    ("a.nc", netcdf, sc.load_cells),
    ("a.npz", npz, arrays_of),
    ("a.csv.gz", table, sc.load_measurements),
)


@pytest.mark.parametrize(("name", "make", "load"), CASES, ids=["dataset", "cells", "npz", "gz"])
def test_no_library_speaks(
    name: str, make: Callable[[], bytes], load: Callable[[Path], object], tmp_path: Path
) -> None:
    whole, path, rng = make(), tmp_path / name, np.random.default_rng(1)
    heard = set()
    for turn in range(40):
        broken = bytearray(whole)
        if turn % 4 == 0:
            del broken[int(rng.integers(12, len(whole))) :]
        for place in rng.integers(0, len(broken), (0, 1, 5, 60)[turn % 4]):
            broken[place] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        try:
            load(path)
        except FileError as error:
            told = str(error).replace(str(path), "")
            heard.add(told)
            assert " must " in told and "(got " in told and not INSIDE.search(told), told
    assert len(heard) > 2


def test_measured_netcdf_that_is_cut_off(tmp_path: Path) -> None:
    """Its reader is a process of its own, which only says what it met."""
    path = tmp_path / "a.nc"
    path.write_bytes(netcdf()[:3000])
    with pytest.raises(FileError, match=r"must be readable as NetCDF-4 \(got 3,000 of its [\d,]+ bytes\)"):
        sc.load_measurements(path)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("r: must be above 0 (got -1); mend it"), "must be cells; r: must be above 0 (got -1); mend it"),
        (KeyError("shape"), "must be cells (got none called 'shape'); save it"),
        (KeyError("wrong B-tree"), "must be cells (got contents that break the rules of its format); save it"),
        (PermissionError(13, "x"), "must be cells (got from the system: Permission denied); save it"),
        (zipfile.BadZipFile("File is not a zip file"), "must be cells (got no complete ZIP archive); save it"),
        (MemoryError(), "must be cells (got more than the memory allowed for it); save it"),
    ],
)  # fmt: skip
def test_sentences(error: Exception, sentence: str) -> None:
    assert str(refused("a", "be cells", error, "save it")) == f"a: {sentence}"


def test_the_raw_words_would_be_heard() -> None:
    """Negative control: what HDF5 says would fail the test above."""
    raw = "Unable to synchronously open file (truncated file: eof = 96, sblock->base_addr = 0, stored_eof = 2048)"
    assert INSIDE.search(raw)
    assert fault("OSError", raw) == "96 of its 2,048 bytes"
