"""Images and labels from files: IDX (MNIST and its kin), .npz, CSV, CIFAR. Bounded, checked, nothing executed."""

from __future__ import annotations

import gzip
import io
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError, shown
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.types import F32

MAX_BYTES = 1 << 31  # of pixels, unpacked
MAX_CSV = 1 << 28  # bytes of text
IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
MOST_DIMENSIONS = 4
WHAT = "a file of images"
ENDS = ("first", "last", "none")
COLOURS = (3, 32, 32)  # of CIFAR: red, green and blue, each row by row
CIFAR = ((1, (10,)), (2, (20, 100)))  # bytes of labels before the pixels, and how many classes each has
PICKLE = b"\x80"  # how one begins


class Images(NamedTuple):
    """Images with their labels.

    x : (images, pixels), from 0 to 1
    y : (images,), or None
    shape : of an image before it was laid in a row, such as (28, 28)
    """

    x: F32
    y: NDArray[Any] | None
    shape: tuple[int, ...]


def load_images(
    path: str | os.PathLike[str],
    labels: str | os.PathLike[str] | None = None,
    *,
    largest: float | None = None,
    label_column: str = "first",
) -> Images:
    """Read images.

    Parameters
    ----------
    path : str or path
        IDX as MNIST, Fashion-, K- and EMNIST have it (any name; .gz is unpacked); ``.npz`` with arrays x and y, or
        images and labels, or x_train and y_train; ``.csv`` (or .csv.gz) with a row for each image; ``.bin``, the binary
        version of CIFAR-10 or CIFAR-100 (labels: the hundred fine classes), whose images have shape (3, 32, 32).
    labels : str or path, optional
        IDX file of their labels.
    largest : float, optional
        The pixel that becomes 1. Default: 255 for whole numbers of which one is above 1, else 1.
    label_column : {"first", "last", "none"}
        Where a CSV has the label.

    Returns
    -------
    Images

    Raises
    ------
    FileError
        If a file does not exist, or is not what it says.
    TypeError, ValueError
        If an argument breaks its rule.
    """
    if label_column not in ENDS:
        raise ValueError(f"label_column: must be one of {', '.join(ENDS)} (got {label_column!r}); choose one of them")
    if largest is not None and checks.number("largest", largest) <= 0:
        raise ValueError(f"largest: must be above 0 (got {largest:g}); give the value of a white pixel")
    file = text.existing(path, WHAT)
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(".npz"):
        pixels, found = _npz(file)
    elif name.endswith((".csv", ".txt")):
        pixels, found = _csv(file, label_column)
    elif name.endswith(".bin"):
        pixels, found = _cifar(file)
    else:
        pixels, found = load_idx(file), None
    if labels is not None:
        found = load_idx(labels)
    return _checked(path, pixels, found, largest)


def load_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an array in the IDX format.

    Parameters
    ----------
    path : str or path
        A gzip is unpacked, up to what its header promises.

    Returns
    -------
    ndarray
        Of the type and shape that the file states.

    Raises
    ------
    FileError
        If there is no such file, or its header promises other bytes than follow.

    References
    ----------
    Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
    """
    file = text.existing(path, "an IDX file")
    try:
        with _stream(file) as stream:
            start = stream.read(4)
            if start[:1] == PICKLE:
                raise FileError(
                    f"{path}: must not be a pickle, which could run anything (got one); take .npz, or CIFAR's .bin"
                )
            if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in IDX_TYPES:
                raise FileError(f"{path}: must be IDX (got other bytes at its start); is it another format?")
            if not 1 <= start[3] <= MOST_DIMENSIONS:
                raise FileError(
                    f"{path}: must have 1 to {MOST_DIMENSIONS} dimensions (got {start[3]}); is it another format?"
                )
            head = stream.read(4 * start[3])
            sizes = np.frombuffer(head[: len(head) // 4 * 4], ">u4")
            kind = np.dtype(IDX_TYPES[start[2]])
            size = math.prod(int(n) for n in sizes) * kind.itemsize
            if sizes.size != start[3] or not 0 < size <= MAX_BYTES:
                raise FileError(f"{path}: must hold up to {MAX_BYTES:,} bytes (got {size:,}); give a smaller file")
            body = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refused(path, "be readable", error, "is it cut off?") from error
    if len(body) != size:
        more = "more" if len(body) > size else f"{len(body):,}"
        raise FileError(f"{path}: must hold {size:,} bytes after its header (got {more}); is it cut off?")
    return np.frombuffer(body, kind).reshape(sizes.tolist()).astype(kind.newbyteorder("="))


def _stream(file: Path) -> Any:
    with file.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rb") if packed else file.open("rb")


def _cifar(file: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Records of labels and pixels, one byte each.

    References
    ----------
    Format: Krizhevsky, "Learning multiple layers of features from tiny images", 2009; the binary version.
    """
    try:
        with _stream(file) as stream:
            body = np.frombuffer(stream.read(MAX_BYTES + 1), np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise refused(file, "be readable", error, "is it cut off?") from error
    size = math.prod(COLOURS)
    for labels, classes in CIFAR:
        if body.size and body.size <= MAX_BYTES and body.size % (labels + size) == 0:
            records = body.reshape(-1, labels + size)
            if (records[:, :labels] < np.array(classes)).all():
                return records[:, labels:].reshape(-1, *COLOURS), records[:, labels - 1].astype(np.int64)
    raise FileError(
        f"{file}: must be records of CIFAR-10 or CIFAR-100, {size} pixels after one or two labels (got {body.size:,} "
        "bytes that are none); is it cut off?"
    )


def arrays_of(file: Path, limit: int = MAX_BYTES) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file, if they are plain numbers and not more than `limit` bytes.

    Parameters
    ----------
    file : Path
    limit : int
        [bytes], unpacked.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileError
        If it is no such file; objects, which would be executed, are refused.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > limit:
                raise FileError(f"{file}: must unpack to at most {limit:,} bytes (got {size:,}); give a smaller file")
            found = {}
            for member in archive.infolist():
                with archive.open(member) as stream:
                    body = stream.read(member.file_size + 1)
                found[member.filename.removesuffix(".npy")] = _plain_array(
                    np.load(io.BytesIO(body), allow_pickle=False)
                )
    except FileError:
        raise
    except Exception as error:  # NumPy and zipfile raise what they like for a damaged file
        raise refused(file, "be an .npz of plain arrays", error, "save it again") from error
    return found


def _plain_array(found: Any) -> NDArray[Any]:
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biufUS":
        raise ValueError(f"an array of {getattr(found, 'dtype', type(found).__name__)}")
    return found


def _npz(file: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    found = arrays_of(file)
    for x, y in (("x", "y"), ("images", "labels"), ("x_train", "y_train"), ("X", "y"), ("data", "target")):
        if x in found:
            return found[x], found.get(y)
    raise FileError(f"{file}: must have arrays x and y, or images and labels (got {shown(sorted(found))}); rename them")


def _csv(file: Path, label_column: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    try:
        with _stream(file) as stream:
            body = stream.read(MAX_CSV + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refused(file, "be readable", error, "is it cut off?") from error
    if len(body) > MAX_CSV:
        raise FileError(f"{file}: must be at most {MAX_CSV:,} bytes of text (got more); save it as .npz")
    lines = body.decode("utf-8", "replace").split("\n")
    separator = next((sign for sign in ";\t," if sign in lines[0]), ",")
    skip = 0 if _numbers_only(lines[0], separator) else 1
    if not any(line.strip() for line in lines[skip:]):
        raise FileError(f"{file}: must hold images (got no numbers); is it another file?")
    try:
        table = np.loadtxt(io.StringIO("\n".join(lines)), delimiter=separator, skiprows=skip, ndmin=2)
    except ValueError:
        raise FileError(f"{file}: must be rows of as many numbers each ({_odd(lines, separator, skip)})") from None
    if label_column == "none":
        return table, None
    if table.shape[1] < 2:
        raise FileError(f"{file}: must have a label and pixels in each row (got {table.shape[1]} numbers); correct it")
    label, pixels = (table[:, 0], table[:, 1:]) if label_column == "first" else (table[:, -1], table[:, :-1])
    with np.errstate(invalid="ignore"):  # of NaN, infinity, 1e300: no whole number is equal to these
        whole = label.astype(np.int64)
    if not np.array_equal(label, whole):
        raise FileError(f"{file}: must have whole numbers as labels (got others); choose the label's column")
    return pixels, whole


def _odd(lines: list[str], separator: str, skip: int) -> str:
    """The first row that is unlike the first one."""
    count = 0
    for number, line in enumerate(lines[skip:], skip + 1):
        cells = line.partition("#")[0].split(separator)
        if cells == [""] or not "".join(cells).strip():
            continue
        count = count or len(cells)
        if len(cells) != count or not _numbers_only(line, separator):
            return f"got {counted(len(cells), 'cell')} in line {number}: {shown(line.strip())}); correct that line"
    return "got others); correct them"


def _numbers_only(line: str, separator: str) -> bool:
    try:
        [float(word) for word in line.split(separator)]
    except ValueError:
        return False
    return True


def _checked(
    path: str | os.PathLike[str], pixels: NDArray[Any], labels: NDArray[Any] | None, largest: float | None
) -> Images:
    if pixels.ndim < 2 or not pixels.size or pixels.dtype.kind not in "buif":
        raise FileError(
            f"{path}: must hold images of numbers (got {pixels.dtype} of shape {pixels.shape}); is it the labels?"
        )
    if not np.isfinite(pixels).all():
        raise FileError(f"{path}: must hold finite pixels (got NaN or infinity); correct the images")
    if labels is not None and labels.shape != pixels.shape[:1]:
        raise FileError(
            f"{path}: must have a label for each of {len(pixels)} images (got shape {labels.shape}); "
            "give the labels of these images"
        )
    most = float(pixels.max())
    whole = pixels.dtype.kind in "bui" or bool(np.array_equal(pixels, np.rint(pixels)))
    white = largest if largest is not None else 255.0 if whole and most > 1 else 1.0
    x = pixels.reshape(len(pixels), -1).astype(np.float32)
    x /= np.float32(white)
    return Images(x, labels, tuple(pixels.shape[1:]))
