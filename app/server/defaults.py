"""Bokeh's default values, worked out once for each class and not each time that one is read.

A page reads some 40,000 of them while it is made, walked through and written; Bokeh copies and validates the default at
every reading, which took half of the server's time for the opening of a page. Only defaults are kept that Bokeh calls
stable: plain values that no theme has changed. What can be changed, such as a list, stays with Bokeh.
"""

from __future__ import annotations

from typing import Any

from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.singletons import Undefined

PLAIN = (str, int, float, type(None), type(Undefined))  # what nobody can change
KNOWN: dict[tuple[PropertyDescriptor[Any], type[HasProps]], Any] = {}


BOKEHS: Any = PropertyDescriptor._get_default


def get_default(descriptor: PropertyDescriptor[Any], thing: HasProps) -> Any:
    """The value of a property that has not been set."""
    themed = thing.themed_values()
    if themed is not None and descriptor.name in themed:
        return BOKEHS(descriptor, thing)
    key = (descriptor, type(thing))
    if key not in KNOWN:
        value = BOKEHS(descriptor, thing)
        if descriptor.has_unstable_default(thing) or not isinstance(value, PLAIN):
            return value
        KNOWN[key] = value
    return KNOWN[key]


def keep() -> None:
    """Begin; a second time changes nothing."""
    PropertyDescriptor._get_default = get_default  # Bokeh has no door for it
