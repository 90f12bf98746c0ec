"""What a frozen record shows refuses writing: its arrays too, not only its names."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


def read_only(value: Any) -> Any:
    """`value` with arrays, those in tuples and Datasets too, as views that refuse writing; the given ones stay open."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    elif type(value) is tuple:
        value = tuple(map(read_only, value))
    elif hasattr(value, "data_vars"):  # a Dataset of xarray, which is not loaded for this
        shown = {
            name: variable.copy(deep=False, data=read_only(variable.data))
            for name, variable in value.variables.items()
            if name not in value.indexes and isinstance(variable.data, np.ndarray)
        }
        coords = {name: variable for name, variable in shown.items() if name in value.coords}
        data = {name: variable for name, variable in shown.items() if name not in coords}
        value = value.assign(data).assign_coords(coords)
    return value


class Frozen:
    """Of frozen dataclasses with arrays: copies and pickles hold the fields alone, and refuse writing, too."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # a dataclass

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, read_only(value))


def freeze(record: Any) -> None:
    """Make the fields of a frozen dataclass `read_only`; for its ``__post_init__``."""
    for field in fields(record):
        object.__setattr__(record, field.name, read_only(getattr(record, field.name)))
