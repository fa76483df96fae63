"""The floating-point instructions of PTX on the simulator, against exact rational arithmetic.

[PTX 9.7.3], [PTX 9.7.4], [PTX 9.7.5], the float part of [PTX 9.7.6], and cvt [PTX 9.7.9.21]. A number is a
Fraction with the sign that a zero has; it is rounded by looking at the integer below it in units of the
last place. The .approx functions are held to the error bounds of the manual.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import sim_convert
from ptx_harness import Case, check, signed, unsigned


@dataclass(frozen=True)
class Format:
    bits: int
    mantissa: int
    nan: int  # what NVIDIA's chips write

    @property
    def exponent(self) -> int:
        return self.bits - 1 - self.mantissa

    @property
    def bias(self) -> int:
        return (1 << (self.exponent - 1)) - 1

    @property
    def infinity(self) -> int:
        return ((1 << self.exponent) - 1) << self.mantissa

    @property
    def sign(self) -> int:
        return 1 << (self.bits - 1)


FORMATS: Final = {
    "f16": Format(16, 10, 0x7FFF),
    "bf16": Format(16, 7, 0x7FFF),
    "tf32": Format(19, 10, 0x3FFFF),
    "f32": Format(32, 23, 0x7FFFFFFF),
    "f64": Format(64, 52, 0xFFF8000000000000),
}


@dataclass(frozen=True)
class Number:
    """A float taken apart: NaN, an infinity, or a rational; zeros and infinities have a sign."""

    kind: str
    negative: bool = False
    value: Fraction = Fraction(0)


NAN: Final = Number("nan")


def times_power(x: int, exponent: int) -> Fraction:
    return Fraction(x << exponent) if exponent >= 0 else Fraction(x, 1 << -exponent)


def decode(bits: int, f: Format) -> Number:
    negative = bool(bits & f.sign)
    magnitude = bits & (f.sign - 1)
    if magnitude > f.infinity:
        return NAN
    if magnitude == f.infinity:
        return Number("inf", negative)
    e, m = magnitude >> f.mantissa, magnitude & ((1 << f.mantissa) - 1)
    value = times_power(m if e == 0 else m | 1 << f.mantissa, max(e, 1) - f.bias - f.mantissa)
    return Number("finite", negative, -value if negative else value)


def floor_log2(x: Fraction) -> int:
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if x >= times_power(1, e) else e - 1


def encode(x: Number, f: Format, mode: str = "rn") -> int:
    if x.kind == "nan":
        return f.nan
    sign = f.sign if x.negative else 0
    if x.kind == "inf":
        return sign | f.infinity
    magnitude = abs(x.value)
    if magnitude == 0:
        return sign
    e = max(floor_log2(magnitude), 1 - f.bias)
    shift = f.mantissa - e
    numerator = magnitude.numerator << max(shift, 0)
    denominator = magnitude.denominator << max(-shift, 0)
    whole, rest = divmod(numerator, denominator)
    up = {
        "rn": 2 * rest > denominator or (2 * rest == denominator and whole & 1 == 1),
        "rna": 2 * rest >= denominator,
        "rz": False,
        "rm": x.negative and rest > 0,
        "rp": not x.negative and rest > 0,
    }[mode]
    whole += up
    # With the exponent of subnormals, the first digit is where the field of 1 would be.
    bits = ((e + f.bias - 1) << f.mantissa) + whole
    if bits >= f.infinity:
        stops = mode == "rz" or (mode == "rm" and not x.negative) or (mode == "rp" and x.negative)
        bits = f.infinity - 1 if stops else f.infinity
    return sign | bits


def finite(value: Fraction, zero_negative: bool) -> Number:
    return Number("finite", value < 0 if value else zero_negative, value)


def negated(x: Number) -> Number:
    return Number(x.kind, not x.negative, -x.value)


def add(x: Number, y: Number, mode: str) -> Number:
    if x.kind == "nan" or y.kind == "nan":
        return NAN
    if x.kind == "inf" or y.kind == "inf":
        if x.kind == y.kind and x.negative != y.negative:
            return NAN
        return x if x.kind == "inf" else y
    total = x.value + y.value
    if x.value == 0 and y.value == 0 and x.negative == y.negative:
        return finite(total, x.negative)
    return finite(total, mode == "rm")


def multiply(x: Number, y: Number) -> Number:
    negative = x.negative != y.negative
    if x.kind == "nan" or y.kind == "nan":
        return NAN
    if x.kind == "inf" or y.kind == "inf":
        if (x.kind == "finite" and x.value == 0) or (y.kind == "finite" and y.value == 0):
            return NAN
        return Number("inf", negative)
    return finite(x.value * y.value, negative)


def divide(x: Number, y: Number) -> Number:
    negative = x.negative != y.negative
    if x.kind == "nan" or y.kind == "nan" or (x.kind == "inf" and y.kind == "inf"):
        return NAN
    if x.kind == "inf":
        return Number("inf", negative)
    if y.kind == "inf":
        return finite(Fraction(0), negative)
    if y.value == 0:
        return NAN if x.value == 0 else Number("inf", negative)
    return finite(x.value / y.value, negative)


def root(x: Number) -> Number:
    """To 400 bits, with a last bit that says that there are more: no rounding is changed by it."""
    if x.kind == "nan" or (x.negative and not (x.kind == "finite" and x.value == 0)):
        return NAN
    if x.kind == "inf" or x.value == 0:
        return x
    shift = 2400
    scaled = x.value * Fraction(4) ** shift
    whole = math.isqrt(scaled.numerator // scaled.denominator)
    exact = Fraction(whole) ** 2 == scaled
    return finite(Fraction(2 * whole + (not exact), 2 << shift), False)


def flush(bits: int, f: Format) -> int:
    return bits if bits & f.infinity else bits & f.sign


def saturate(bits: int, f: Format) -> int:
    x = decode(bits, f)
    one = f.bias << f.mantissa
    if x.kind == "nan" or x.negative or bits == 0:
        return 0
    return min(bits, one)


def compute(op: str, f: Format, mode: str, flags: str, bits: tuple[int, ...]) -> int:
    if "ftz" in flags:
        bits = tuple(flush(b, f) for b in bits)
    x = [decode(b, f) for b in bits]
    exact = {
        "add": lambda: add(x[0], x[1], mode),
        "sub": lambda: add(x[0], NAN if x[1].kind == "nan" else negated(x[1]), mode),
        "mul": lambda: multiply(x[0], x[1]),
        "fma": lambda: add(multiply(x[0], x[1]), x[2], mode),
        "div": lambda: divide(x[0], x[1]),
        "rcp": lambda: divide(Number("finite", False, Fraction(1)), x[0]),
        "sqrt": lambda: root(x[0]),
    }[op]()
    result = encode(exact, f, mode)
    if "ftz" in flags:
        result = flush(result, f)
    if "sat" in flags:
        result = saturate(result, f)
    if "relu" in flags and result & f.sign and decode(result, f).kind != "nan":
        result = 0
    return result


def halves(function: Callable[..., int], bits: int = 16) -> Callable[..., int]:
    mask = (1 << bits) - 1
    return lambda *v: function(*(x & mask for x in v)) | function(*(x >> bits for x in v)) << bits


def arithmetic_case(name: str, op: str, t: str, mode: str, flags: str, count: int) -> Case:
    operands = ", ".join(["{a}", "{b}", "{c}"][:count])
    pack = t.endswith("x2")
    f = FORMATS[t.removesuffix("x2")]

    def one(*v: int) -> int:
        return compute(op, f, mode, flags, v)

    return Case(
        f"{name}.{t} {{d}}, {operands};", t, [t] * count, halves(one, f.bits) if pack else one
    )


COUNTS: Final = {"add": 2, "sub": 2, "mul": 2, "fma": 3, "div": 2, "rcp": 1, "sqrt": 1}


def arithmetic() -> list[Case]:
    cases = []
    for t in ("f32", "f64", "f32x2"):
        for op, count in COUNTS.items():
            if t == "f32x2" and count == 1 or (t == "f32x2" and op == "div"):
                continue
            for mode in ("rn", "rz", "rm", "rp"):
                for flags in ("", ".ftz", ".sat", ".ftz.sat"):
                    if (
                        flags
                        and t == "f64"
                        or ("sat" in flags and (t == "f32x2" or op in ("div", "rcp", "sqrt")))
                    ):
                        continue
                    cases.append(arithmetic_case(f"{op}.{mode}{flags}", op, t, mode, flags, count))
    for t in ("f32", "f64"):
        cases.append(arithmetic_case("mad.rz", "fma", t, "rz", "", 3))
    cases.append(arithmetic_case("add", "add", "f32", "rn", "", 2))
    cases.append(arithmetic_case("mul", "mul", "f64", "rn", "", 2))
    for t in ("f16", "f16x2", "bf16", "bf16x2"):
        for op in ("add", "sub", "mul", "fma"):
            variants = [""] if t.startswith("b") else ["", ".ftz", ".sat", ".ftz.sat"]
            if op == "fma":
                variants.append(".relu")
            for flags in variants:
                cases.append(arithmetic_case(f"{op}.rn{flags}", op, t, "rn", flags, COUNTS[op]))
    return cases


def mixed() -> list[Case]:
    """Operands of 16 bits, which are widened, and a sum of 32."""
    cases = []
    wide = FORMATS["f32"]
    for t in ("f16", "bf16"):
        f = FORMATS[t]

        def widen(b: int, f: Format = f) -> int:
            return encode(decode(b, f), wide)

        for mode in ("rn", "rz", "rm", "rp"):
            for op in ("add", "sub"):
                cases.append(
                    Case(f"{op}.{mode}.f32.{t} {{d}}, {{a}}, {{b}};", "f32", [t, "f32"],
                         lambda a, b, o=op, m=mode, w=widen: compute(o, wide, m, "", (w(a), b)))
                )  # fmt: skip
            cases.append(
                Case(f"fma.{mode}.f32.{t} {{d}}, {{a}}, {{b}}, {{c}};", "f32", [t, t, "f32"],
                     lambda a, b, c, m=mode, w=widen: compute("fma", wide, m, "", (w(a), w(b), c)))
            )  # fmt: skip
    return cases


def choose(f: Format, flags: str, is_max: bool, a: int, b: int) -> int:
    """min and max, word for word as in [PTX 9.7.3.11]."""
    if "ftz" in flags:
        a, b = flush(a, f), flush(b, f)
    sign = (a ^ b) & f.sign
    if "abs" in flags:
        a, b = a & ~f.sign, b & ~f.sign
    x, y = decode(a, f), decode(b, f)
    if (x.kind == "nan" and y.kind == "nan") or ("NaN" in flags and "nan" in (x.kind, y.kind)):
        return f.nan
    if x.kind == "nan" or y.kind == "nan":
        d = b if x.kind == "nan" else a
    else:
        # Bit patterns as integers that are in the order of their values, -0 before +0.
        def key(v: int) -> int:
            return -(v & ~f.sign) - 1 if v & f.sign else v

        d = (max if is_max else min)(a, b, key=key)
    return d & ~f.sign | sign if "xorsign" in flags else d


def signs() -> list[Case]:
    cases = []
    for t in ("f32", "f64", "f16", "bf16", "f16x2", "bf16x2"):
        f = FORMATS[t.removesuffix("x2")]
        pack = t.endswith("x2")
        for flags in ("", ".ftz"):
            if flags and t not in ("f32", "f16", "f16x2"):
                continue

            def magnitude(a: int, f: Format = f, flags: str = flags) -> int:
                return (flush(a, f) if flags else a) & ~f.sign

            def negative(a: int, f: Format = f, flags: str = flags) -> int:
                return (flush(a, f) if flags else a) ^ f.sign

            for name, function in (("abs", magnitude), ("neg", negative)):
                cases.append(
                    Case(
                        f"{name}{flags}.{t} {{d}}, {{a}};",
                        t,
                        [t],
                        halves(function) if pack else function,
                    )
                )
        flag_sets = ["", ".NaN", ".xorsign.abs", ".NaN.xorsign.abs"] if t != "f64" else [""]
        if t in ("f32", "f16", "f16x2"):
            flag_sets += [".ftz" + s for s in flag_sets]
        for flags in flag_sets:
            for name in ("min", "max"):

                def one(a: int, b: int, f: Format = f, flags: str = flags, name: str = name) -> int:
                    return choose(f, flags, name == "max", a, b)

                cases.append(
                    Case(
                        f"{name}{flags}.{t} {{d}}, {{a}}, {{b}};",
                        t,
                        [t, t],
                        halves(one) if pack else one,
                    )
                )
    f32 = FORMATS["f32"]
    for name in ("min", "max"):
        for flags in ("", ".ftz", ".NaN", ".abs"):
            cases.append(
                Case(f"{name}{flags}.f32 {{d}}, {{a}}, {{b}}, {{c}};", "f32", ["f32"] * 3,
                     lambda a, b, c, n=name, g=flags: choose(f32, g, n == "max", choose(f32, g, n == "max", a, b), c))
            )  # fmt: skip
    for t in ("f32", "f64"):
        f = FORMATS[t]
        cases.append(
            Case(f"copysign.{t} {{d}}, {{a}}, {{b}};", t, [t, t],
                 lambda a, b, f=f: a & f.sign | b & ~f.sign)
        )  # fmt: skip
        tests: dict[str, Callable[[int, Format], bool]] = {
            "finite": lambda a, f: (a & ~f.sign) < f.infinity,
            "infinite": lambda a, f: (a & ~f.sign) == f.infinity,
            "number": lambda a, f: (a & ~f.sign) <= f.infinity,
            "notanumber": lambda a, f: (a & ~f.sign) > f.infinity,
            "normal": lambda a, f: (0 < a & f.infinity < f.infinity) or a & ~f.sign == 0,
            "subnormal": lambda a, f: a & f.infinity == 0 and a & ~f.sign != 0,
        }
        for name, predicate in tests.items():
            cases.append(
                Case(
                    f"testp.{name}.{t} {{d}}, {{a}};",
                    "pred",
                    [t],
                    lambda a, f=f, p=predicate: int(p(a, f)),
                )
            )
    return cases


ORDER: Final[dict[str, Callable[[Fraction, Fraction], bool]]] = {
    "eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y, "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y,
}  # fmt: skip


def compare(name: str, f: Format, flags: str, a: int, b: int) -> int:
    if flags:
        a, b = flush(a, f), flush(b, f)
    x, y = decode(a, f), decode(b, f)
    unordered = "nan" in (x.kind, y.kind)
    if name in ("num", "nan"):
        return int(unordered == (name == "nan"))
    if unordered:
        return int(len(name) == 3)
    huge = Fraction(2) ** 5000
    values = [v.value if v.kind == "finite" else (-huge if v.negative else huge) for v in (x, y)]
    return int(ORDER[name[:2]](*values))


def comparisons() -> list[Case]:
    cases = []
    names = [*ORDER, *(n + "u" for n in ORDER), "num", "nan"]
    for t in ("f32", "f64", "f16", "bf16"):
        f = FORMATS[t]
        for name in names:
            for flags in ("", ".ftz") if t in ("f32", "f16") else ("",):
                cases.append(
                    Case(f"setp.{name}{flags}.{t} {{d}}, {{a}}, {{b}};", "pred", [t, t],
                         lambda a, b, n=name, f=f, g=flags: compare(n, f, g, a, b))
                )  # fmt: skip
    for name in names:
        for t, one, result in (
            ("f16x2", 0x3C00, "f16x2"),
            ("f16x2", 0xFFFF, "u32"),
            ("bf16x2", 0x3F80, "bf16x2"),
        ):
            f = FORMATS[t[:-2]]
            cases.append(
                Case(f"set.{name}.{result}.{t} {{d}}, {{a}}, {{b}};", "b32", [t, t],
                     halves(lambda a, b, n=name, f=f, o=one: o * compare(n, f, "", a, b)))
            )  # fmt: skip
        cases.append(
            Case(f"{{{{ .reg .pred p; setp.{name}.f16x2 p|{{d}}, {{a}}, {{b}}; }}}}", "pred", ["f16x2"] * 2,
                 lambda a, b, n=name: compare(n, FORMATS["f16"], "", a >> 16, b >> 16))
        )  # fmt: skip
        cases.append(
            Case(f"set.{name}.f32.f32 {{d}}, {{a}}, {{b}};", "b32", ["f32"] * 2,
                 lambda a, b, n=name: 0x3F800000 * compare(n, FORMATS["f32"], "", a, b))
        )  # fmt: skip
    for result, source, one in (
        ("f16", "f16", 0x3C00),
        ("u16", "f16", 0xFFFF),
        ("bf16", "bf16", 0x3F80),
        ("s16", "bf16", 0xFFFF),
        ("u32", "f64", 0xFFFFFFFF),
        ("f32", "f64", 0x3F800000),
        ("s32", "f32", 0xFFFFFFFF),
    ):
        f = FORMATS[source]
        for name in ("lt", "neu"):
            cases.append(
                Case(f"set.{name}.{result}.{source} {{d}}, {{a}}, {{b}};", f"b{result[-2:]}", [source] * 2,
                     lambda a, b, n=name, f=f, o=one: o * compare(n, f, "", a, b))
            )  # fmt: skip
            cases.append(
                Case(f"set.{name}.xor.{result}.{source} {{d}}, {{a}}, {{b}}, !{{c}};", f"b{result[-2:]}",
                     [source, source, "pred"],
                     lambda a, b, c, n=name, f=f, o=one: o * (compare(n, f, "", a, b) ^ 1 ^ c))
            )  # fmt: skip
    for flags in ("", ".ftz"):
        cases.append(
            Case(f"slct{flags}.b32.f32 {{d}}, {{a}}, {{b}}, {{c}};", "b32", ["b32", "b32", "f32"],
                 lambda a, b, c, g=flags: a if compare("ge", FORMATS["f32"], g, c, 0) else b)
        )  # fmt: skip
    return cases


def to_integer(x: Number, mode: str) -> int:
    below = math.floor(x.value)
    rest = x.value - below
    if mode == "rni":
        return below + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below & 1 == 1))
    if mode == "rzi":
        return below + (x.value < 0 and rest > 0)
    return below + (mode == "rpi" and rest > 0)


INTEGERS: Final = ("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64")


def extended(bits: int, t: str, register: int) -> int:
    """An integer of a narrow type in a register."""
    n = int(t[1:])
    return unsigned(signed(bits, n) if t[0] == "s" else unsigned(bits, n), register)


def integer_conversions() -> list[Case]:
    cases = []
    for to in INTEGERS:
        register = max(16, int(to[1:]))
        low = -(1 << (int(to[1:]) - 1)) if to[0] == "s" else 0
        high = low + (1 << int(to[1:])) - 1
        for source in INTEGERS:
            wide = f"b{max(16, int(source[1:]))}"
            for sat in ("", ".sat"):

                def convert(a: int, s: str = source, t: str = to, sat: str = sat, lo: int = low, hi: int = high,
                            r: int = register) -> int:  # fmt: skip
                    n = int(s[1:])
                    v = signed(a, n) if s[0] == "s" else unsigned(a, n)
                    return extended(min(max(v, lo), hi) if sat else v, t, r)

                cases.append(
                    Case(f"cvt{sat}.{to}.{source} {{d}}, {{a}};", f"b{register}", [wide], convert)
                )
        for t in ("f16", "bf16", "f32", "f64"):
            f = FORMATS[t]
            for mode in ("rni", "rzi", "rmi", "rpi"):

                def from_float(a: int, f: Format = f, m: str = mode, t: str = to, s: str = t, lo: int = low,
                               hi: int = high, r: int = register) -> int:  # fmt: skip
                    x = decode(a, f)
                    if x.kind == "nan":
                        bad = 1 << (int(t[1:]) - 1) if s == "f64" or t[1:] == "64" else 0
                        return extended(bad, t, r)
                    if x.kind == "inf":
                        return extended(lo if x.negative else hi, t, r)
                    return extended(min(max(to_integer(x, m), lo), hi), t, r)

                cases.append(
                    Case(f"cvt.{mode}.{to}.{t} {{d}}, {{a}};", f"b{register}", [t], from_float)
                )
            for mode in ("rn", "rz", "rm", "rp"):

                def to_float(a: int, f: Format = f, m: str = mode, s: str = to) -> int:
                    v = signed(a, int(s[1:])) if s[0] == "s" else unsigned(a, int(s[1:]))
                    return encode(finite(Fraction(v), False), f, m)

                cases.append(
                    Case(f"cvt.{mode}.{t}.{to} {{d}}, {{a}};", t, [f"b{register}"], to_float)
                )
    return cases


def float_conversions() -> list[Case]:
    cases = []
    kinds = ("f16", "bf16", "f32", "f64")
    for source in kinds:
        s = FORMATS[source]
        for to in kinds:
            t = FORMATS[to]
            # A NaN of f64 that a conversion makes is not specified; the simulator's has all bits set.
            nan = 0x7FFFFFFFFFFFFFFF if to == "f64" else t.nan
            exact = t.bits > s.bits
            if source == to:
                continue
            modes = [""] if exact else ["rn", "rz", "rm", "rp"]
            if t.bits == s.bits:  # Where sizes are the same none need be named.
                modes.append("")
            for mode in modes:
                dot = f".{mode}" if mode else ""
                for flags in ("", ".ftz", ".sat"):
                    if flags and (
                        "bf16" in (source, to) or (flags == ".ftz" and "f32" not in (source, to))
                    ):
                        continue

                    def convert(a: int, s: Format = s, t: Format = t, m: str = mode, g: str = flags,
                                nan: int = nan) -> int:  # fmt: skip
                        if g == ".ftz" and s.bits == 32:
                            a = flush(a, s)
                        if g == ".sat":
                            a = saturate(a, s)
                        x = decode(a, s)
                        bits = nan if x.kind == "nan" else encode(x, t, m or "rn")
                        return flush(bits, t) if g == ".ftz" and t.bits == 32 else bits

                    cases.append(
                        Case(f"cvt{dot}{flags}.{to}.{source} {{d}}, {{a}};", to, [source], convert)
                    )
    for name in kinds:
        f = FORMATS[name]
        for mode in ("rni", "rzi", "rmi", "rpi"):

            def whole(a: int, f: Format = f, m: str = mode, t: str = name) -> int:
                x = decode(a, f)
                if x.kind == "nan":
                    return 0x7FFFFFFFFFFFFFFF if t == "f64" else f.nan
                if x.kind == "inf":
                    return a
                return encode(finite(Fraction(to_integer(x, m)), x.negative), f)

            cases.append(Case(f"cvt.{mode}.{name}.{name} {{d}}, {{a}};", name, [name], whole))
    for to in ("f16", "bf16"):
        t = FORMATS[to]
        for mode in ("rn", "rz"):
            for relu in ("", ".relu"):
                for sat in ("", ".satfinite"):

                    def narrow(
                        a: int, t: Format = t, m: str = mode, r: str = relu, s: str = sat
                    ) -> int:
                        x = decode(a, FORMATS["f32"])
                        bits = encode(x, t, m)
                        if x.kind == "nan":
                            return bits
                        if s and bits & ~t.sign == t.infinity:
                            bits -= 1
                        return 0 if r and bits & t.sign else bits

                    cases.append(
                        Case(f"cvt.{mode}{relu}{sat}.{to}.f32 {{d}}, {{a}};", to, ["f32"], narrow)
                    )
                    cases.append(
                        Case(f"cvt.{mode}{relu}{sat}.{to}x2.f32 {{d}}, {{a}}, {{b}};", "b32", ["f32", "f32"],
                             lambda a, b, n=narrow: n(a) << 16 | n(b))
                    )  # fmt: skip
    tf32 = FORMATS["tf32"]
    for mode in ("rna", "rn", "rz"):
        cases.append(
            Case(f"cvt.{mode}.tf32.f32 {{d}}, {{a}};", "b32", ["f32"],
                 lambda a, m=mode: 0x7FFFFFFF if decode(a, FORMATS["f32"]).kind == "nan"
                 else encode(decode(a, FORMATS["f32"]), tf32, m) << 13)
        )  # fmt: skip
    return cases


def small(name: str, value: int, source: str, mode: str, flags: str) -> int:
    """The code of a narrow format, from the tables that sim_convert.py has of ml_dtypes."""
    f = sim_convert.FORMATS[name]
    if source == "f32":
        wide = np.array([value], dtype=np.uint32).view(np.float32)
    else:
        wide = sim_convert.FORMATS[source].decode(np.array([value], dtype=np.uint64))
    code = sim_convert.encode(
        f, sim_convert.widen(wide), mode, "satfinite" in flags, "relu" in flags
    )
    return int(code[0])


def widened(name: str, code: int, to: str) -> int:
    value = float(sim_convert.FORMATS[name].decode(np.array([code], dtype=np.uint64))[0])
    f = FORMATS[to]
    if math.isnan(value):
        return f.nan
    if math.isinf(value):
        return f.infinity | (f.sign if value < 0 else 0)
    return encode(finite(Fraction(value), math.copysign(1, value) < 0), f)


def packed_conversions() -> list[Case]:
    """Two elements of 4, 6 or 8 bits: of 8 bits in 16, of 6 bits in the low bits of 8, of 4 bits in 8."""
    cases = []
    for name, stride, mask in (
        ("e4m3", 8, 0xFF), ("e5m2", 8, 0xFF), ("e2m3", 8, 0x3F), ("e3m2", 8, 0x3F), ("e2m1", 4, 0xF),
    ):  # fmt: skip
        byte = stride == 4
        down = (
            "{{{{ .reg .b8 q; {op} q, {x}; cvt.u16.u8 {{d}}, q; }}}}"
            if byte
            else "{op} {{d}}, {x};"
        )
        up = (
            "{{{{ .reg .b8 q; cvt.u8.u16 q, {{a}}; {op} {{d}}, q; }}}}"
            if byte
            else "{op} {{d}}, {{a}};"
        )
        for relu in ("", ".relu"):
            op = f"cvt.rn.satfinite{relu}.{name}x2"
            cases.append(
                Case(down.format(op=f"{op}.f32", x="{a}, {b}"), "b16", ["f32", "f32"],
                     lambda a, b, n=name, s=stride, r=relu: small(n, a, "f32", "rn", "satfinite" + r) << s
                     | small(n, b, "f32", "rn", "satfinite" + r))
            )  # fmt: skip
            for source in ("f16", "bf16"):
                cases.append(
                    Case(down.format(op=f"{op}.{source}x2", x="{a}"), "b16", [f"{source}x2"],
                         lambda a, n=name, s=stride, r=relu, f=source: small(n, a >> 16, f, "rn", "satfinite" + r) << s
                         | small(n, a & 0xFFFF, f, "rn", "satfinite" + r))
                )  # fmt: skip
                cases.append(
                    Case(up.format(op=f"cvt.rn{relu}.{source}x2.{name}x2"), "b32", ["b16"],
                         lambda a, n=name, s=stride, m=mask, t=source, r=relu: halves_of(
                             [widened(n, a >> s & m, t), widened(n, a & m, t)], FORMATS[t], bool(r)))
                )  # fmt: skip
    for mode in ("rz", "rp"):
        cases.append(
            Case(f"cvt.{mode}.satfinite.ue8m0x2.f32 {{d}}, {{a}}, {{b}};", "b16", ["f32", "f32"],
                 lambda a, b, m=mode: small("ue8m0", a, "f32", m, "satfinite") << 8
                 | small("ue8m0", b, "f32", m, "satfinite"))
        )  # fmt: skip
        cases.append(
            Case(f"cvt.{mode}.satfinite.ue8m0x2.bf16x2 {{d}}, {{a}};", "b16", ["bf16x2"],
                 lambda a, m=mode: small("ue8m0", a >> 16, "bf16", m, "satfinite") << 8
                 | small("ue8m0", a & 0xFFFF, "bf16", m, "satfinite"))
        )  # fmt: skip
    cases.append(
        Case("cvt.rn.bf16x2.ue8m0x2 {d}, {a};", "b32", ["b16"],
             lambda a: widened("ue8m0", a >> 8, "bf16") << 16 | widened("ue8m0", a & 0xFF, "bf16"))
    )  # fmt: skip
    return cases


def halves_of(values: list[int], f: Format, relu: bool) -> int:
    high, low = (0 if relu and v & f.sign else v for v in values)
    return high << 16 | low


def as_float(bits: int, f: Format) -> float:
    x = decode(bits, f)
    if x.kind == "nan":
        return math.nan
    if x.kind == "inf":
        return -math.inf if x.negative else math.inf
    return math.copysign(float(x.value), -1 if x.negative else 1)


def near(got: int, exact: float, f: Format, relative: float, absolute: float = 0) -> bool:
    value = as_float(got, f)
    if math.isnan(exact):
        return math.isnan(value)
    if math.isinf(exact):
        return value == exact
    largest = as_float(f.infinity - 1, f)
    if abs(exact) > largest:
        return abs(value) >= largest
    least = as_float(1, f)
    return abs(value - exact) <= max(abs(exact) * relative, absolute, least)


def safe(function: Callable[..., float]) -> Callable[..., float]:
    """With the values that IEEE's functions have where Python's raise an error."""

    def call(*x: float) -> float:
        try:
            return function(*x)
        except ZeroDivisionError:
            if len(x) == 2 and (x[0] == 0 or math.isnan(x[0])):
                return math.nan
            return math.copysign(math.inf, math.prod(math.copysign(1, v) for v in x))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return call


def log2(x: float) -> float:
    return -math.inf if x == 0 else math.log2(x) if x > 0 else math.nan


def both(accepts: Callable[..., bool]) -> Callable[..., bool]:
    return lambda got, a: accepts(got & 0xFFFF, a & 0xFFFF) and accepts(got >> 16, a >> 16)


def functions() -> list[Case]:
    """Bounds of the manual: ulps as 2^-23 of the result, or of an absolute error where it has one."""
    cases = []
    ulp = 2.0**-23
    table: list[tuple[str, str, Callable[..., float], float, float, int]] = [
        ("rcp.approx", "f32", lambda x: 1 / x, ulp, 0, 1),
        ("sqrt.approx", "f32", lambda x: x if x == 0 else math.sqrt(x), ulp, 0, 1),
        (
            "rsqrt.approx",
            "f32",
            lambda x: math.copysign(math.inf, x) if x == 0 else 1 / math.sqrt(x),
            2.0**-22.9,
            0,
            1,
        ),
        ("ex2.approx", "f32", lambda x: 2.0**x, 2 * ulp, 0, 1),
        ("lg2.approx", "f32", log2, ulp, 2.0**-22, 1),
        ("tanh.approx", "f32", math.tanh, 2.0**-11, 0, 1),
        ("div.approx", "f32", lambda x, y: x / y, 2 * ulp, 0, 2),
        ("div.full", "f32", lambda x, y: x / y, 2 * ulp, 0, 2),
        ("rcp.approx.ftz", "f64", lambda x: 1 / x, 2.0**-20, 0, 1),
        (
            "rsqrt.approx.ftz",
            "f64",
            lambda x: math.copysign(math.inf, x) if x == 0 else 1 / math.sqrt(x),
            2.0**-20,
            0,
            1,
        ),
        (
            "rsqrt.approx",
            "f64",
            lambda x: math.copysign(math.inf, x) if x == 0 else 1 / math.sqrt(x),
            2.0**-20,
            0,
            1,
        ),
        ("ex2.approx", "f16", lambda x: 2.0**x, 2.0**-9.9, 0, 1),
        ("tanh.approx", "f16", math.tanh, 2.0**-10.987, 0, 1),
        ("ex2.approx.ftz", "bf16", lambda x: 2.0**x, 2.0**-7, 0, 1),
        ("tanh.approx", "bf16", math.tanh, 2.0**-8, 0, 1),
    ]
    for name, t, function, relative, absolute, count in table:
        f = FORMATS[t]

        def accepts(got: int, *v: int, f: Format = f, fn: Callable[..., float] = function, r: float = relative,
                    a: float = absolute, n: str = name) -> bool:  # fmt: skip
            if "ftz" in n:
                v = tuple(flush(b, f) for b in v)
                a = as_float(1 << f.mantissa, f)
            return near(got, safe(fn)(*(as_float(b, f) for b in v)), f, r, a)

        operands = ", ".join(["{a}", "{b}"][:count])
        cases.append(Case(f"{name}.{t} {{d}}, {operands};", t, [t] * count, accepts=accepts))
        if t in ("f16", "bf16"):
            cases.append(
                Case(f"{name}.{t}x2 {{d}}, {{a}};", f"{t}x2", [f"{t}x2"], accepts=both(accepts))
            )
    for name, function in (("sin", math.sin), ("cos", math.cos)):
        # The manual bounds the error in [-pi, pi] alone.
        values = [0x3F800000 + i * 0x13579 for i in range(100)] + [
            0,
            1,
            0x80000000,
            0x40490FDB,
            0xC0490FDB,
        ]

        def in_range(got: int, a: int, fn: Callable[[float], float] = function) -> bool:
            x = as_float(a, FORMATS["f32"])
            return abs(x) > math.pi or near(got, fn(x), FORMATS["f32"], 0, 2.0**-20.5)

        cases.append(
            Case(
                f"{name}.approx.f32 {{d}}, {{a}};",
                "f32",
                ["f32"],
                lambda a: 0,
                {0: values},
                accepts=in_range,
            )
        )
    return cases


def main() -> None:
    for name, cases in (
        ("arithmetic", arithmetic()), ("mixed", mixed()), ("signs, minima and classes", signs()),
        ("comparisons", comparisons()), ("integers and floats", integer_conversions()),
        ("floats and floats", float_conversions()), ("packed", packed_conversions()), ("approximations", functions()),
    ):  # fmt: skip
        print(f"{name}: {len(cases)} instructions, {check(sys.argv[1], cases)} results agree")


if __name__ == "__main__":
    main()
