"""Chosen values, frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Choices(Mapping[str, Any]):
    """An immutable, hashable mapping with attribute access: ``choices.rows``."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any]):
        object.__setattr__(self, "_items", tuple(sorted(items.items())))

    def __getitem__(self, key: str) -> Any:
        for name, value in self._items:
            if name == key:
                return value
        raise KeyError(key)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Choices: are frozen (got a new value for {name}); change the settings instead")

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Choices) and self._items == other._items

    def __repr__(self) -> str:
        return f"Choices({dict(self._items)})"
