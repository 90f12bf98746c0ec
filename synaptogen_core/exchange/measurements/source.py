"""Where measurements come from: bytes, a file, or a file in a ZIP archive; plain or packed with gzip."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.damage import refused

GZIP = b"\x1f\x8b"
BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)  # what unpacking may raise
WHOLE_BYTES = 16 * 2**20  # a binary file may unpack to so many, and twice its size
MAX_BYTES = 500 * 10**6
MAX_EXPANSION = 200  # times its size may a packed file grow; DEFLATE could 1,030 times, tables do 5 to 50 times
NEEDS = "give a CSV or text table, plain or as .gz, a workbook (.xlsx), or NetCDF (.nc)"


@dataclass(frozen=True)
class Member:
    """A file in a ZIP archive, unpacked piece by piece when it is read."""

    archive: Source
    path: str
    size: int  # packed


@dataclass(frozen=True)
class Source:
    """Bytes, a file or a file in an archive, with measurements; it can be opened again and again."""

    name: str
    data: bytes | Path | Member
    title: str = ""  # among others of its kind, such as a sheet of a workbook
    stored: int = 0  # bytes of the file of which `data` are another form

    @property
    def size(self) -> int:
        """Bytes, as stored; of a file in an archive, as it is packed there."""
        if self.stored:
            return self.stored
        if isinstance(self.data, Path):
            return self.data.stat().st_size
        return len(self.data) if isinstance(self.data, bytes) else self.data.size

    def raw(self) -> IO[bytes]:
        """The bytes as stored."""
        if isinstance(self.data, bytes):
            return io.BytesIO(self.data)
        return self.data.open("rb") if isinstance(self.data, Path) else io.BufferedReader(_Unpacked(self.data))

    def whole(self) -> bytes:
        """All of them at once; of a file in an archive, unpacked from it, up to a limit.

        Raises
        ------
        FileError
            If it is damaged, or unpacks to more.
        """
        limit = self.size if not isinstance(self.data, Member) else WHOLE_BYTES + 2 * self.size
        try:
            with self.raw() as stream:
                found = stream.read(limit + 1)
        except BROKEN as error:
            raise damaged(self.name, error) from None
        if len(found) > limit:
            raise FileError(f"{self.name}: must unpack to at most {limit:,} bytes (got more); give it by itself")
        return found

    def start(self) -> bytes:
        """The first bytes, unpacked: they tell the format."""
        with self.raw() as stream:
            start = stream.read(1024)
        return unpacked(self, 1024) if start.startswith(GZIP) else start


class _Unpacked(io.RawIOBase):
    """A member of an archive, from its beginning as often as wanted."""

    def __init__(self, member: Member) -> None:
        self._name = f"{member.archive.name}, {member.path!r}"
        self._raw = member.archive.raw()
        self._archive = zipfile.ZipFile(self._raw)
        try:
            self._stream = self._archive.open(member.path)
        except BROKEN as error:
            raise damaged(self._name, error) from None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        return fill(buffer, self._stream, self._name)

    def close(self) -> None:
        self._archive.close()
        self._raw.close()
        super().close()


def fill(buffer: Any, stream: IO[bytes], name: str) -> int:
    """Read what comes next into a buffer, unpacking it.

    Parameters
    ----------
    buffer : writable buffer of bytes
    stream : binary file
        That unpacks what is read.
    name : str
        Of the file, for the sentence.

    Returns
    -------
    int
        Bytes read.

    Raises
    ------
    FileError
        If it is damaged.
    """
    try:
        piece = stream.read(len(buffer))
    except BROKEN as error:
        raise damaged(name, error) from None
    buffer[: len(piece)] = piece
    return len(piece)


def unpacked(source: Source, limit: int) -> bytes:
    """The first `limit` bytes of a packed file.

    Parameters
    ----------
    source : Source
        Packed with gzip.
    limit : int
        Largest number of bytes to return.

    Returns
    -------
    bytes
        Fewer than `limit` if there are no more.

    Raises
    ------
    FileError
        If it is damaged.
    """
    try:
        with source.raw() as raw, gzip.GzipFile(fileobj=raw) as stream:
            return stream.read(limit)
    except BROKEN as error:
        raise damaged(source.name, error) from None


def damaged(name: str, error: Exception) -> FileError:
    """The sentence about a packing that is broken.

    Parameters
    ----------
    name : str
        Of the file.
    error : Exception
        What unpacking raised.

    Returns
    -------
    FileError
    """
    return refused(name, "be a complete .gz or .zip file", error, "is it cut off?")
