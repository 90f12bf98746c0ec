"""NetCDF on its way to a disk that may be full.

HDF5 does not survive a write that fails: it goes on flushing what it could not write, closes freed memory, and takes
the process with it; or it says nothing, and the file is damaged. So it writes to a file that never fails. The first
failure is remembered, what comes after it is kept in memory until HDF5 has closed, and only then it is raised.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5netcdf
import xarray as xr
from xarray.backends import H5NetCDFStore
from xarray.backends.common import ArrayWriter

# One that cannot be opened is closed half-made, and h5netcdf then misses this: Python would print a traceback
h5netcdf.File._writable = False

PAGE = 1 << 16  # bytes
Do = Callable[[Callable[[h5netcdf.File], None]], None]


class Steadfast(io.RawIOBase):
    """A file that takes all that HDF5 writes; `check` says whether the disk took it, too.

    After a failure reads must still return what was written: HDF5 searches its own trees for ever in zeros.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self._at = self._size = 0
        self._kept: dict[int, bytearray] = {}  # pages that differ from the disk, after a failure
        self._failure: OSError | None = None

    def check(self) -> None:
        """Raise what went wrong so far.

        Raises
        ------
        OSError
            What a write or a flush met.
        """
        if self._failure is not None:
            raise self._failure

    def release(self) -> None:
        """Close the file on the disk."""
        self._file.close()

    # ---- what HDF5 calls; an exception here would be the failed write that it does not survive

    def seekable(self) -> bool:  # noqa: D102
        return True

    def readable(self) -> bool:  # noqa: D102
        return True

    def writable(self) -> bool:  # noqa: D102
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:  # noqa: D102
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:  # noqa: D102
        return self._at

    def write(self, data: Any) -> int:  # noqa: D102
        content = memoryview(data).cast("B")
        self._attempt(lambda: self._put(content))
        if self._failure is not None:
            for page, inner, outer in _pages(self._at, len(content)):
                self._page(page)[inner] = content[outer]
        self._at += len(content)
        self._size = max(self._size, self._at)
        return len(content)

    def readinto(self, buffer: Any) -> int:  # noqa: D102
        into = memoryview(buffer).cast("B")
        into[:] = self._get(self._at, len(into))
        if self._kept:
            for page, inner, outer in _pages(self._at, len(into)):
                if page in self._kept:
                    into[outer] = self._kept[page][inner]
        self._at += len(into)
        return len(into)

    def truncate(self, size: int | None = None) -> int:  # noqa: D102
        self._size = self._at if size is None else size
        self._attempt(lambda: self._file.truncate(self._size))
        return self._size

    def flush(self) -> None:  # noqa: D102
        pass  # there is no buffer; `replacing` puts the file on the disk

    # ---- the disk

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._failure is None:
            try:
                work()
            except OSError as error:
                self._failure = error

    def _put(self, content: memoryview) -> None:
        self._file.seek(self._at)
        while content:
            content = content[self._file.write(content) or 0 :]

    def _get(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        content = b""
        while len(content) < size and (more := self._file.read(size - len(content))):
            content += more
        return content.ljust(size, b"\0")  # behind the end there are zeros, as in any file with holes

    def _page(self, number: int) -> bytearray:
        if number not in self._kept:
            self._kept[number] = bytearray(self._get(number * PAGE, PAGE))
        return self._kept[number]


def _pages(at: int, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Numbers of the pages that some bytes lie on, and which bytes of the page and of the bytes these are."""
    end = at + size
    while at < end:
        page, inner = divmod(at, PAGE)
        step = min(PAGE - inner, end - at)
        done = size - (end - at)
        yield page, slice(inner, inner + step), slice(done, done + step)
        at += step


class Stopping:
    """A variable of a file that takes no more once something could not be written."""

    def __init__(self, variable: Any, check: Callable[[], None]) -> None:
        self._variable, self._check = variable, check

    def __setitem__(self, place: Any, values: Any) -> None:
        self._check()
        self._variable[place] = values


@contextmanager
def writing(path: Path) -> Iterator[tuple[Do, Callable[[], None]]]:
    """Open a new NetCDF file; give what does a step of writing it, and what checks how it goes.

    The steps run in a thread of their own: Ctrl-C raises in the main thread alone, and so never inside of HDF5.

    Parameters
    ----------
    path : Path
        Must not exist.

    Yields
    ------
    do : callable
        Takes a function of the open file, calls it, and returns when it is done.
    check : callable
        For use in a long step: raises what went wrong so far.

    Raises
    ------
    OSError
        If something could not be written; after HDF5 has closed.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="synaptogen-netcdf") as thread:
        stream = Steadfast(path)
        file = thread.submit(h5netcdf.File, stream, "w").result()

        def do(step: Callable[[h5netcdf.File], None]) -> None:
            thread.submit(step, file).result()
            stream.check()

        def finish() -> None:
            try:
                file.close()
            finally:
                stream.release()

        try:
            yield do, stream.check
        finally:
            thread.submit(finish).result()
    stream.check()


def write(ds: xr.Dataset, path: Path, encoding: dict[Any, dict[str, Any]] | None = None) -> None:
    """Write a Dataset as ``to_netcdf`` does; what of it is on dask, piece by piece.

    Parameters
    ----------
    ds : xarray.Dataset
    path : Path
        Must not exist.
    encoding : dict, optional
        As for ``to_netcdf``.

    Raises
    ------
    OSError
        If something could not be written.
    """
    with writing(path) as (do, check):
        writer: Any = ArrayWriter()  # type: ignore[no-untyped-call]
        do(lambda file: lay_out(ds, file, encoding, writer))
        writer.targets = [Stopping(target, check) for target in writer.targets]
        do(lambda file: writer.sync())


def lay_out(
    ds: xr.Dataset, file: h5netcdf.File, encoding: dict[Any, dict[str, Any]] | None, writer: ArrayWriter | None = None
) -> None:
    """Write a Dataset to an open file; what of it is on dask is left to `writer`.

    Parameters
    ----------
    ds : xarray.Dataset
        What to write.
    file : h5netcdf.File
        Open for writing.
    encoding : dict, optional
        As for ``to_netcdf``.
    writer : xarray ArrayWriter, optional
        Collects the pieces on dask, until its ``sync``; without it they are computed here.
    """
    ds.dump_to_store(H5NetCDFStore(file), writer=writer, encoding=encoding)
