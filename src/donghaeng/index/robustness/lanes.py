"""Vectors of `LANES` numbers for compiled code: one number of each of as many replications.

numba turns loops into vectors where it can prove that arrays do not overlap, and tests before each loop where it
cannot; for loops of sixteen that test costs more than the work. So these vectors are a type of their own, with the
operators of numbers between two vectors of one kind; every operator is one instruction, or few. A number beside a
vector is written `all_lanes(number)`. The rest of the module are functions of whole vectors, and the two inner loops
that no compiler writes well by itself: sums of products (`add_rows`) and sorting (`sort_lanes`).

Sources: `log` and `exp` after Cephes (S. Moshier): `logf` and `expf` in single precision, largest error 2e-7; `log`
and `exp` in double precision, 3e-16.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils, codegen
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array

from donghaeng.index.robustness import noise
from donghaeng.index.robustness.tables import LANES

#: All freedom of fastmath except to assume that there are no NaN and no infinities.
FAST = {"contract", "reassoc", "nsz", "arcp"}

_FLAGS = tuple(sorted(FAST))

#: Parts of the kernel are called from nowhere else: without what Python and C would call them by, they compile faster.
_PART: dict[str, Any] = {
    "nogil": True,
    "fastmath": FAST,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

#: For `log` and `exp`: their constants come in two parts, which must not be added up.
_ORDERED = ("contract", "nsz")

_build: Any = cgutils  # it and numba's own parts say nothing of their types
ir: Any = _build.ir
_processor: Any = vars(codegen)["ll"]
_make_array: Any = make_array
_signature: Any = signature
_global_function: Any = infer_global
_lowered: Any = lower_builtin
_model_of: Any = register_model

#: Units whose sums are kept in registers at once.
_TILE = 12 if _processor.get_host_cpu_features().get("avx512f") else 4

#: Units are taken in multiples of this, so that additions that wait for each other are not the rule.
STEP = 4


def inlined(function: Any) -> Any:
    """Compile a part of the kernel into whoever calls it: a call hands over every array as some ten words."""
    return njit(forceinline=True, **_PART)(function)


def compiled(function: Any) -> Any:
    """Compile a part of the kernel as a function of its own."""
    return njit(**_PART)(function)


class _Lanes(types.Type):  # type: ignore[misc,unused-ignore]
    """The type of a vector."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@_model_of(_Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc,unused-ignore]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call,unused-ignore]
            manager, kind, _vector(kind.dtype)
        )


def _vector(dtype: Any) -> Any:
    bits = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.boolean: ir.IntType(1)}
    return ir.VectorType(bits[dtype] if dtype in bits else ir.IntType(dtype.bitwidth), LANES)


def _constant(dtype: Any, number: float) -> Any:
    return ir.Constant(_vector(dtype), [number] * LANES)


def _operators() -> None:
    """Give vectors their operators."""
    arithmetic: dict[Any, tuple[str, str, str]] = {
        operator.add: ("fadd", "add", "add"),
        operator.sub: ("fsub", "sub", "sub"),
        operator.mul: ("fmul", "mul", "mul"),
        operator.truediv: ("fdiv", "", ""),
        operator.and_: ("", "and_", "and_"),
        operator.or_: ("", "or_", "or_"),
        operator.xor: ("", "xor", "xor"),
        operator.lshift: ("", "shl", "shl"),
        operator.rshift: ("", "ashr", "lshr"),
    }
    for function, names in arithmetic.items():
        _operator(function, names)
    for function, sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.eq, "==")):
        _comparison(function, sign)


def _both_lanes(arguments: Any) -> bool:
    return len(arguments) == 2 and isinstance(arguments[0], _Lanes) and arguments[0] == arguments[1]


def _operator(function: Callable[..., Any], names: tuple[str, str, str]) -> None:
    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        dtype = sig.args[0].dtype
        if isinstance(dtype, types.Float):
            return getattr(builder, names[0])(*arguments, flags=_FLAGS)
        unsigned = dtype == types.boolean or not dtype.signed
        return getattr(builder, names[2 if unsigned else 1])(*arguments)

    _register(function, lambda lanes: lanes, code)


def _comparison(function: Callable[..., Any], sign: str) -> None:
    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        dtype = sig.args[0].dtype
        if isinstance(dtype, types.Float):
            return builder.fcmp_ordered(sign, *arguments)
        return (builder.icmp_signed if dtype.signed else builder.icmp_unsigned)(sign, *arguments)

    _register(function, lambda _: _Lanes(types.boolean), code)


def _register(function: Callable[..., Any], result: Callable[[Any], Any], code: Callable[..., Any]) -> None:
    class Typing(AbstractTemplate):  # type: ignore[misc,unused-ignore]
        def generic(self, arguments: Any, _: Any) -> Any:
            return _signature(result(arguments[0]), *arguments) if _both_lanes(arguments) else None

    _global_function(function)(Typing)
    _lowered(function, _Lanes, _Lanes)(code)


_operators()


def _array(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return _make_array(kind)(context, builder, value)


def _pointer(builder: Any, data: Any, offset: Any, vector: Any) -> Any:
    return builder.bitcast(builder.gep(data, [offset]), vector.as_pointer())


def _read(builder: Any, pointer: Any, itemsize: int) -> Any:
    value = builder.load(pointer)
    value.align = itemsize
    return value


def _spread(builder: Any, number: Any) -> Any:
    vector = ir.VectorType(number.type, LANES)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _load(_: Any, array: Any, offset: Any) -> Any:  # noqa: ARG001
    """The vector that starts at an element of an array, counted over all its dimensions."""

    def code(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        data = _array(context, builder, sig.args[0], arguments[0]).data
        vector = _vector(sig.args[0].dtype)
        return _read(builder, _pointer(builder, data, arguments[1], vector), sig.args[0].dtype.bitwidth // 8)

    return _Lanes(array.dtype)(array, types.intp), code


def _store(_: Any, array: Any, offset: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Write a vector where `load` reads it."""

    def code(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        data = _array(context, builder, sig.args[0], arguments[0]).data
        pointer = _pointer(builder, data, arguments[1], arguments[2].type)
        builder.store(arguments[2], pointer).align = sig.args[0].dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, types.intp, _Lanes(array.dtype)), code


def _all_lanes(_: Any, number: Any) -> Any:
    """The same number in each lane."""
    return _Lanes(number)(number), lambda _, builder, __, arguments: _spread(builder, arguments[0])


def _where(_: Any, mask: Any, one: Any, other: Any) -> Any:  # noqa: ARG001
    """Lane by lane, one where the mask holds, else the other."""
    return one(mask, one, one), lambda _, builder, __, arguments: builder.select(*arguments)


def _chosen(sign: str) -> Callable[..., Any]:
    def of_two(_: Any, one: Any, other: Any) -> Any:  # noqa: ARG001
        def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            is_float = isinstance(sig.args[0].dtype, types.Float)
            compared = (builder.fcmp_ordered if is_float else builder.icmp_signed)(sign, *arguments)
            return builder.select(compared, *arguments)

        return one(one, one), code

    return of_two


def _size_of(_: Any, lanes: Any) -> Any:
    """Without sign."""

    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        negative = builder.fsub(_constant(sig.args[0].dtype, 0.0), arguments[0], flags=_FLAGS)
        return builder.select(builder.fcmp_ordered(">", arguments[0], negative), arguments[0], negative)

    return lanes(lanes), code


def _any_lane(_: Any, mask: Any) -> Any:
    """Whether a mask holds anywhere."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        whole = ir.IntType(LANES)
        return builder.icmp_unsigned("!=", builder.bitcast(arguments[0], whole), whole(0))

    return types.boolean(mask), code


def _lane_bits(_: Any, mask: Any) -> Any:
    """A mask as the bits of a number, the first lane lowest."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(LANES)), ir.IntType(64))

    return types.int64(mask), code


def _whole(_: Any, lanes: Any) -> Any:
    """Numbers cut to 32-bit integers."""
    target = _Lanes(types.int32)
    return target(lanes), lambda _, builder, __, arguments: builder.fptosi(arguments[0], _vector(types.int32))


def _as_kind(_: Any, lanes: Any, like: Any) -> Any:
    """Numbers in the kind of another vector."""

    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        source, target = sig.args[0].dtype, sig.return_type.dtype
        vector = _vector(target)
        if source == target:
            return arguments[0]
        if isinstance(source, types.Integer):
            return builder.sitofp(arguments[0], vector)
        return (builder.fpext if target.bitwidth > source.bitwidth else builder.fptrunc)(arguments[0], vector)

    return like(lanes, like), code


def _root(_: Any, lanes: Any) -> Any:
    """Square roots."""

    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        name = f"llvm.sqrt.v{LANES}f{sig.args[0].dtype.bitwidth}"
        vector = arguments[0].type
        function = _build.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector]), name)
        return builder.call(function, arguments)

    return lanes(lanes), code


load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
all_lanes: Any = intrinsic(_all_lanes)
where: Any = intrinsic(_where)
#: Lane by lane, the higher or lower of two.
highest: Any = intrinsic(_chosen(">"))
lowest: Any = intrinsic(_chosen("<"))
size_of: Any = intrinsic(_size_of)
any_lane: Any = intrinsic(_any_lane)
lane_bits: Any = intrinsic(_lane_bits)
whole: Any = intrinsic(_whole)
as_kind: Any = intrinsic(_as_kind)
root_of: Any = intrinsic(_root)


class _Floats:
    """Writes a formula in code: polynomials, whole parts and powers of two of vectors."""

    def __init__(self, builder: Any, dtype: Any) -> None:
        self.builder, self.dtype = builder, dtype
        self.bits = types.int32 if dtype == types.float32 else types.int64

    def number(self, value: float) -> Any:
        return _constant(self.dtype, value)

    def integer(self, value: int) -> Any:
        return _constant(self.bits, value)

    def plus(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=_ORDERED)

    def times(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=_ORDERED)

    def scaled(self, a: Any, factor: float) -> Any:
        return self.times(a, self.number(factor))

    def polynomial(self, x: Any, *coefficients: float) -> Any:
        found = self.number(coefficients[0])
        for coefficient in coefficients[1:]:
            found = self.plus(self.times(found, x), self.number(coefficient))
        return found

    def bits_of(self, x: Any) -> Any:
        return self.builder.bitcast(x, _vector(self.bits))

    def from_bits(self, x: Any) -> Any:
        return self.builder.bitcast(x, _vector(self.dtype))

    def split(self, x: Any) -> tuple[Any, Any]:
        """Mantissa - 1, between sqrt(1/2) - 1 and sqrt(2) - 1, and exponent."""
        half, mantissa = (0x3F3504F3, 23) if self.bits == types.int32 else (0x3FE6A09E667F3BCD, 52)
        shift, own = self.integer(mantissa), self.bits_of(x)
        exponent = self.builder.ashr(self.builder.sub(own, self.integer(half)), shift)
        m = self.from_bits(self.builder.sub(own, self.builder.shl(exponent, shift)))
        return self.plus(m, self.number(-1.0)), self.builder.sitofp(exponent, _vector(self.dtype))

    def rounded(self, x: Any) -> tuple[Any, Any]:
        """The nearest whole number, and the power of two that it stands for."""
        # Adding 1.5 * 2**(bits of the mantissa) rounds to a whole number in the lower bits.
        mantissa, bias = (23, 127) if self.bits == types.int32 else (52, 1023)
        shifter = 1.5 * 2.0**mantissa
        shifted = self.builder.fadd(x, self.number(shifter), flags=_ORDERED)
        n = self.builder.fsub(shifted, self.number(shifter), flags=_ORDERED)
        base = int(np.array(shifter, np.float32).view(np.int32)) if mantissa == 23 else _bits_of_double(shifter)
        exponent = self.builder.add(self.builder.sub(self.bits_of(shifted), self.integer(base)), self.integer(bias))
        return n, self.from_bits(self.builder.shl(exponent, self.integer(mantissa)))


def _bits_of_double(number: float) -> int:
    return int(np.array(number, np.float64).view(np.int64))


def _log(_: Any, lanes: Any) -> Any:
    """Natural logarithms; meaningless for what is not positive."""

    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        f = _Floats(builder, sig.args[0].dtype)
        m, e = f.split(arguments[0])
        z = f.times(m, m)
        if f.dtype == types.float32:
            part = f.polynomial(
                m, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
            )  # fmt: skip
        else:
            above = f.polynomial(
                m, 1.01875663804580931796e-4, 4.97494994976747001425e-1, 4.70579119878881725854e0,
                1.44989225341610930846e1, 1.79368678507819816313e1, 7.70838733755885391666e0,
            )  # fmt: skip
            below = f.polynomial(
                m, 1.0, 1.12873587189167450590e1, 4.52279145837532221105e1, 8.29875266912776603211e1,
                7.11544750618563894466e1, 2.31251620126765340583e1,
            )  # fmt: skip
            part = builder.fdiv(above, below, flags=_ORDERED)
        tail = f.plus(f.times(f.times(m, z), part), f.scaled(e, -2.121944400546905827679e-4))
        return f.plus(f.plus(m, f.plus(tail, f.scaled(z, -0.5))), f.scaled(e, 0.693359375))

    return lanes(lanes), code


def _exp(_: Any, lanes: Any) -> Any:
    """Powers of e; for exponents that a number can hold."""

    def code(_: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        f = _Floats(builder, sig.args[0].dtype)
        n, power = f.rounded(f.scaled(arguments[0], 1.44269504088896341))
        if f.dtype == types.float32:
            r = f.plus(f.plus(arguments[0], f.scaled(n, -0.693359375)), f.scaled(n, 2.12194440e-4))
            part = f.polynomial(
                r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1
            )
            return f.times(f.plus(f.plus(f.times(f.times(r, r), part), r), f.number(1.0)), power)
        r = f.plus(f.plus(arguments[0], f.scaled(n, -6.93145751953125e-1)), f.scaled(n, -1.42860682030941723212e-6))
        z = f.times(r, r)
        above = f.times(
            r, f.polynomial(z, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1)
        )
        below = f.polynomial(
            z, 3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.00000000000000000009e0
        )
        whole_part = builder.fdiv(above, builder.fsub(below, above, flags=_ORDERED), flags=_ORDERED)
        return f.times(f.plus(f.scaled(whole_part, 2.0), f.number(1.0)), power)

    return lanes(lanes), code


log: Any = intrinsic(_log)
exp: Any = intrinsic(_exp)


@inlined
def _mix(x: Any) -> Any:
    x = x ^ (x >> all_lanes(np.uint32(16)))
    x = x * all_lanes(np.uint32(0x7FEB352D))
    x = x ^ (x >> all_lanes(np.uint32(15)))
    x = x * all_lanes(np.uint32(0x846CA68B))
    return x ^ (x >> all_lanes(np.uint32(16)))


@inlined
def random_bits(low: Any, high: Any, number: Any) -> Any:
    """Draw `number` of as many keys, 32 bits each: `noise.bits`."""
    return _mix(_mix(low + all_lanes(np.uint32(number * np.uint32(noise.GOLDEN_32)))) + high)


def _signed(_: Any, lanes: Any) -> Any:
    """Unsigned 32-bit numbers as signed ones of the same bits."""
    return _Lanes(types.int32)(lanes), lambda _, __, ___, arguments: arguments[0]


signed: Any = intrinsic(_signed)


@inlined
def symmetric(random: Any, like: Any) -> Any:
    """Odd numbers between -2**23 and 2**23: `noise.symmetric`, in the kind of another vector."""
    odd = signed(((random >> all_lanes(np.uint32(9))) << all_lanes(np.uint32(1))) | all_lanes(np.uint32(1)))
    return as_kind(odd - all_lanes(np.int32(1 << 23)), like)


@inlined
def four_halves(first: Any, second: Any, like: Any) -> Any:
    """Sum of the four 16-bit halves of two random words, centred: `noise.four_halves`."""
    mask, half = all_lanes(np.uint32(0xFFFF)), all_lanes(np.uint32(16))
    total = ((first & mask) + (first >> half)) + ((second & mask) + (second >> half))
    return as_kind(signed(total) - all_lanes(np.int32(131070)), like)


def _add_rows(_: Any, acc: Any, at: Any, rows: Any, row: Any, by: Any, w: Any, k: Any, to: Any, n: Any) -> Any:  # noqa: ARG001
    """Unit by unit, acc += sum of share x value: shares k to `to` of `w`, the values one `by` apart in `rows`.

    `at` and `row` say where the first unit stands, in vectors in `acc` and in numbers in `rows`; n units are taken, a
    multiple of `STEP`.
    """

    def code(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        of_acc, _, of_rows, _, _, of_w, *_ = sig.args
        acc, at, rows, row, stride, w, start, stop, count = arguments
        acc, rows, w = (
            _array(context, builder, kind, value).data for kind, value in ((of_acc, acc), (of_rows, rows), (of_w, w))
        )
        vector, itemsize, index = _vector(of_acc.dtype), of_acc.dtype.bitwidth // 8, at.type

        def one_tile(first: Any, tile: int) -> None:
            sums = []
            for unit in range(tile):
                place = builder.mul(builder.add(builder.add(at, first), index(unit)), index(LANES))
                pointer = _pointer(builder, acc, place, vector)
                sums.append((_build.alloca_once(builder, vector), pointer))
                builder.store(_read(builder, pointer, itemsize), sums[-1][0])
            line = builder.add(row, first)
            with _build.for_range(builder, builder.sub(stop, start)) as loop:
                k = builder.add(start, loop.index)
                share = _read(builder, _pointer(builder, w, builder.mul(k, index(LANES)), vector), itemsize)
                values = builder.gep(rows, [builder.add(line, builder.mul(k, stride))])
                for unit, (own, _) in enumerate(sums):
                    value = _spread(builder, builder.load(builder.gep(values, [index(unit)])))
                    part = builder.fmul(share, value, flags=_FLAGS)
                    builder.store(builder.fadd(builder.load(own), part, flags=_FLAGS), own)
            for own, pointer in sums:
                builder.store(builder.load(own), pointer).align = itemsize

        done = index(0)
        for tile in sorted({_TILE, STEP}, reverse=True):
            tiles = builder.udiv(builder.sub(count, done), index(tile))
            with _build.for_range(builder, tiles) as loop:
                one_tile(builder.add(done, builder.mul(loop.index, index(tile))), tile)
            done = builder.add(done, builder.mul(tiles, index(tile)))
        return context.get_dummy_value()

    at_type = types.intp
    return types.void(acc, at_type, rows, at_type, at_type, w, at_type, at_type, at_type), code


def _sort_lanes(_: Any, keys: Any, base: Any, pairs: Any, start: Any, stop: Any) -> Any:  # noqa: ARG001
    """Sort the vectors of an array of 32-bit integers, lane by lane, by the comparisons `start` to `stop` of `pairs`.

    `base` is the first vector; each row of `pairs` names two vectors, the lower numbers go into the first.
    """

    def code(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        keys, base, pairs, start, stop = arguments
        keys, pairs = (
            _array(context, builder, kind, value).data for kind, value in ((sig.args[0], keys), (sig.args[2], pairs))
        )
        vector, index = _vector(types.int32), base.type
        first = _pointer(builder, keys, builder.mul(base, index(LANES)), vector)
        with _build.for_range(builder, builder.sub(stop, start)) as loop:
            pair = builder.mul(builder.add(start, loop.index), index(2))
            low, high = (
                builder.gep(
                    first, [builder.sext(builder.load(builder.gep(pairs, [builder.add(pair, index(side))])), index)]
                )
                for side in range(2)
            )
            a, b = _read(builder, low, 4), _read(builder, high, 4)
            above = builder.icmp_signed(">", a, b)
            builder.store(builder.select(above, b, a), low).align = 4
            builder.store(builder.select(above, a, b), high).align = 4
        return context.get_dummy_value()

    return types.void(keys, types.intp, pairs, types.intp, types.intp), code


def _without_owner(_: Any, array: Any) -> Any:
    """The same array without an owner: whoever calls must hold the array itself as long."""

    def code(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        bare = _array(context, builder, sig.args[0], arguments[0])
        bare.meminfo = _build.get_null_value(bare.meminfo.type)
        bare.parent = _build.get_null_value(bare.parent.type)
        return bare._getvalue()

    return array(array), code


add_rows: Any = intrinsic(_add_rows)
sort_lanes: Any = intrinsic(_sort_lanes)

#: To count references, as numba does when an array is handed on, costs more than the work on some units, and makes
#: threads that share the array wait for each other.
bare: Any = intrinsic(_without_owner)
