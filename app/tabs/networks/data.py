"""What the networks see and what they are: handwritten digits and a network for them, or files of the user's."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from app.tabs.networks.own import MOST_MB, MOST_MB_IMAGES, Own, OwnImages
from synaptogen_core import load_images, load_weights
from synaptogen_core.array.blas import one_thread
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.networks.images import Images
from synaptogen_core.networks import Network
from synaptogen_core.networks.example import digit_images, digits

T = TypeVar("T")
KNOWN: WeakKeyDictionary[Own | OwnImages, dict[Hashable, Any]] = WeakKeyDictionary()
Labelled = tuple[np.ndarray, np.ndarray]
LEAST, MOST = 100, 4000  # images of a file: too few to train on, and as many as are used
MOST_CLASSES, MOST_PIXELS = 20, 3072
SHARE = 4  # one image in so many is held back to judge by
EPOCHS, SEEN = 40, 150_000  # at least; and images in all, so that few are seen often


@dataclass(frozen=True, eq=False)
class Data:
    """Images and the classes that they belong to, by their positions."""

    training: Labelled
    test: Labelled
    shape: tuple[int, int]  # of a picture, as it is drawn
    classes: tuple[str, ...]
    name: str = ""  # of the user's file
    colours: int = 1

    @property
    def pixels(self) -> int:
        return int(self.test[0].shape[1])

    def pictures(self) -> np.ndarray:
        """Test images in grey, shape (images, rows, columns)."""
        return self.test[0].reshape(-1, self.colours, *self.shape).mean(axis=1)


def example() -> Data:
    """The digits of scikit-learn."""
    return Data(*digit_images(), (8, 8), tuple(map(str, range(10))))


def data_of(images: OwnImages | None) -> Data:
    """Digits, or images of the user's, in an order by chance.

    Raises
    ------
    FileError, TypeError, ValueError
        If they are none, too few or too large, or have no labels.
    """
    if images is None:
        return example()
    return known(images, "data", lambda: of_files(images))


def known(file: Own | OwnImages, what: Hashable, make: Callable[[], T]) -> T:
    """What is made of a file once, for as long as the page has it."""
    found = KNOWN.setdefault(file, {})
    if what not in found:
        found[what] = make()
    return found[what]


def of_files(images: OwnImages) -> Data:
    x, y, shape = read(images)
    if y is None:
        raise ValueError(f"{images.name}: must have labels (got images alone); give the file with their labels, too")
    classes, labels = np.unique(y, return_inverse=True)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(f"{images.name}: must have 2 to {MOST_CLASSES} classes (got {len(classes)}); choose some")
    if len(x) < LEAST or x.shape[1] > MOST_PIXELS:
        raise ValueError(
            f"{images.name}: must have {LEAST} images or more, of up to {MOST_PIXELS:,} pixels "
            f"(got {len(x):,} of {x.shape[1]:,}); give others"
        )
    order = np.random.default_rng(0).permutation(len(x))[:MOST]
    test = len(order) // SHARE
    x, labels = x[order].astype(np.float64), labels[order]
    colours, picture = picture_of(shape, x.shape[1])
    return Data(
        (x[test:], labels[test:]), (x[:test], labels[:test]), picture, tuple(map(str, classes)), images.name, colours
    )


def picture_of(shape: tuple[int, ...], pixels: int) -> tuple[int, tuple[int, int]]:
    """Colours, and rows and columns of a picture."""
    if len(shape) == 3 and shape[0] in (1, 3):
        return shape[0], (shape[1], shape[2])
    if len(shape) == 2:
        return 1, (shape[0], shape[1])
    side = math.isqrt(pixels)
    return 1, ((side, side) if side**2 == pixels else (1, pixels))


def read(images: OwnImages) -> Images:
    """What is in the files."""
    size = sum(len(own.content) for own in images.files)
    if size > 1_000_000 * MOST_MB_IMAGES:
        raise ValueError(f"images: must be at most {MOST_MB_IMAGES} MB (got {size / 1e6:.0f}); give fewer")
    if len(images.files) > 2:
        raise ValueError(f"images: must be one file, or two, images and labels (got {len(images.files)}); give those")
    labels = [own for own in images.files if "label" in own.name.lower()] if len(images.files) == 2 else []
    if len(images.files) == 2 and len(labels) != 1:
        raise ValueError(f"images: of two files one must have “label” in its name (got {images.name}); rename it")
    pixels = next(own for own in images.files if own not in labels)
    with ExitStack() as open_:
        file = open_.enter_context(on_disk(pixels, "images"))
        return load_images(file, *(open_.enter_context(on_disk(own, "labels")) for own in labels))


@contextmanager
def on_disk(own: Own, stem: str) -> Iterator[Path]:
    """A file for as long as it is read; errors name it as the user does."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / (stem + "".join(Path(own.name).suffixes[-2:]).lower())
        file.write_bytes(own.content)
        try:
            yield file
        except FileError as error:
            raise FileError(str(error).replace(str(file), own.name)) from None


def network_of(own: Own | None, images: OwnImages | None, hidden: int) -> Network:
    """A network for digits or images: trained here, or of the weights in a file.

    Raises
    ------
    FileError, TypeError, ValueError
        If these are none, or do not take so many pixels and give as many classes.
    """
    data = data_of(images)
    if own is not None:
        return known(own, (data.pixels, data.classes, data.name), lambda: of_weights(own, data))
    if images is None:
        return digits(hidden)[0]
    return known(images, hidden, lambda: trained(data, hidden))


def trained(data: Data, hidden: int) -> Network:
    """One hidden layer, trained in float."""
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore")  # that it might still become a little better
        epochs = max(EPOCHS, SEEN // len(data.training[0]))
        return Network.from_sklearn(MLPClassifier((hidden,), random_state=0, max_iter=epochs).fit(*data.training))


def of_weights(own: Own, data: Data) -> Network:
    if len(own.content) > 1_000_000 * MOST_MB:
        raise ValueError(f"weights: must be at most {MOST_MB} MB (got {len(own.content) / 1e6:.0f}); give fewer")
    with on_disk(own, "weights") as file:
        named = load_weights(file)
    network = Network.from_weights(named)
    network.check_images(np.zeros((1, data.pixels)))
    if len(network.classes) != len(data.classes):
        what = f"the images of {data.name}" if data.name else "the digits"
        raise ValueError(
            f"weights: must give {len(data.classes)} classes for {what} (got {len(network.classes)}); correct them"
        )
    return network
