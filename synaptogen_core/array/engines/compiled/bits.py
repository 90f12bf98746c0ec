"""What lanes need beside operators: fused sums, masks as integers, shuffles, prefetches. See `kernel_lanes`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from synaptogen_core.array.engines.compiled.lanes import LANES, Lanes, _lift, _pointer


@intrinsic
def bits_of_mask(typing: Any, mask: Any) -> Any:
    """A mask as an integer, its first lane the lowest bit.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    mask : lanes of bool

    Returns
    -------
    int64
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(mask.width)), ir.IntType(64))

    return types.int64(mask), code


@intrinsic
def mask_of_bits(typing: Any, bits: Any) -> Any:
    """The way back from `bits_of_mask`.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    bits : int64
        The lowest `LANES` bits count.

    Returns
    -------
    lanes of bool
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(builder.trunc(args[0], ir.IntType(LANES)), sig.return_type.vector)

    return Lanes("mask", LANES)(bits), code


@intrinsic
def lowest(typing: Any, bits: Any) -> Any:
    """Position of the lowest bit that is set.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    bits : int64
        Not 0, for which the result is undefined.

    Returns
    -------
    int64
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(bits), code


@intrinsic
def ones(typing: Any, bits: Any) -> Any:
    """How many bits are set.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    bits : int64

    Returns
    -------
    int64
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(bits), code


@intrinsic
def four(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Four floats side by side.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    a, b, c, d : float32

    Returns
    -------
    four lanes of float32
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = ir.Constant(sig.return_type.vector, ir.Undefined)
        for k, arg in enumerate(args):
            value = builder.insert_element(value, arg, ir.Constant(ir.IntType(32), k))
        return value

    return Lanes("float", 4)(a, b, c, d), code


@intrinsic
def gather(typing: Any, place: Any, row: Any, index: Any) -> Any:
    """Elements of one row of a table, one for each lane.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    place : memory of float32, two-dimensional
    row : int
    index : lanes of int32
        Columns.

    Returns
    -------
    lanes of float32
    """
    lanes = index.of("float")

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start = context.make_tuple(
            builder, types.UniTuple(types.intp, 2),
            [context.cast(builder, args[1], row, types.intp), ir.Constant(ir.IntType(64), 0)],
        )  # fmt: skip
        first = _pointer(context, builder, place, args[0], types.UniTuple(types.intp, 2), start)
        value = ir.Constant(lanes.vector, ir.Undefined)
        for k in range(lanes.width):
            number = ir.Constant(ir.IntType(32), k)
            column = builder.sext(builder.extract_element(args[2], number), ir.IntType(64))
            value = builder.insert_element(value, builder.load(builder.gep(first, [column])), number)
        return value

    return lanes(place, row, index), code


@intrinsic
def prefetch(typing: Any, place: Any, index: Any) -> Any:
    """Have the cache line of one element fetched, without waiting for it.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    place : memory of an array
    index : int, or tuple of int
        Of the element.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(_pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(function, [address, *(ir.Constant(number, k) for k in (0, 3, 1))])  # to read, soon, data
        return context.get_dummy_value()

    return types.none(place, index), code


@intrinsic
def dealt(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """The first lanes of all four, then the second ones, and so on: as many elements, again in four.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    a, b, c, d : lanes
        Of one kind.

    Returns
    -------
    tuple of four lanes of that kind
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def shuffle(one: Any, two: Any, order: list[int]) -> Any:
            return builder.shuffle_vector(one, two, ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order))

        quarter, parts = a.width // 4, []
        for first in range(0, a.width, quarter):
            pairs = [k + half for k in range(first, first + quarter) for half in (0, a.width)]
            ab, cd = shuffle(args[0], args[1], pairs), shuffle(args[2], args[3], pairs)
            fours = [2 * k + half for k in range(quarter) for half in (0, 1, a.width // 2, a.width // 2 + 1)]
            parts.append(shuffle(ab, cd, fours))
        return context.make_tuple(builder, sig.return_type, parts)

    return types.UniTuple(a, 4)(a, b, c, d), code


def fuse(builder: Any, a: Any, b: Any, c: Any, lanes: Lanes) -> Any:
    """Write the code of ``a * b + c``, rounded once.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    a, b, c : LLVM values
        Vectors of float32, all of the type `lanes`.
    lanes : Lanes

    Returns
    -------
    LLVM value of the same type
    """
    name = f"llvm.fma.v{lanes.width}f32"
    kind = ir.FunctionType(lanes.vector, [lanes.vector] * 3)
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(function, [a, b, c])


@intrinsic
def fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Lanes ``a * b + c``, rounded once.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    a : lanes of float32
    b, c : lanes of float32, or numbers

    Returns
    -------
    lanes of float32
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = (_lift(context, builder, v, t, a) for v, t in zip(args, sig.args, strict=True))
        return fuse(builder, x, y, z, a)

    return a(a, b, c), code
