"""The choice of an engine. That engines agree is tested in test_kernels.py."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from typing import Any

import pytest

from synaptogen_core.array.engines import choose


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    found = importlib.util.find_spec

    def hide(name: str, *rest: Any) -> Any:
        return None if name == "numba" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", hide)
    choose.engine.cache_clear()
    yield
    choose.engine.cache_clear()


def test_names() -> None:
    assert choose.engine("numpy").name == "numpy"
    assert choose.engine("numba").name == "numba"
    assert choose.engine("auto").name == "numba"
    for name in choose.ENGINES:
        assert choose.check_name(name) == name


def test_without_the_compiler_auto_takes_the_specification_and_says_so(without_numba: None) -> None:
    with pytest.warns(UserWarning, match="^numba is not installed: the NumPy engine gives the same bits, slower$"):
        assert choose.engine("auto").name == "numpy"


def test_without_the_compiler_its_engine_is_refused(without_numba: None) -> None:
    with pytest.raises(ValueError) as error:
        choose.engine("numba")
    assert str(error.value) == ("engine: 'numba' needs the package numba (got none); install it or choose 'numpy'")
