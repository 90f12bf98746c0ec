"""Several files at once: a list, a folder or a ZIP archive, each file a cycle or a device."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import TableLayout
from synaptogen_core.exchange.measurements.doubts import ask
from synaptogen_core.exchange.measurements.reading import Choice, Reading
from synaptogen_core.exchange.measurements.text import MAX_BYTES, MAX_EXPANSION, Source
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FEATURE_NAMES

ZIP = b"PK\x03\x04"
WORKBOOK = "[Content_Types].xml"  # what is inside of an Excel file
MOST_FILES = 10_000
NEEDS = "give measurements as text or NetCDF"


def of_folder(folder: Path) -> list[Source]:
    """The files of a folder, by name; numbers in names count as numbers.

    Parameters
    ----------
    folder : Path
        Folders in it, and names that begin with a point, are left out.

    Returns
    -------
    list of Source
        At least one.

    Raises
    ------
    FileError
        If there are none, or too many.
    """
    found = sorted(
        (p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")), key=lambda p: _key(p.name)
    )
    return _some([Source(p.name, p) for p in found], str(folder))


def is_archive(source: Source) -> bool:
    """Whether it is a ZIP archive of files, not a workbook."""
    with source.raw() as stream:
        if stream.read(4) != ZIP:
            return False
    try:
        return WORKBOOK not in _names(source)
    except FileError:
        return False  # its first bytes are no more than that


def of_archive(source: Source) -> list[Source]:
    """The files in a ZIP archive, unpacked in memory.

    Parameters
    ----------
    source : Source
        The archive.

    Returns
    -------
    list of Source
        By name.

    Raises
    ------
    FileError
        If it is damaged, encrypted, or unpacks to too much.
    """
    names = [n for n in _names(source) if not n.endswith("/") and not Path(n).name.startswith((".", "__"))]
    names = [n for n in names if not n.startswith("__MACOSX/")]
    allowed = min(MAX_BYTES, MAX_EXPANSION * max(source.size, 1 << 19))
    found, total = [], 0
    try:
        with source.raw() as raw, zipfile.ZipFile(raw) as archive:
            for name in sorted(names, key=_key)[: MOST_FILES + 1]:
                with archive.open(name) as stream:
                    data = stream.read(allowed - total + 1)
                total += len(data)
                if total > allowed:
                    raise FileError(f"{source.name}: must unpack to at most {allowed:,} bytes (got more); split it")
                found.append(Source(Path(name).name, data))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise FileError(f"{source.name}: must be a whole ZIP archive (got a fault: {error}); pack it again") from None
    return _some(found, source.name)


def joined(
    parts: Sequence[tuple[str, xr.Dataset]], reading: Reading, layout: TableLayout | None = None
) -> tuple[xr.Dataset, list[str]]:
    """The measurements of several files as one.

    Parameters
    ----------
    parts : sequence of name and Dataset
        At least one; all with loops, or all with features.
    reading : Reading
        Whether each file is a cycle or a device.
    layout : TableLayout, optional
        Of the first file, for the question.

    Returns
    -------
    ds : xarray.Dataset
        Labels of devices begin with the name of the file where files are devices.
    notes : list of str
        What the files were taken for.

    Raises
    ------
    FileError
        If some hold loops and others do not.
    ColumnsUnclear
        If files of one record each may be cycles or devices.
    """
    single = all(ds.sizes["record"] == 1 for _, ds in parts)
    loops = {"sample_count" in ds for _, ds in parts}
    if len(loops) > 1:
        raise FileError(f"{parts[0][0]} and others: must all hold loops, or none (got both); give them apart")
    how = reading.files or ("" if single and len(parts) > 1 else "devices")
    if not how and layout is not None:
        stems = {re.sub(r"\d+", "#", name) for name, _ in parts}
        guess = "cycles" if len(stems) == 1 else "devices"
        ask(layout, [], [Choice("files", f"{len(parts)} files of one record each: is each a cycle of one device, or a "
                                "device?", ("cycles", "devices"), guess)])  # fmt: skip
    labels: list[str] = []
    device, cycle = [], []
    for k, (name, ds) in enumerate(parts):
        index = ds["device_index"].values.astype(np.int64)
        if how == "cycles":
            own = ds["cycle"].values if not single else _number(name, k, [n for n, _ in parts])
            device.append(index)
            cycle.append(np.broadcast_to(own, index.shape))
            labels = labels or [str(v) for v in ds["device"].values]
            continue
        stem = Path(name).name.split(".")[0] or name
        own_labels = [str(v) for v in ds["device"].values]
        device.append(index + len(labels))
        cycle.append(ds["cycle"].values)
        labels += [stem] if len(own_labels) == 1 else [f"{stem} {label}" for label in own_labels]
    if len(set(labels)) < len(labels):
        labels = [f"{label} ({k + 1})" for k, label in enumerate(labels)]
    names = [name for name in FEATURE_NAMES if any(name in ds for _, ds in parts)]
    features = {
        name: np.concatenate(
            [ds[name].values if name in ds else np.full(ds.sizes["record"], np.nan) for _, ds in parts]
        )
        for name in names
    }
    ragged = None
    if loops == {True}:
        v, i, n = (np.concatenate([ds[x].values for _, ds in parts]) for x in ("voltage", "current", "sample_count"))
        ragged = v, i, n
    ds = measurement(
        np.concatenate(device), np.concatenate(cycle), labels=labels, features=features, loops=ragged,
        source=f"{parts[0][0]} and {len(parts) - 1} more" if len(parts) > 1 else parts[0][0],
    )  # fmt: skip
    said = f"{len(parts)} files, each {'a cycle' if how == 'cycles' else 'a device'}: {parts[0][0]} ... {parts[-1][0]}"
    return ds, [said]


def _number(name: str, position: int, names: Sequence[str]) -> np.int64:
    """Number of a cycle out of its file's name, if these differ in their last number alone; else its position."""
    last = [re.findall(r"\d+", Path(n).stem) for n in names]
    numbers = [int(found[-1]) if found and len(found[-1]) < 10 else -1 for found in last]
    whole = min(numbers) >= 0 and len(set(numbers)) == len(numbers)
    return np.int64(numbers[position] if whole else position)


def _names(source: Source) -> list[str]:
    try:
        data = source.data if isinstance(source.data, Path) else io.BytesIO(source.data)
        with zipfile.ZipFile(data) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileError(f"{source.name}: must be a whole ZIP archive (got a fault: {error}); pack it again") from None


def _key(name: str) -> list[tuple[int, int | str]]:
    """Natural order: sweep_2 before sweep_10."""
    return [(0, int(part)) if part.isdigit() and len(part) < 19 else (1, part) for part in re.split(r"(\d+)", name)]


def _some(sources: list[Source], where: str) -> list[Source]:
    if not 0 < len(sources) <= MOST_FILES:
        raise FileError(f"{where}: must hold 1 to {MOST_FILES:,} files (got {len(sources):,}); {NEEDS}")
    return sources


def of_paths(paths: Sequence[str | os.PathLike[str]]) -> list[Source]:
    """Files that are named one by one.

    Parameters
    ----------
    paths : sequence of str or path
        At least one.

    Returns
    -------
    list of Source
        In the order given.
    """
    return _some([Source(Path(path).name, Path(path)) for path in paths], "paths")
