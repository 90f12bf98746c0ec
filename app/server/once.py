"""What Bokeh and Panel work out for each model or each page, though it is the same for all of a class: worked out once.

A page of some 360 models reads 40,000 defaults while it is made, walked through and written; Bokeh copies and validates
a default at every reading, and looks at every property of every model. Lists and dictionaries that nobody has touched
are not even made. What a model says, and what is written of it, stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import bokeh.model.util as walking
import panel.io.server as pages
from bokeh.core.has_props import HasProps
from bokeh.core.property.bases import Property
from bokeh.core.property.dataspec import DataSpec, Field, Value
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.nothing import Nothing
from bokeh.core.property.primitive import String
from bokeh.core.property.singletons import Intrinsic, Undefined
from bokeh.core.property.wrappers import PropertyValueContainer
from bokeh.settings import settings
from panel.io.resources import bundle_resources
from panel.io.state import state

Descriptor: TypeAlias = PropertyDescriptor[Any]
PLAIN = (str, int, float, type(None), type(Undefined))  # what nobody can change
SCALARS = frozenset(PLAIN) | {bool}
KNOWN: dict[tuple[Descriptor, type[HasProps]], Any] = {}
BUNDLES: dict[tuple[Any, ...], Any] = {}
# Of what no tab uses; of letters that another style sheet has too, which would have the browser load all alphabets.
UNUSED = ("datatabulator", "bokeh-gl", "material-icons.css", "es-module-shims")
LIGHTER = Path(__file__).with_name("lighter.js").read_text(encoding="utf-8")

DEFAULT: Any = PropertyDescriptor._get_default  # Bokeh's own, as all of these
UNSTABLE: Any = PropertyDescriptor.has_unstable_default
VALUES: Any = HasProps.properties_with_values
VISIT: Any = walking.visit_immediate_value_references
OVERRIDDEN: Any = HasProps._overridden_defaults


def keep() -> None:
    """Begin; a second time changes nothing. Bokeh has no door for any of it."""
    thing: Any = HasProps
    overridden: Any = cache(OVERRIDDEN.__func__)
    thing.__init__, thing.themed_values, thing.properties_with_values = begin, themed_values, properties_with_values
    thing._overridden_defaults = classmethod(overridden)
    PropertyDescriptor._get_default, PropertyDescriptor.has_unstable_default = get_default, has_unstable_default
    walking.visit_immediate_value_references = visit
    DataSpec.to_serializable = specified
    pages.bundle_resources = bundle
    settings.simple_ids.set_value(settings.simple_ids())  # else asked for in files and the environment for each model
    settings.serialize_include_defaults.set_value(settings.serialize_include_defaults())
    settings.perform_document_validation.set_value(False)  # for who writes the page: the tests do it
    settings.perform_error_diagnostics.set_value(False)


# ------------------------------------------------------------------------------------------------ of a class


def descriptors(kind: type[HasProps]) -> list[Descriptor]:
    """Of all properties, in Bokeh's order; not their other names."""
    found = [kind.lookup(name) for name in kind.properties(_with_props=True)]
    return [each for each in found if isinstance(each, PropertyDescriptor)]


@cache
def is_unstable(descriptor: Descriptor, kind: type[HasProps]) -> bool:
    """Whether each model has a default of its own, as it can be changed."""
    return bool(UNSTABLE(descriptor, kind))


@cache
def made(kind: type[HasProps]) -> tuple[Descriptor, ...]:
    """Properties whose default is made with the model: other models, say. An empty list is made when it is read."""
    return tuple(d for d in descriptors(kind) if is_unstable(d, kind) and not is_empty(d.class_default(kind)))


@cache
def written(kind: type[HasProps]) -> tuple[tuple[str, Descriptor, bool], ...]:
    """Properties that are written, and whether one has no default and so must be set."""
    found = [d for d in descriptors(kind) if d.serialized]
    return tuple((d.name, d, not is_unstable(d, kind) and d.class_default(kind) is Undefined) for d in found)


@cache
def referring(kind: type[HasProps]) -> tuple[str, ...]:
    """Properties that may hold other models."""
    return tuple(kind.properties_with_refs())


def is_empty(value: Any) -> bool:
    """Whether it is a list, a dictionary or a set of Bokeh's with nothing in it."""
    return isinstance(value, PropertyValueContainer) and not value


def values_of(spec: Any) -> Property[Any]:
    """What is a value where a column may be named, too; Bokeh makes it for each that is written."""
    if "only_values" not in vars(spec):
        spec.only_values = spec.value_type.replace(String, Nothing())
    return spec.only_values


# ------------------------------------------------------------------------------------------------ of a model


def begin(thing: HasProps, **properties: object) -> None:
    """What a model does when it is made."""
    super(HasProps, thing).__init__()
    thing._property_values, thing._unstable_default_values, thing._unstable_themed_values = {}, {}, {}
    for name, value in properties.items():
        if value is not Undefined and value is not Intrinsic:
            setattr(thing, name, value)
    for descriptor in made(type(thing)):
        if descriptor.name not in properties:
            descriptor._get(thing)
    thing._initialized = True


def themed_values(thing: HasProps) -> dict[str, Any] | None:
    """Values of a theme. Bokeh asks for an attribute that is seldom there, 60,000 times a page."""
    return vars(thing).get("__themed_values__")


def has_unstable_default(descriptor: Descriptor, thing: HasProps) -> bool:
    """Whether this model has a default of its own."""
    return is_unstable(descriptor, type(thing))


def get_default(descriptor: Descriptor, thing: HasProps) -> Any:
    """The value of a property that has not been set."""
    themed = themed_values(thing)
    if themed is not None and descriptor.name in themed:
        return DEFAULT(descriptor, thing)
    key = (descriptor, type(thing))
    if key not in KNOWN:
        value = DEFAULT(descriptor, thing)
        if is_unstable(*key) or not isinstance(value, PLAIN):
            return value
        KNOWN[key] = value
    return KNOWN[key]


def properties_with_values(
    thing: HasProps, *, include_defaults: bool = True, include_undefined: bool = False
) -> dict[str, Any]:
    """What is written of a model."""
    if include_defaults or include_undefined:
        return VALUES(thing, include_defaults=include_defaults, include_undefined=include_undefined)
    changed, unstable, themed = thing._property_values, thing._unstable_default_values, themed_values(thing) or ()
    return {
        name: descriptor.get_value(thing)
        for name, descriptor, needed in written(type(thing))
        if needed or name in changed or name in themed
        or (name in unstable and not isinstance(unstable[name], PropertyValueContainer))
    }  # fmt: skip


def visit(value: Any, visitor: Callable[[Any], None]) -> None:
    """Show a visitor the models that a model refers to."""
    if not isinstance(value, HasProps) or themed_values(value):
        VISIT(value, visitor)
        return
    changed, unstable = value._property_values, value._unstable_default_values
    for name in referring(type(value)):
        child = changed[name] if name in changed else unstable.get(name)
        if type(child) not in SCALARS:
            walking.visit_value_and_its_immediate_references(child, visitor)


def specified(spec: DataSpec, thing: HasProps, name: str, given: Any) -> Any:
    """What is written of something that may be a value or the name of a column."""
    if values_of(spec).is_valid(given):
        return Value(given)
    return Field(given) if isinstance(given, str) else given


# ------------------------------------------------------------------------------------------------ of a page


def bundle(roots: Any, resources: Any) -> Any:
    """The scripts and style sheets of a page, which Panel seeks among its files for each."""
    where = state.app_url, state.rel_path, state.base_url, resources.mode, resources.root_url
    if where not in BUNDLES:
        found = bundle_resources(roots, resources)
        for files in (found.js_files, found.css_files):
            files[:] = [file for file in files if not any(name in str(file) for name in UNUSED)]
        found.js_raw.append(LIGHTER)
        BUNDLES[where] = found
    return BUNDLES[where]
