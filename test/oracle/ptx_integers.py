"""The integer instructions of PTX on the simulator, against their definitions in the manual.

[PTX 9.7.1], [PTX 9.7.2], the integer part of [PTX 9.7.6] and [PTX 9.7.8], on Python's integers, which do not
overflow: every width is cut off explicitly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from ptx_harness import Case, check, signed, unsigned, width

Binary = Callable[[int, int], int]

UNSIGNED = ("u16", "u32", "u64")
SIGNED = ("s16", "s32", "s64")
ALL = UNSIGNED + SIGNED
SHIFTS = [
    0,
    1,
    7,
    8,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    65,
    255,
    256,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
]


def value(bits: int, type_name: str) -> int:
    n = width(type_name)
    return signed(bits, n) if type_name.startswith("s") else unsigned(bits, n)


def arithmetic(type_name: str, function: Callable[..., int]) -> Callable[..., int]:
    """The function on values of the type, and its result's bits."""
    return lambda *bits: unsigned(function(*(value(b, type_name) for b in bits)), width(type_name))


def divide(x: int, y: int) -> int:
    """Toward zero; by zero, what the machine gives: all ones."""
    if y == 0:
        return -1
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


def remainder(x: int, y: int) -> int:
    return x if y == 0 else x - y * divide(x, y)


def clamp(x: int, low: int, high: int) -> int:
    return max(low, min(high, x))


def plain() -> list[Case]:
    cases = []
    for t in ALL:
        n = width(t)

        def add(name: str, function: Callable[..., int], count: int = 2, t: str = t) -> None:
            operands = ", ".join(["{a}", "{b}", "{c}"][:count])
            cases.append(
                Case(f"{name}.{t} {{d}}, {operands};", t, [t] * count, arithmetic(t, function))
            )

        add("add", lambda x, y: x + y)
        add("sub", lambda x, y: x - y)
        add("mul.lo", lambda x, y: x * y)
        add("mul.hi", lambda x, y, n=n: (x * y) >> n)
        add("mad.lo", lambda x, y, z: x * y + z, 3)
        add("mad.hi", lambda x, y, z, n=n: ((x * y) >> n) + z, 3)
        add("sad", lambda x, y, z: z + abs(x - y), 3)
        add("div", divide)
        add("rem", remainder)
        add("min", min)
        add("max", max)
        if t in SIGNED:
            add("abs", abs, 1)
            add("neg", lambda x: -x, 1)
        if n < 64:
            wide = f"{t[0]}{2 * n}"
            cases.append(
                Case(f"mul.wide.{t} {{d}}, {{a}}, {{b}};", wide, [t, t],
                     lambda a, b, t=t, n=n: unsigned(value(a, t) * value(b, t), 2 * n))
            )  # fmt: skip
            cases.append(
                Case(f"mad.wide.{t} {{d}}, {{a}}, {{b}}, {{c}};", wide, [t, t, wide],
                     lambda a, b, c, t=t, n=n: unsigned(value(a, t) * value(b, t) + c, 2 * n))
            )  # fmt: skip
    low, high = -(1 << 31), (1 << 31) - 1
    for name, function in (("add", lambda x, y: x + y), ("sub", lambda x, y: x - y)):
        cases.append(
            Case(f"{name}.sat.s32 {{d}}, {{a}}, {{b}};", "s32", ["s32", "s32"],
                 arithmetic("s32", lambda x, y, f=function: clamp(f(x, y), low, high)))
        )  # fmt: skip
    for name, function in (("min", min), ("max", max)):
        cases.append(
            Case(f"{name}.relu.s32 {{d}}, {{a}}, {{b}};", "s32", ["s32", "s32"],
                 arithmetic("s32", lambda x, y, f=function: max(f(x, y), 0)))
        )  # fmt: skip
    return cases


def packed() -> list[Case]:
    """Two of 16 bits in each register."""
    cases = []
    for t in ("u16", "s16"):
        for name, function in (("add", lambda x, y: x + y), ("min", min), ("max", max)):
            half = arithmetic(t, function)
            cases.append(
                Case(f"{name}.{t}x2 {{d}}, {{a}}, {{b}};", "b32", ["b32", "b32"],
                     lambda a, b, half=half: half(a & 0xFFFF, b & 0xFFFF) | half(a >> 16, b >> 16) << 16)
            )  # fmt: skip
    for name, function in (("min", min), ("max", max)):
        half = arithmetic("s16", lambda x, y, f=function: max(f(x, y), 0))
        cases.append(
            Case(f"{name}.relu.s16x2 {{d}}, {{a}}, {{b}};", "b32", ["b32", "b32"],
                 lambda a, b, half=half: half(a & 0xFFFF, b & 0xFFFF) | half(a >> 16, b >> 16) << 16)
        )  # fmt: skip
    return cases


def carries() -> list[Case]:
    """The flag is set by one instruction and read by the next: three of them add two longs of 96 bits."""
    cases = []
    for n in (32, 64):
        t = f"u{n}"
        m = (1 << n) - 1
        # d = high word of (e:a) + (c:b)
        cases.append(
            Case(f"add.cc.{t} {{d}}, {{a}}, {{b}}; addc.{t} {{d}}, {{c}}, {{e}};", t, [t] * 4,
                 lambda a, b, c, e, n=n, m=m: ((a + b) >> n) + c + e & m)
        )  # fmt: skip
        cases.append(
            Case(f"sub.cc.{t} {{d}}, {{a}}, {{b}}; subc.{t} {{d}}, {{c}}, {{e}};", t, [t] * 4,
                 lambda a, b, c, e, m=m: c - e - (a < b) & m)
        )  # fmt: skip
        cases.append(
            Case(f"add.cc.{t} {{d}}, {{a}}, {{b}}; addc.cc.{t} {{d}}, {{c}}, {{e}}; addc.{t} {{d}}, 0, 0;",
                 t, [t] * 4, lambda a, b, c, e, n=n: ((a + b) >> n) + c + e >> n)
        )  # fmt: skip
        cases.append(
            Case(f"sub.cc.{t} {{d}}, {{a}}, {{b}}; subc.cc.{t} {{d}}, {{c}}, {{e}}; subc.{t} {{d}}, 0, 0;",
                 t, [t] * 4, lambda a, b, c, e, m=m: (-1 if c - e - (a < b) < 0 else 0) & m)
        )  # fmt: skip
        cases.append(
            Case(f"mad.lo.cc.{t} {{d}}, {{a}}, {{b}}, {{c}}; madc.hi.{t} {{d}}, {{a}}, {{b}}, {{e}};",
                 t, [t] * 4, lambda a, b, c, e, n=n, m=m: (a * b + c + (e << n)) >> n & m)
        )  # fmt: skip
        cases.append(
            Case(f"mad.hi.cc.{t} {{d}}, {{a}}, {{b}}, {{c}}; madc.lo.cc.{t} {{d}}, {{a}}, {{b}}, {{e}};"
                 f"addc.{t} {{d}}, 0, 0;", t, [t] * 4,
                 lambda a, b, c, e, n=n, m=m: ((a * b & m) + e + ((((a * b) >> n) + c) >> n)) >> n)
        )  # fmt: skip
    return cases


def field(x: int, low: int, bits: int, is_signed: bool) -> int:
    part = x >> low & ((1 << bits) - 1)
    return signed(part, bits) if is_signed else part


def dots() -> list[Case]:
    cases = []
    for ta in ("u32", "s32"):
        for tb in ("u32", "s32"):
            sa, sb = ta == "s32", tb == "s32"
            cases.append(
                Case(f"dp4a.{ta}.{tb} {{d}}, {{a}}, {{b}}, {{c}};", "b32", ["b32"] * 3,
                     lambda a, b, c, sa=sa, sb=sb: unsigned(
                         c + sum(field(a, 8 * i, 8, sa) * field(b, 8 * i, 8, sb) for i in range(4)), 32))
            )  # fmt: skip
            for mode, start in (("lo", 0), ("hi", 2)):
                cases.append(
                    Case(f"dp2a.{mode}.{ta}.{tb} {{d}}, {{a}}, {{b}}, {{c}};", "b32", ["b32"] * 3,
                         lambda a, b, c, sa=sa, sb=sb, s=start: unsigned(
                             c + sum(field(a, 16 * i, 16, sa) * field(b, 8 * (i + s), 8, sb)
                                     for i in range(2)), 32))
                )  # fmt: skip
    return cases


def bfe(a: int, b: int, c: int, n: int, is_signed: bool) -> int:
    """[PTX 9.7.1.19], word for word."""
    msb = n - 1
    pos, length = b & 0xFF, c & 0xFF
    sbit = 0 if not is_signed or length == 0 else a >> min(pos + length - 1, msb) & 1
    d = 0
    for i in range(msb + 1):
        bit = a >> (pos + i) & 1 if i < length and pos + i <= msb else sbit
        d |= bit << i
    return d


def bfi(a: int, b: int, c: int, d: int, n: int) -> int:
    pos, length = c & 0xFF, d & 0xFF
    f = b
    for i in range(length):
        if pos + i > n - 1:
            break
        f = f & ~(1 << (pos + i)) | (a >> i & 1) << (pos + i)
    return f


def bfind(a: int, n: int, is_signed: bool, shift: bool) -> int:
    if is_signed and a >> (n - 1):
        a = ~a & ((1 << n) - 1)
    top = a.bit_length() - 1
    if top < 0:
        return 0xFFFFFFFF
    return n - 1 - top if shift else top


def bits() -> list[Case]:
    cases = []
    for n in (16, 32, 64):
        t, m = f"b{n}", (1 << n) - 1
        for name, function in (
            ("and", lambda a, b: a & b), ("or", lambda a, b: a | b), ("xor", lambda a, b: a ^ b),
        ):  # fmt: skip
            cases.append(Case(f"{name}.{t} {{d}}, {{a}}, {{b}};", t, [t, t], function))
        cases.append(Case(f"not.{t} {{d}}, {{a}};", t, [t], lambda a, m=m: ~a & m))
        cases.append(Case(f"cnot.{t} {{d}}, {{a}};", t, [t], lambda a: int(a == 0)))
        cases.append(
            Case(f"shl.{t} {{d}}, {{a}}, {{b}};", t, [t, "u32"],
                 lambda a, b, n=n, m=m: a << min(b, n) & m, {1: SHIFTS})
        )  # fmt: skip
        for prefix in "bus":
            cases.append(
                Case(f"shr.{prefix}{n} {{d}}, {{a}}, {{b}};", t, [t, "u32"],
                     lambda a, b, n=n, m=m, s=prefix == "s": (signed(a, n) if s else a) >> min(b, n) & m,
                     {1: SHIFTS})
            )  # fmt: skip
    for name, function in (
        ("and", lambda a, b: a & b), ("or", lambda a, b: a | b), ("xor", lambda a, b: a ^ b),
    ):  # fmt: skip
        cases.append(Case(f"{name}.pred {{d}}, {{a}}, {{b}};", "pred", ["pred"] * 2, function))
    cases.append(Case("not.pred {d}, {a};", "pred", ["pred"], lambda a: 1 - a))
    for table in (0x00, 0x01, 0x1A, 0x40, 0x80, 0x96, 0xCA, 0xE8, 0xF8, 0xFE, 0xFF):
        cases.append(
            Case(f"lop3.b32 {{d}}, {{a}}, {{b}}, {{c}}, {table};", "b32", ["b32"] * 3,
                 lambda a, b, c, lut=table: sum(
                     (lut >> ((a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1)) & 1) << i
                     for i in range(32)))
        )  # fmt: skip
    for n in (32, 64):
        t = f"b{n}"
        cases.append(Case(f"popc.{t} {{d}}, {{a}};", "u32", [t], lambda a: a.bit_count()))
        cases.append(Case(f"clz.{t} {{d}}, {{a}};", "u32", [t], lambda a, n=n: n - a.bit_length()))
        cases.append(
            Case(f"brev.{t} {{d}}, {{a}};", t, [t], lambda a, n=n: int(f"{a:0{n}b}"[::-1], 2))
        )
        cases.append(
            Case(f"bfi.{t} {{d}}, {{a}}, {{b}}, {{c}}, {{e}};", t, [t, t, "u32", "u32"],
                 lambda a, b, c, d, n=n: bfi(a, b, c, d, n), {2: SHIFTS, 3: SHIFTS})
        )  # fmt: skip
        for prefix in "us":
            s = prefix == "s"
            cases.append(
                Case(f"bfe.{prefix}{n} {{d}}, {{a}}, {{b}}, {{c}};", t, [t, "u32", "u32"],
                     lambda a, b, c, n=n, s=s: bfe(a, b, c, n, s), {1: SHIFTS, 2: SHIFTS})
            )  # fmt: skip
            for shift in (False, True):
                suffix = ".shiftamt" if shift else ""
                cases.append(
                    Case(f"bfind{suffix}.{prefix}{n} {{d}}, {{a}};", "u32", [t],
                         lambda a, n=n, s=s, shift=shift: bfind(a, n, s, shift))
                )  # fmt: skip
    return cases


def funnel(a: int, b: int, c: int, left: bool, wrap: bool) -> int:
    n = c & 31 if wrap else min(c, 32)
    return (b << n | a >> (32 - n)) & 0xFFFFFFFF if left else (b << (32 - n) | a >> n) & 0xFFFFFFFF


# The selectors of prmt's modes, from the manual's table [PTX 9.7.9.7].
MODES = {
    "f4e": [(3, 2, 1, 0), (4, 3, 2, 1), (5, 4, 3, 2), (6, 5, 4, 3)],
    "b4e": [(5, 6, 7, 0), (6, 7, 0, 1), (7, 0, 1, 2), (0, 1, 2, 3)],
    "rc8": [(0, 0, 0, 0), (1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3)],
    "ecl": [(3, 2, 1, 0), (3, 2, 1, 1), (3, 2, 2, 2), (3, 3, 3, 3)],
    "ecr": [(0, 0, 0, 0), (1, 1, 1, 0), (2, 2, 1, 0), (3, 2, 1, 0)],
    "rc16": [(1, 0, 1, 0), (3, 2, 3, 2), (1, 0, 1, 0), (3, 2, 3, 2)],
}


def prmt(a: int, b: int, c: int, mode: str) -> int:
    source = [(b << 32 | a) >> 8 * i & 0xFF for i in range(8)]
    if mode:
        return sum(source[k] << 8 * (3 - i) for i, k in enumerate(MODES[mode][c & 3]))
    result = 0
    for i in range(4):
        selector = c >> 4 * i & 15
        byte = source[selector & 7]
        if selector & 8:
            byte = 0xFF if byte & 0x80 else 0
        result |= byte << 8 * i
    return result


def bmsk(a: int, b: int, clamp: bool) -> int:
    """[PTX 9.7.1.22], word for word."""
    full = 0xFFFFFFFF
    a1, b1 = a & 0x1F, b & 0x1F
    mask0, total = full << a1 & full, a1 + b1
    mask1 = full << total & full
    position_overflow = clamp and a >= 32
    if position_overflow:
        mask0 = 0
    if total >= 32 or position_overflow or (clamp and b >= 32):
        mask1 = 0
    elif b1 == 0:
        mask1 = full
    return mask0 & ~mask1


def szext(a: int, b: int, clamp: bool, is_signed: bool) -> int:
    """[PTX 9.7.1.21], word for word."""
    full = 0xFFFFFFFF
    b1 = b & 0x1F
    too_large = clamp and b >= 32
    mask = 0 if too_large else full << b1 & full
    sign = not (b1 == 0 or too_large or not is_signed) and a >> (b1 - 1 & 0x1F) & 1
    return a & ~mask | (mask if sign else 0)


def fields() -> list[Case]:
    cases = []
    for mode in ("clamp", "wrap"):
        cases.append(
            Case(f"bmsk.{mode}.b32 {{d}}, {{a}}, {{b}};", "b32", ["b32"] * 2,
                 lambda a, b, m=mode: bmsk(a, b, m == "clamp"), {0: SHIFTS, 1: SHIFTS})
        )  # fmt: skip
        for t in ("u32", "s32"):
            cases.append(
                Case(f"szext.{mode}.{t} {{d}}, {{a}}, {{b}};", "b32", ["b32"] * 2,
                     lambda a, b, m=mode, t=t: szext(a, b, m == "clamp", t == "s32"), {1: SHIFTS})
            )  # fmt: skip
    for t in ("u32", "s32"):
        for part, shift in (("lo", 0), ("hi", 16)):

            def mul24(a: int, b: int, t: str = t, s: int = shift) -> int:
                x, y = (field(v, 0, 24, t == "s32") for v in (a, b))
                return unsigned(x * y >> s, 32)

            cases.append(Case(f"mul24.{part}.{t} {{d}}, {{a}}, {{b}};", t, [t, t], mul24))
            cases.append(
                Case(f"mad24.{part}.{t} {{d}}, {{a}}, {{b}}, {{c}};", t, [t] * 3,
                     lambda a, b, c, f=mul24: unsigned(f(a, b) + c, 32))
            )  # fmt: skip
    for t in ("u2", "s2", "u4", "s4", "u8", "s8", "u16", "s16"):
        n = int(t[1:])
        low = -(1 << (n - 1)) if t[0] == "s" else 0

        def pack(a: int, b: int, c: int = 0, n: int = n, low: int = low) -> int:
            x, y = (unsigned(clamp(signed(v, 32), low, low + (1 << n) - 1), n) for v in (a, b))
            return unsigned(x << n | y | c << 2 * n, 32)

        if n == 16:
            cases.append(
                Case(f"cvt.pack.sat.{t}.s32 {{d}}, {{a}}, {{b}};", "b32", ["s32"] * 2, pack)
            )
        else:
            cases.append(
                Case(
                    f"cvt.pack.sat.{t}.s32.b32 {{d}}, {{a}}, {{b}}, {{c}};",
                    "b32",
                    ["s32", "s32", "b32"],
                    pack,
                )
            )
    return cases


def moves() -> list[Case]:
    cases = []
    for left in (True, False):
        for wrap in (True, False):
            cases.append(
                Case(f"shf.{'l' if left else 'r'}.{'wrap' if wrap else 'clamp'}.b32 {{d}}, {{a}}, {{b}}, {{c}};",
                     "b32", ["b32"] * 3, lambda a, b, c, l=left, w=wrap: funnel(a, b, c, l, w), {2: SHIFTS})
            )  # fmt: skip
    for mode in ("", *MODES):
        suffix = f".{mode}" if mode else ""
        cases.append(
            Case(f"prmt.b32{suffix} {{d}}, {{a}}, {{b}}, {{c}};", "b32", ["b32"] * 3,
                 lambda a, b, c, m=mode: prmt(a, b, c, m))
        )  # fmt: skip
    for n in (16, 32, 64):
        cases.append(Case(f"mov.b{n} {{d}}, {{a}};", f"b{n}", [f"b{n}"], lambda a: a))
        for t in (f"b{n}", f"u{n}", f"s{n}"):
            cases.append(
                Case(f"selp.{t} {{d}}, {{a}}, {{b}}, {{c}};", t, [t, t, "pred"],
                     lambda a, b, c: a if c else b)
            )  # fmt: skip
            cases.append(
                Case(f"slct.{t}.s32 {{d}}, {{a}}, {{b}}, {{c}};", t, [t, t, "s32"],
                     lambda a, b, c: b if c >> 31 else a)
            )  # fmt: skip
    cases.append(Case("mov.pred {d}, {a};", "pred", ["pred"], lambda a: a))
    cases.append(
        Case("mov.b32 {d}, {{{a}, {b}}};", "b32", ["b16", "b16"], lambda a, b: a | b << 16)
    )
    cases.append(
        Case("mov.b64 {d}, {{{a}, {b}}};", "b64", ["b32", "b32"], lambda a, b: a | b << 32)
    )
    cases.append(
        Case("mov.b64 {d}, {{{a}, {b}, {c}, {e}}};", "b64", ["b16"] * 4,
             lambda a, b, c, e: a | b << 16 | c << 32 | e << 48)
    )  # fmt: skip
    cases.append(Case("mov.b64 {{_, {d}}}, {a};", "b32", ["b64"], lambda a: a >> 32))
    cases.append(Case("mov.b64 {{_, {d}, _, _}}, {a};", "b16", ["b64"], lambda a: a >> 16 & 0xFFFF))
    cases.append(
        Case("{{ .reg .b128 q; mov.b128 q, {{{a}, {b}}}; mov.b128 {{_, {d}}}, q; }}", "b64", ["b64"] * 2,
             lambda a, b: b)
    )  # fmt: skip
    return cases


COMPARE: dict[str, Binary] = {
    "eq": lambda x, y: int(x == y), "ne": lambda x, y: int(x != y),
    "lt": lambda x, y: int(x < y), "le": lambda x, y: int(x <= y),
    "gt": lambda x, y: int(x > y), "ge": lambda x, y: int(x >= y),
    "lo": lambda x, y: int(x < y), "ls": lambda x, y: int(x <= y),
    "hi": lambda x, y: int(x > y), "hs": lambda x, y: int(x >= y),
}  # fmt: skip


def comparisons() -> list[Case]:
    cases = []
    for n in (16, 32, 64):
        for prefix in "bus":
            t = f"{prefix}{n}"
            names = {"b": ["eq", "ne"], "s": list(COMPARE)[:6], "u": list(COMPARE)}[prefix]
            for name in names:
                function = COMPARE[name]
                cases.append(
                    Case(f"setp.{name}.{t} {{d}}, {{a}}, {{b}};", "pred", [t, t],
                         lambda a, b, t=t, f=function: f(value(a, t), value(b, t)))
                )  # fmt: skip
                cases.append(
                    Case(f"set.{name}.u32.{t} {{d}}, {{a}}, {{b}};", "b32", [t, t],
                         lambda a, b, t=t, f=function: 0xFFFFFFFF * f(value(a, t), value(b, t)))
                )  # fmt: skip
    for name, function in (
        ("and", lambda p, q: p & q), ("or", lambda p, q: p | q), ("xor", lambda p, q: p ^ q),
    ):  # fmt: skip
        for negate in ("", "!"):
            cases.append(
                Case(f"setp.lt.{name}.s32 {{d}}, {{a}}, {{b}}, {negate}{{c}};", "pred", ["s32", "s32", "pred"],
                     lambda a, b, c, f=function, n=negate: f(
                         int(signed(a, 32) < signed(b, 32)), 1 - c if n else c))
            )  # fmt: skip
            # The second predicate is of the opposite comparison.
            cases.append(
                Case(f"{{{{ .reg .pred p; setp.lt.{name}.s32 p|{{d}}, {{a}}, {{b}}, {negate}{{c}}; }}}}",
                     "pred", ["s32", "s32", "pred"],
                     lambda a, b, c, f=function, n=negate: f(
                         int(signed(a, 32) >= signed(b, 32)), 1 - c if n else c))
            )  # fmt: skip
    cases.append(
        Case("set.ge.f32.s32 {d}, {a}, {b};", "b32", ["s32"] * 2,
             lambda a, b: 0x3F800000 if signed(a, 32) >= signed(b, 32) else 0)
    )  # fmt: skip
    return cases


def main() -> None:
    for name, cases in (
        ("arithmetic", plain() + packed()), ("carries", carries()), ("dot products", dots()),
        ("bits", bits() + fields()), ("moves", moves()), ("comparisons", comparisons()),
    ):  # fmt: skip
        print(f"{name}: {len(cases)} instructions, {check(sys.argv[1], cases)} results agree")


if __name__ == "__main__":
    main()
