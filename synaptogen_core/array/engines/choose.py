"""Who computes: the NumPy specification, or its compiled twin with the same bits."""

from __future__ import annotations

import importlib.util
import warnings
from functools import cache

from synaptogen_core.array.engines.interface import Engine
from synaptogen_core.array.engines.numpy_engine import NumpyEngine

ENGINES = ("auto", "numpy", "numba")


def check_name(name: object) -> str:
    """One of the names of engines.

    Raises
    ------
    ValueError
        If there is no engine of that name.
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise ValueError(
            f"engine: must be one of {', '.join(ENGINES)} (got {name!r}); 'auto' takes the fastest there is"
        )
    return str(name)


@cache
def engine(name: str) -> Engine:
    """The engine called `name`; "auto" is the compiled one where numba is there; else it says once that it is slow.

    Raises
    ------
    ValueError
        For "numba" without the package numba.
    """
    if name != "numpy":
        if importlib.util.find_spec("numba") is not None:
            from synaptogen_core.array.engines.numba_engine import NumbaEngine

            return NumbaEngine()
        if name == "numba":
            raise ValueError("engine: 'numba' needs the package numba (got none); install it or choose 'numpy'")
        warnings.warn("numba is not installed: the NumPy engine gives the same bits, slower", stacklevel=3)
    return NumpyEngine()


def warm() -> None:
    """Have the fastest engine ready, so that the first simulation need not wait for the compiler; takes seconds."""
    if engine("auto").name == "numba":
        from synaptogen_core.array.engines import numba_engine

        numba_engine.warm()
