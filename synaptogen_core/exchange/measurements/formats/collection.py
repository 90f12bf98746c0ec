"""Several files at once: a list, a folder or a ZIP archive, each file a cycle or a device."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import xarray as xr

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.exchange.measurements.columns import TableLayout, shown
from synaptogen_core.exchange.measurements.doubts import FULL, Runs, ask, ends, gathered, repeated, whole
from synaptogen_core.exchange.measurements.reading import Choice, Reading
from synaptogen_core.exchange.measurements.source import BROKEN, MAX_BYTES, MAX_EXPANSION, Member, Source
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

ZIP = b"PK\x03\x04"
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
    """Whether it is a ZIP archive; workbooks are such, too, and have been told apart before."""
    with source.raw() as stream:
        if stream.read(4) != ZIP:
            return False
    try:
        return bool(_listed(source))
    except FileError:
        return False  # its first bytes are no more than that


def of_archive(source: Source) -> list[Source]:
    """The files in a ZIP archive, each unpacked when it is read.

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
    found, total, seen = [], 0, set()
    allowed = min(MAX_BYTES, MAX_EXPANSION * max(source.size, 1 << 19))
    for info in _listed(source):
        name = PurePosixPath(info.filename.replace("\\", "/")).name  # some programs of Windows write its own mark
        if info.is_dir() or name.startswith((".", "__")) or info.filename.startswith("__MACOSX/"):
            continue
        if info.flag_bits & 1:
            raise FileError(f"{source.name}: {shown(name)} must not be encrypted (got it with a password); unpack it")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(f"{source.name}: {shown(name)} must be packed by DEFLATE (got another way); pack it again")
        if info.filename in seen:
            raise FileError(f"{source.name}: {shown(info.filename)} must be in it once (got it twice); pack it again")
        seen.add(info.filename)
        total += info.file_size
        if total > allowed:
            raise FileError(f"{source.name}: must unpack to at most {allowed:,} bytes (got more); split it")
        found.append(Source(name, Member(source, info.filename, info.compress_size)))
    return _some(sorted(found, key=lambda one: _key(one.name)), source.name)


def joined(
    parts: Sequence[tuple[str, xr.Dataset]],
    reading: Reading,
    layout: Callable[[], TableLayout] | None = None,
    what: str = "files",
) -> tuple[xr.Dataset, list[str]]:
    """The measurements of several files as one.

    Parameters
    ----------
    parts : sequence of name and Dataset
        At least one; all with loops, or all with features.
    reading : Reading
        Whether each file is a cycle or a device.
    layout : callable, optional
        Gives that of the first file, for the question; needed if `reading` does not say what files are.
    what : str
        What they are called: "files", or "sheets".

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
    both = _two_halves(parts, reading) if loops == {True} else ""
    how = "cycles" if both else reading.files or ("" if single and len(parts) > 1 else "devices")
    if not how and layout is not None:
        stems = {re.sub(r"\d+", "#", name) for name, _ in parts}
        guess = "cycles" if len(stems) == 1 else "devices"
        asked = f"{len(parts)} {what} of one record each: is each a cycle of one device, or a device?"
        ask(layout(), [], [Choice("files", asked, ("cycles", "devices"), guess)])
    labels: list[str] = []
    devices, cycles = [], []
    for k, (name, ds) in enumerate(parts):
        index = ds["device_index"].values.astype(np.int64)
        if how == "cycles":
            own = ds["cycle"].values if not single else _number(name, k, [n for n, _ in parts])
            devices.append(index)
            cycles.append(np.broadcast_to(own, index.shape))
            labels = labels or [str(v) for v in ds["device"].values]
            continue
        stem = Path(name).name.split(".")[0] or name
        own_labels = [str(v) for v in ds["device"].values]
        devices.append(index + len(labels))
        cycles.append(ds["cycle"].values)
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
    each = "a cycle" if how == "cycles" else "a device"
    said = f"{len(parts)} {what}, each {each}: {parts[0][0]} ... {parts[-1][0]}"
    notes = [both or said] if len(parts) > 1 else []
    device, cycle = np.concatenate(devices), np.concatenate(cycles).astype(np.int64)
    ragged = None
    if loops == {True}:
        v, i, n = (np.concatenate([ds[x].values for _, ds in parts]) for x in ("voltage", "current", "sample_count"))
        runs, v, i = _one_record_each(Runs(device, cycle, n, np.zeros_like(cycle)), v, i, reading, notes, bool(both))
        device, cycle, ragged = runs.device, runs.cycle, (v, i, runs.samples)
    elif len(set(zip(device.tolist(), cycle.tolist(), strict=True))) < cycle.size:
        cycle = np.arange(cycle.size)
        notes.append("cycles numbered on from file to file")
    ds = measurement(
        device, cycle, labels=labels, features=features, loops=ragged,
        source=f"{parts[0][0]} and {len(parts) - 1} more" if len(parts) > 1 else parts[0][0],
    )  # fmt: skip
    return ds, notes


def _two_halves(parts: Sequence[tuple[str, xr.Dataset]], reading: Reading) -> str:
    """What to say of two files of one device, one with the SET and one with the RESET sweeps; else nothing."""
    if len(parts) != 2 or reading.halves == "apart" or any(ds.sizes["device"] > 1 for _, ds in parts):
        return ""
    signs = []
    for _, ds in parts:
        low, high = ends(ds["voltage"].values, ds["sample_count"].values)
        signs.append(-1 if (high < -FULL * low).all() else 1 if (-low < FULL * high).all() else 0)
    cycles = [set(ds["cycle"].values.tolist()) for _, ds in parts]
    if signs[0] * signs[1] != -1 or not cycles[0] & cycles[1]:
        return ""
    alone = len(cycles[0] ^ cycles[1])
    return f"{parts[0][0]} and {parts[1][0]} hold the sweeps of one sign each: joined by the number of the cycle" + (
        f"; {counted(alone, 'cycle')} with one of them only" if alone else ""
    )


def _one_record_each(
    runs: Runs, voltage: F64, current: F64, reading: Reading, notes: list[str], both: bool
) -> tuple[Runs, F64, F64]:
    """Records sorted, with the halves of a loop as one; numbered on where numbers come again."""
    if repeated(runs) >= 0 and not both:
        runs = runs._replace(cycle=np.arange(runs.cycle.size))
        notes.append("cycles numbered on from file to file")
    runs, voltage, current = gathered(runs, voltage, current)
    return (runs if reading.halves == "apart" else whole(runs, voltage, notes)), voltage, current


def _number(name: str, position: int, names: Sequence[str]) -> np.int64:
    """Number of a cycle out of its file's name, if these differ in their last number alone; else its position."""
    last = [re.findall(r"\d+", Path(n).stem) for n in names]
    numbers = [int(found[-1]) if found and len(found[-1]) < 10 else -1 for found in last]
    whole = min(numbers) >= 0 and len(set(numbers)) == len(numbers)
    return np.int64(numbers[position] if whole else position)


def _listed(source: Source) -> list[zipfile.ZipInfo]:
    try:
        with source.raw() as raw, zipfile.ZipFile(raw) as archive:
            return archive.infolist()
    except (*BROKEN, ValueError) as error:
        raise refused(source.name, "be a complete ZIP archive", error, "pack it again") from None


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
