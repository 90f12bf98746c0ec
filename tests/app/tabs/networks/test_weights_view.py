"""Two chips' weights in a picture that has room for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.look.theme import Theme
from app.tabs.networks.weights_view import DOTS, Weights


def middles(view: Weights) -> np.ndarray:
    """Wanted weight and height of each dot of what is in the cells."""
    data = view._pictures[0].data
    rows, columns = np.nonzero(np.asarray(data["image"][0]).view(np.uint8).reshape(DOTS, DOTS, 4)[..., 3])
    x, y = (data[key][0] + (at + 0.5) / DOTS * data[size][0] for key, size, at in
            (("x", "dw", columns), ("y", "dh", rows)))  # fmt: skip
    return np.column_stack([x, y])


@pytest.mark.parametrize("side", ["a", "b", "difference"])
def test_one_chip_the_other_or_the_difference(side: str) -> None:
    view, wanted = Weights(Theme()), np.array([-0.5, 0.1, 0.4])
    shown = []
    for error in (0.05, -0.02):
        view.show([wanted, wanted + error, wanted])
        shown.append(view.shown)
    a, b = shown
    assert a is not None and b is not None
    found = view.of_two(a, b, side)
    assert found is not None
    view.draw(found)
    dots, step = middles(view), [view._pictures[0].data[key][0] / DOTS for key in ("dw", "dh")]
    expected = {"a": wanted + 0.05, "b": wanted - 0.02, "difference": np.full(3, -0.07)}[side]
    assert np.abs(dots - np.column_stack([wanted, expected])).max(axis=0) == pytest.approx(0, abs=max(step))
    titles = {"a": "A: weights on the chip", "b": "Weights on the chip", "difference": "B − A: weights on the chip"}
    assert view.figure.title.text == titles[side]
    assert ("no difference" in view.note.object) == (side == "difference")


def test_chips_that_want_other_weights_have_no_difference() -> None:
    view, wanted = Weights(Theme()), np.array([-0.5, 0.1, 0.4])
    view.show([wanted, wanted, wanted])
    assert view.shown is not None
    assert view.of_two(view.shown, replace(view.shown, wanted=2 * wanted), "difference") is None
    assert view.of_two(view.shown, view.shown, "difference") is not None
    view.draw(view.of_two(view.shown, view.shown, "difference"))  # type: ignore[arg-type]  # it is
    assert view._line.data["y"] == [0, 0]
