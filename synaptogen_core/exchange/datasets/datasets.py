"""Datasets as NetCDF and Zarr: compressed, in pieces, readable without this package.

``xarray.open_dataset`` opens the files .nc and the folders .zarr. A .zarr.zip is such a folder in one file, and opens
as ``xarray.open_dataset(zarr.storage.ZipStore(path, mode="r"), engine="zarr")``.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.storage import ZipStore

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets import validity
from synaptogen_core.exchange.datasets.unfinished import FOLDER, Marks
from synaptogen_core.exchange.files import netcdf, text
from synaptogen_core.exchange.files.atomic import replacing, swapping, told
from synaptogen_core.exchange.files.damage import refused

CHUNK = 1 << 18  # numbers: 1 MiB of float32, a piece that is quick to read and large enough to compress
SMALL = 512  # numbers that are not worth a filter
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
WHAT = "a Dataset of simulate"


def save_dataset(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset of `simulate`, compressed; all or nothing.

    Parameters
    ----------
    ds : xarray.Dataset
        What `simulate` returned, or a part of it.
    path : str or path
        The suffix says the format: .nc (NetCDF-4), .zarr (a folder) or .zarr.zip (the same in one file). What is there
        under this name is replaced; until the new file is whole and on the disk, the old one stays.

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, a folder that is no Zarr store is in the way, or the file
        system refuses the write: full, read-only, name too long.
    ValueError
        If `ds` is not such a Dataset; the sentence says why.
    """
    write = WRITERS[format_of(path)]
    if not isinstance(ds, xr.Dataset):
        raise TypeError(f"ds: must be {WHAT} (got {type(ds).__name__}); give an xarray.Dataset")
    try:
        validity.check(ds, values=False)
        validity.check_attributes(ds)
    except ValueError as error:
        raise ValueError(f"ds: must be {WHAT}; {error}") from error
    check_target(path)
    with replacing(path) as temporary:
        write(ds.drop_encoding(), temporary)


def load_dataset(path: str | os.PathLike[str], *, lazy: bool = False) -> xr.Dataset:
    """Read a Dataset that `save_dataset` wrote, and check everything.

    Parameters
    ----------
    path : str or path
        .nc, .zarr or .zarr.zip.
    lazy : bool
        Leave the values in the file until they are used, and unchecked; close the Dataset when done. By default all
        values are read and the file is closed, so that it may be replaced.

    Returns
    -------
    xarray.Dataset
        Equal to the saved one, attributes and all.

    Raises
    ------
    FileError
        If there is no such file, or it is not what it says.
    """
    kind = format_of(path)
    file = text.there(path)
    check_container(file, kind)
    try:
        ds = open_container(file, kind)
    except Exception as error:  # HDF5, Zarr and xarray raise what they like for a damaged file
        raise refused(path, f"be readable as {kind}", error, "is it cut off?") from error
    try:
        ds.attrs = {name: _plain(value) for name, value in ds.attrs.items()}
        validity.check(ds, values=False)
        if not lazy:
            _read_values(ds, path)
            validity.check(ds)
    except FileError:
        ds.close()
        raise
    except ValueError as error:
        ds.close()
        raise refused(path, f"hold {WHAT}", error, "is it damaged?") from error
    if not lazy:
        ds.close()
    return ds


def format_of(path: str | os.PathLike[str], others: str = "") -> str:
    """Return .nc, .zarr or .zarr.zip, by the name.

    Parameters
    ----------
    path : path-like
    others : str
        Further suffixes that the caller takes, for the sentence of the error.

    Raises
    ------
    FileError
        If the name ends in something else.
    """
    name = text.as_path(path).name.lower()
    for suffix in (".nc", ".zarr", ".zarr.zip"):
        if name.endswith(suffix):
            return suffix
    known = f".nc, .zarr, .zarr.zip or {others}" if others else ".nc, .zarr or .zarr.zip"
    raise FileError(f"{path}: must end in {known} (got {Path(path).suffix or 'no suffix'}); rename it")


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a name under which a folder is that is no whole Zarr store: it would be replaced.

    Raises
    ------
    FileError
        If there is such a folder, or an unfinished run.
    """
    target = Path(path)
    with told(path):
        unfinished, folder = Marks(target).there(), target.is_dir()
    if unfinished:
        raise FileError(
            f"{path}: must not be an unfinished run (got one); resume it, remove it, or choose another name"
        )
    if folder and (not target.name.lower().endswith(".zarr") or not _is_zarr(target)):
        raise FileError(f"{path}: must not be a folder of other things (got one); choose another name")


def chunks_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the piece in which an array is stored: the longest sides halved until it has 2**18 numbers at most.

    So neither maps (all cells of a cycle) nor series (all cycles of a cell) need the whole file.
    """
    chunk = list(shape)
    while np.prod(chunk, dtype=float) > CHUNK:
        longest = chunk.index(max(chunk))
        chunk[longest] = -(-chunk[longest] // 2)
    return tuple(chunk)


def _pieces_of(variable: xr.Variable, rows: int | None) -> tuple[int, ...]:
    """The pieces of a variable, none of which spans two groups of `rows` rows (a power of two, or all of them)."""
    sizes = dict(zip(variable.dims, variable.shape, strict=True))
    if rows is not None and "row" in sizes:
        sizes["row"] = min(rows, sizes["row"])
    return chunks_of(tuple(sizes.values()))


def _write_netcdf(ds: xr.Dataset, path: Path) -> None:
    netcdf.write(ds, path, netcdf_encoding(ds))


def netcdf_encoding(ds: xr.Dataset, rows: int | None = None) -> dict[Any, dict[str, Any]]:
    """How each variable is compressed and cut in NetCDF; `rows` are written at once (all, if nothing is said).

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`.
    rows : int, optional
        Rows of cells written at once, a power of two; no piece spans two such groups.

    Returns
    -------
    dict
        Variable -> settings, as for ``to_netcdf``.
    """
    filters = {"zlib": True, "complevel": 4, "shuffle": True}
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in ds.variables.items():
        encoding[name] = {"_FillValue": None}
        if variable.size >= SMALL:
            encoding[name] |= {**filters, "chunksizes": _pieces_of(variable, rows)}
    return encoding


def _write_zarr(ds: xr.Dataset, path: Path) -> None:
    encoding = zarr_encoding(ds)
    for name, variable in ds.variables.items():
        if variable.chunks is not None:  # a Dataset on dask keeps its own cut
            del encoding[name]["chunks"]
    # pieces that are all zero are written, too: a missing piece would read as zeros
    ds.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=encoding, write_empty_chunks=True)
    consolidate(path)


def zarr_encoding(ds: xr.Dataset, rows: int | None = None) -> dict[Any, dict[str, Any]]:
    """How each variable is compressed and cut in Zarr; `rows` are written at once (all, if nothing is said).

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`.
    rows : int, optional
        Rows of cells written at once, a power of two; no piece spans two such groups.

    Returns
    -------
    dict
        Variable -> settings, as for ``to_zarr``.
    """
    # lz4, as features are mostly noise: zstd at level 4 made files of 8 % less in five times the processor time.
    # The checksum makes a damaged piece an error, where Blosc would return other numbers.
    codecs = (BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"), Crc32cCodec())
    return {
        name: {"compressors": codecs, "chunks": tuple(max(1, n) for n in _pieces_of(variable, rows))}
        for name, variable in ds.variables.items()
    }


def consolidate(path: Path, header: Path | None = None, attributes: Mapping[str, Any] | None = None) -> None:
    """Repeat the headers of all arrays in that of the group, so that plain xarray opens it without a warning.

    Zarr's own function does this, too, and warns each time that the specification does not know it yet. The group's
    header is that of the store, or stands in `header`; it is written in one step, with some `attributes` set anew.

    Parameters
    ----------
    path : Path
        Folder of the store.
    header : Path, optional
        File that stands for the group's header as long as the store is not finished.
    attributes : mapping, optional
        Attributes of the group that are set or replaced.

    Raises
    ------
    OSError
        If the file system refuses the write.
    """
    group = json.loads((header or path / "zarr.json").read_text(encoding="utf-8"))
    group["attributes"] = {**group.get("attributes", {}), **(attributes or {})}
    arrays = sorted(file.parent.name for file in path.glob("*/zarr.json") if file.parent.name != FOLDER)
    metadata = {name: json.loads((path / name / "zarr.json").read_text(encoding="utf-8")) for name in arrays}
    group["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": metadata}
    with swapping(path / "zarr.json") as temporary:
        temporary.write_text(json.dumps(group, indent=1, ensure_ascii=False), encoding="utf-8")


def _write_zarr_zip(ds: xr.Dataset, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=path.name, suffix=".tmp", dir=path.parent) as name:
        folder = Path(name) / "folder.zarr"
        _write_zarr(ds, folder)
        zip_folder(folder, path)


def zip_folder(folder: Path, path: Path) -> None:
    """Put a Zarr folder into one file; its pieces are compressed already.

    Parameters
    ----------
    folder : Path
        A whole Zarr store.
    path : Path
        File to write or to replace.

    Raises
    ------
    OSError
        If the file system refuses the write.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())


WRITERS: dict[str, Callable[[xr.Dataset, Path], None]] = {
    ".nc": _write_netcdf,
    ".zarr": _write_zarr,
    ".zarr.zip": _write_zarr_zip,
}


def _is_zarr(folder: Path) -> bool:
    return (folder / "zarr.json").is_file()


def check_container(file: Path, kind: str) -> None:
    """Look at the outside of a file before others look inside.

    Parameters
    ----------
    file : Path
        There is a file or a folder.
    kind : {".nc", ".zarr", ".zarr.zip"}
        What its name says.

    Raises
    ------
    FileError
        If it is an unfinished store, or another format than its name says.
    """
    if kind == ".zarr":
        if Marks(file).there():
            raise FileError(
                f"{file}: must be complete (got {Marks(file).share()}); "
                "resume it by simulate_to_zarr or synaptogen generate --resume, with the same settings"
            )
        if not file.is_dir() or not _is_zarr(file):
            raise FileError(f"{file}: must be a Zarr folder (got no zarr.json in it); is it another format?")
        return
    if file.is_dir():
        raise FileError(f"{file}: must be a file (got a folder); is it another format?")
    if kind == ".zarr.zip":
        if not zipfile.is_zipfile(file):
            raise FileError(f"{file}: must be a ZIP archive (got none that can be read); is it cut off?")
        return
    with file.open("rb") as stream:
        start = stream.read(len(HDF5_MAGIC))
    if start != HDF5_MAGIC:
        found = "an older NetCDF" if start.startswith(b"CDF") else "other bytes at its start"
        raise FileError(f"{file}: must be NetCDF-4 (got {found}); is it another format?")


def open_container(file: Path, kind: str) -> xr.Dataset:
    """Open what `check_container` has looked at; values stay in the file until they are used.

    Parameters
    ----------
    file : Path
    kind : {".nc", ".zarr", ".zarr.zip"}

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    Exception
        Whatever HDF5, Zarr and xarray raise for a damaged file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # dimensions without names, other files in a folder
        if kind == ".nc":
            return xr.open_dataset(file, engine="h5netcdf")
        store: Any = ZipStore(file, mode="r") if kind == ".zarr.zip" else file
        _check_pieces(file, zarr.open_group(store, mode="r"))
        return xr.open_dataset(store, engine="zarr", consolidated=False, chunks=None)


def _check_pieces(file: Path, group: zarr.Group) -> None:
    """Count the pieces, as Zarr reads a missing one as zeros."""
    # Zarr's own count stumbles over names that begin alike in a ZIP archive: cycle, cycle_count
    if file.is_dir():
        names = [inner.relative_to(file).as_posix() for inner in file.rglob("*")]
    else:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    # a piece of an array of n dimensions is called name/c/1/.../n; shorter names are folders
    found = Counter((name.partition("/c/")[0], name.count("/") - 1) for name in names if "/c/" in name)
    for name, array in group.arrays():
        pieces = found[name, array.ndim]
        if pieces != array.nchunks:
            raise FileError(
                f"{file}: must have {counted(array.nchunks, 'piece')} of {name} (got {pieces}); is it cut off?"
            )


def _read_values(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    try:
        ds.load()
    except Exception as error:  # as above: a damaged piece shows in many ways
        raise refused(path, "hold complete arrays", error, "is it damaged?") from error


def _plain(value: Any) -> Any:
    """Attributes as Python has them: HDF5 returns NumPy's scalars."""
    return value.item() if isinstance(value, np.generic) else value
