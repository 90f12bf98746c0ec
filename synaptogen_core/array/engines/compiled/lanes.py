"""Lanes: a few neighbouring cells in one machine vector, for numba.

The compiler would have to guess which loops become vector code, and its guess changes from release to release. So the
kernels say it: a value of `LANES` floats, integers or truth values is an LLVM vector, and every operation on it is one
IEEE operation a lane, never reordered, and fused only where `bits.fused` says so. A machine with narrower
registers works them off in parts, with the same bits.

Inside compiled functions: ``+ - * /``, comparisons, ``& | ^ ~ << >>`` between lanes of one kind, or lanes and a number.
"""

from __future__ import annotations

import operator as op
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LANES = 16  # two AVX registers of floats: the second half fills the gaps of the first

ELEMENTS = {"float": types.float32, "word": types.int32, "wide": types.int64, "mask": types.boolean}
MEMBERS = {"float": ir.FloatType(), "word": ir.IntType(32), "wide": ir.IntType(64), "mask": ir.IntType(1)}
KIND_OF_ARRAY = {
    types.float32: ("float", 32),
    types.uint8: ("word", 8),
    types.uint32: ("word", 32),
    types.int32: ("word", 32),
    types.uint64: ("wide", 64),
}


class Lanes(types.Type):
    """Type of a vector of `width` elements."""

    def __init__(self, kind: str, width: int) -> None:
        self.kind, self.width = kind, width
        super().__init__(name=f"{kind}x{width}")

    @property
    def vector(self) -> ir.VectorType:
        """The type in LLVM."""
        return ir.VectorType(MEMBERS[self.kind], self.width)

    def of(self, kind: str) -> Lanes:
        """The type of as many elements of another kind."""
        return Lanes(kind, self.width)


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """A vector is held in a register."""

    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


# ------------------------------------------------------------------------------------------------------------ operators

ARITHMETIC = {
    op.add: ("fadd", "add"),
    op.sub: ("fsub", "sub"),
    op.mul: ("fmul", "mul"),
    op.truediv: ("fdiv", None),
    op.and_: (None, "and_"),
    op.or_: (None, "or_"),
    op.xor: (None, "xor"),
    op.lshift: (None, "shl"),
    op.rshift: (None, "ashr"),
}
COMPARISONS = {op.lt: "<", op.le: "<=", op.gt: ">", op.ge: ">=", op.eq: "==", op.ne: "!="}


def _common(a: Any, b: Any) -> Lanes | None:
    """The lanes of an operation: both operands', or the one's where the other is a number."""
    if isinstance(a, Lanes):
        return a if a == b or isinstance(b, types.Number) else None
    return b if isinstance(b, Lanes) and isinstance(a, types.Number) else None


def _lift(context: Any, builder: Any, value: Any, given: Any, lanes: Lanes) -> Any:
    """A number into every lane."""
    if isinstance(given, Lanes):
        return value
    return splat(builder, context.cast(builder, value, given, ELEMENTS[lanes.kind]), lanes)


def splat(builder: Any, element: Any, lanes: Lanes) -> Any:
    """One element into every lane.

    Parameters
    ----------
    builder, element, lanes : llvmlite.ir.IRBuilder, llvmlite.ir.Value, Lanes
    """
    undefined = ir.Constant(lanes.vector, ir.Undefined)
    first = builder.insert_element(undefined, element, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.width), [0] * lanes.width)
    return builder.shuffle_vector(first, undefined, zeros)


def _operate(symbol: Any) -> None:
    """Give `symbol` a meaning for lanes."""

    def typer(context: Any) -> Any:
        def result(a: Any, b: Any) -> Any:
            lanes = _common(a, b)
            if lanes is None:
                return None
            if symbol in COMPARISONS:
                return lanes.of("mask")
            return lanes if ARITHMETIC[symbol][lanes.kind != "float"] else None

        return result

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes: Any = _common(*sig.args)
        a, b = (_lift(context, builder, v, t, lanes) for v, t in zip(args, sig.args, strict=True))
        floats = lanes.kind == "float"
        if symbol not in COMPARISONS:
            return getattr(builder, str(ARITHMETIC[symbol][not floats]))(a, b)
        if not floats:
            return builder.icmp_signed(COMPARISONS[symbol], a, b)
        compare = builder.fcmp_unordered if symbol is op.ne else builder.fcmp_ordered
        return compare(COMPARISONS[symbol], a, b)

    type_callable(symbol)(typer)
    for pair in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(symbol, *pair)(lower)


for _symbol in (*ARITHMETIC, *COMPARISONS):
    _operate(_symbol)


@type_callable(op.invert)
def _type_invert(context: Any) -> Any:
    return lambda a: a if isinstance(a, Lanes) and a.kind == "mask" else None


@lower_builtin(op.invert, Lanes)
def _lower_invert(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.not_(args[0])


# ------------------------------------------------------------------------------------------- between memory and lanes


class Memory(types.Type):
    """Type of a C-contiguous array without an owner: numba would count references to arrays in the innermost loops."""

    def __init__(self, dtype: Any, ndim: int) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(name=f"memory({dtype}, {ndim})")


@register_model(Memory)
class MemoryModel(models.StructModel):
    """The address of the first element, and the steps to the next one along all axes but the last, in elements."""

    def __init__(self, manager: Any, memory: Memory) -> None:
        members = [("data", types.CPointer(memory.dtype))]
        super().__init__(manager, memory, members + [(f"step{k}", types.intp) for k in range(memory.ndim - 1)])


def _lend(context: Any, builder: Any, array: Any, lent: Memory, value: Any) -> Any:
    structure = context.make_array(array)(context, builder, value)
    result = cgutils.create_struct_proxy(lent)(context, builder)
    result.data = structure.data
    shape = cgutils.unpack_tuple(builder, structure.shape, array.ndim)
    step = ir.Constant(shape[0].type, 1)
    for k in reversed(range(array.ndim - 1)):
        step = builder.mul(step, shape[k + 1])
        setattr(result, f"step{k}", step)
    return result._getvalue()


@intrinsic
def memory_of(typing: Any, record: Any) -> Any:
    """A named tuple with the memory of each array in it, which must stay alive; other fields as they are."""
    fields = [Memory(t.dtype, t.ndim) if isinstance(t, types.Array) else t for t in record.types]
    lent = types.NamedTuple(fields, record.instance_class)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [
            _lend(context, builder, given, field, value) if isinstance(field, Memory) else value
            for given, field, value in zip(
                record.types, fields, cgutils.unpack_tuple(builder, args[0], len(fields)), strict=True
            )
        ]
        return context.make_tuple(builder, lent, values)

    return lent(record), code


def _pointer(context: Any, builder: Any, place: Any, value: Any, index: Any, given: Any) -> Any:
    """Address of one element."""
    structure = cgutils.create_struct_proxy(place)(context, builder, value)
    if isinstance(index, types.Integer):
        return builder.gep(structure.data, [context.cast(builder, given, index, types.intp)])
    positions = cgutils.unpack_tuple(builder, given, len(index))
    offset = context.cast(builder, positions[-1], index[-1], types.intp)
    for k, (position, integer) in enumerate(zip(positions[:-1], index, strict=False)):
        step = getattr(structure, f"step{k}")
        offset = builder.add(offset, builder.mul(step, context.cast(builder, position, integer, types.intp)))
    return builder.gep(structure.data, [offset])


@type_callable(op.getitem)
def _type_getitem(context: Any) -> Any:
    return lambda place, index: place.dtype if isinstance(place, Memory) else None


@lower_builtin(op.getitem, Memory, types.Any)
def _lower_getitem(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(_pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1]))


@type_callable(op.setitem)
def _type_setitem(context: Any) -> Any:
    return lambda place, index, value: types.none if isinstance(place, Memory) else None


@lower_builtin(op.setitem, Memory, types.Any, types.Any)
def _lower_setitem(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    value = context.cast(builder, args[2], sig.args[2], sig.args[0].dtype)
    builder.store(value, _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1]))
    return context.get_dummy_value()


def _vector_pointer(context: Any, builder: Any, sig: Any, args: Any, width: int) -> Any:
    first = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
    bits = KIND_OF_ARRAY[sig.args[0].dtype][1]
    member = ir.FloatType() if sig.args[0].dtype == types.float32 else ir.IntType(bits)
    return builder.bitcast(first, ir.VectorType(member, width).as_pointer()), bits


def _load(width: int) -> Any:
    @intrinsic
    def load(typing: Any, place: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer, bits = _vector_pointer(context, builder, sig, args, width)
            value = builder.load(pointer, align=bits // 8)
            return builder.zext(value, sig.return_type.vector) if bits == 8 else value

        return Lanes(KIND_OF_ARRAY[place.dtype][0], width)(place, index), code

    return load


load = _load(LANES)  # load(place, (..., i)): elements i, i + 1, ... of the last axis; bytes become words
load4 = _load(4)


def _store(width: int) -> Any:
    @intrinsic
    def store(typing: Any, place: Any, index: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer, bits = _vector_pointer(context, builder, sig, args, width)
            narrow = builder.trunc(args[2], ir.VectorType(ir.IntType(8), width)) if bits == 8 else args[2]
            builder.store(narrow, pointer, align=bits // 8)
            return context.get_dummy_value()

        return types.none(place, index, value), code

    return store


@intrinsic
def copy(typing: Any, target: Any, there: Any, source: Any, here: Any, count: Any) -> Any:
    """Copy `count` neighbouring elements.

    Parameters
    ----------
    typing, target, there, source, here, count : numba's context; two memories, each with its index; int
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        to = _pointer(context, builder, target, args[0], there, args[1])
        begin = _pointer(context, builder, source, args[2], here, args[3])
        number = context.cast(builder, args[4], count, types.intp)
        cgutils.raw_memcpy(builder, to, begin, number, context.get_abi_sizeof(context.get_data_type(source.dtype)))
        return context.get_dummy_value()

    return types.none(target, there, source, here, count), code


store = _store(LANES)  # store(place, (..., i), lanes): the way back
store4 = _store(4)


@intrinsic
def store_where(typing: Any, place: Any, index: Any, value: Any, mask: Any) -> Any:
    """Store the lanes of a mask, or a number in them; the others stay.

    The others are written back as they are. LLVM would make a masked store of that, which takes AMD processors as long
    as forty other instructions. Freezing what was loaded changes nothing but keeps it from seeing this.

    Parameters
    ----------
    typing, place, index, value, mask : numba's context; memory and its index; lanes or a number; lanes of bool
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer, bits = _vector_pointer(context, builder, sig, args, mask.width)
        lanes = Lanes(KIND_OF_ARRAY[place.dtype][0], mask.width)
        new = _lift(context, builder, args[2], value, lanes)
        new = builder.trunc(new, pointer.type.pointee) if bits == 8 else new
        old = builder.load(pointer, align=bits // 8)
        frozen = ir.Instruction(builder.block, old.type, "freeze", [old])
        builder._insert(frozen)
        builder.store(builder.select(args[3], new, frozen), pointer, align=bits // 8)
        return context.get_dummy_value()

    return types.none(place, index, value, mask), code


# ---------------------------------------------------------------------------------------------------------- functions


def _convert(kind: str, name: str) -> Any:
    @intrinsic
    def convert(typing: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(builder, name)(args[0], sig.return_type.vector)

        return x.of(kind)(x), code

    return convert


bits_of = _convert("word", "bitcast")  # float to the word with its bits
float_of_bits = _convert("float", "bitcast")
float_of = _convert("float", "sitofp")  # word to the float with its value, rounded
low_word = _convert("word", "trunc")  # wide to its lower half


@intrinsic
def wide_of(typing: Any, x: Any) -> Any:
    """Words, taken as unsigned, to wide integers."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(args[0], sig.return_type.vector)

    return x.of("wide")(x), code


@intrinsic
def shift_right(typing: Any, x: Any, places: Any) -> Any:
    """Logical shift to the right.

    Parameters
    ----------
    x, places : Lanes, or a numba integer for all of them
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.lshr(args[0], _lift(context, builder, args[1], places, x))

    return x(x, places), code


@intrinsic
def root(typing: Any, x: Any) -> Any:
    """Square root, correctly rounded."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        signature = ir.FunctionType(x.vector, [x.vector])
        function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.sqrt.v{x.width}f32")
        return builder.call(function, args)

    return x(x), code


@intrinsic
def select(typing: Any, mask: Any, yes: Any, no: Any) -> Any:
    """Where the mask holds the one, elsewhere the other; either may be a number.

    Parameters
    ----------
    typing, mask, yes, no : numba's context; lanes of bool; lanes of one kind, one of the two perhaps a number
    """
    lanes = yes if isinstance(yes, Lanes) else no

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a = _lift(context, builder, args[1], yes, lanes)
        return builder.select(args[0], a, _lift(context, builder, args[2], no, lanes))

    return lanes(mask, yes, no), code


@intrinsic
def lanes_of(typing: Any, x: Any) -> Any:
    """A float in every lane."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _lift(context, builder, args[0], x, sig.return_type)

    return Lanes("float", LANES)(x), code
