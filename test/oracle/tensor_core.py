"""What NVIDIA's tensor cores compute, one element of D at a time, in exact integers.

Written from sf-tensor/tcgen05's description of the B200 (MODEL.md, MIT licence) and from microsoft/MMA-Sim
for mma.sync, with the published result words of a B200 as its own checks (`published_words`). The
simulator has the same rules in closed forms and fixed widths; here they stand as they were published.

A number is significand * 2^exponent. Its raw exponent is the encoded one without the bias, and that of
the smallest normal number for subnormals.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

NAN32: Final = 0x7FFFFFFF
NAN16: Final = 0x7FFF


class Number(NamedTuple):
    significand: int
    exponent: int
    raw: int


# A decoded element: a number, or "nan", "+inf" or "-inf".
Element = Number | str


@dataclass(frozen=True)
class FloatType:
    """Widths and bias of a format; `specials` is "ieee", "nan" (all ones) or "none"."""

    exponent_bits: int
    fraction_bits: int
    bias: int
    specials: str
    has_sign: bool = True
    ignored_bits: int = 0

    def decode(self, bits: int) -> Element:
        bits >>= self.ignored_bits
        width = self.exponent_bits + self.fraction_bits
        magnitude = bits & ((1 << width) - 1)
        sign = -1 if self.has_sign and bits >> width & 1 else 1
        field, fraction = (
            magnitude >> self.fraction_bits,
            magnitude & ((1 << self.fraction_bits) - 1),
        )
        if self.specials == "ieee" and field == (1 << self.exponent_bits) - 1:
            return "nan" if fraction else "+inf" if sign > 0 else "-inf"
        if self.specials == "nan" and magnitude == (1 << width) - 1:
            return "nan"
        if self.fraction_bits == 0:
            return Number(1, field - self.bias, field - self.bias)
        raw = max(field, 1) - self.bias
        significand = fraction | (1 << self.fraction_bits if field else 0)
        return Number(sign * significand, raw - self.fraction_bits, raw)


FLOATS: Final[dict[str, FloatType]] = {
    "e2m1": FloatType(2, 1, 1, "none"),
    "e2m3": FloatType(2, 3, 1, "none"),
    "e3m2": FloatType(3, 2, 3, "none"),
    "e4m3": FloatType(4, 3, 7, "nan"),
    "e5m2": FloatType(5, 2, 15, "ieee"),
    "ue4m3": FloatType(4, 3, 7, "nan", has_sign=False),
    "ue8m0": FloatType(8, 0, 127, "nan", has_sign=False),
    "f16": FloatType(5, 10, 15, "ieee"),
    "bf16": FloatType(8, 7, 127, "ieee"),
    "tf32": FloatType(8, 10, 127, "ieee", ignored_bits=13),
    "f32": FloatType(8, 23, 127, "ieee"),
}

ONE: Final = Number(1, 0, 0)


# ---- exact arithmetic -------------------------------------------------------------------------------


def quanta(value: Number, quantum: int) -> int:
    """The value in whole multiples of 2^quantum, toward zero."""
    shift = value.exponent - quantum
    if shift >= 0:
        return value.significand << shift
    magnitude = abs(value.significand) >> -shift
    return magnitude if value.significand >= 0 else -magnitude


def total(values: Sequence[Number]) -> Number:
    """The exact sum. Its raw exponent means nothing."""
    exponent = min((value.exponent for value in values), default=0)
    return Number(
        sum(value.significand << (value.exponent - exponent) for value in values), exponent, 0
    )


def negated(value: Element) -> Element:
    if isinstance(value, Number):
        return Number(-value.significand, value.exponent, value.raw)
    return {"nan": "nan", "+inf": "-inf", "-inf": "+inf"}[value]


def round_f32(units: int, quantum: int, fraction_bits: int = 23) -> int:
    """Toward zero; a result of zero is +0."""
    sign, units = (0x80000000, -units) if units < 0 else (0, units)
    if not units:
        return 0
    exponent = units.bit_length() - 1 + quantum
    if exponent > 127:
        return sign | 0x7F800000
    last = max(exponent, -126) - fraction_bits
    significand = quanta(Number(units, quantum, 0), last) << (23 - fraction_bits)
    if not significand:
        return 0
    return sign | significand + (max(exponent, -126) + 126 << 23)


def round_nearest(units: int, quantum: int, d: str) -> int:
    """IEEE 754's rounding of an exact sum that is not zero, to f32 or f16: ties to even."""
    fraction_bits, least, infinity, sign = (
        (10, -14, 0x7C00, 0x8000) if d == "f16" else (23, -126, 0x7F800000, 0x80000000)
    )
    magnitude = abs(units)
    exponent = max(magnitude.bit_length() - 1 + quantum, least)
    last = exponent - fraction_bits
    # In halves of the last place, and whether there is more.
    halves = quanta(Number(magnitude, quantum, 0), last - 1)
    more = magnitude & ((1 << max(last - 1 - quantum, 0)) - 1)
    significand = halves >> 1
    if halves & 1 and (more or significand & 1):
        significand += 1
    encoded = significand + (exponent - least << fraction_bits)
    return min(encoded, infinity) | (sign if units < 0 else 0)


def round_f16(units: int, quantum: int) -> int:
    """To nearest, ties to even; a result of zero is +0."""
    word = round_nearest(units, quantum, "f16") if units else 0
    return word if word & 0x7FFF else 0


# ---- special values ---------------------------------------------------------------------------------


def special_product(a: Element, b: Element) -> str | None:
    """The product, if a factor is no number."""
    if isinstance(a, Number) and isinstance(b, Number):
        return None
    if "nan" in (a, b):
        return "nan"
    sign = 1
    for factor in (a, b):
        if isinstance(factor, Number):
            if not factor.significand:
                return "nan"
            sign = sign if factor.significand > 0 else -sign
        else:
            sign = sign if factor == "+inf" else -sign
    return "+inf" if sign > 0 else "-inf"


def special_sum(terms: set[str], d: str) -> int | None:
    """The word of a sum with terms that are no numbers, if there are any."""
    if not terms:
        return None
    if "nan" in terms or len(terms) > 1:
        return NAN16 if d == "f16" else NAN32
    infinity, sign = (0x7C00, 0x8000) if d == "f16" else (0x7F800000, 0x80000000)
    return infinity | (sign if "-inf" in terms else 0)


# ---- one window for all products --------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """How an instruction adds up: `step` products at a time, each step rounded."""

    a: str
    b: str
    d: str
    k: int
    step: int
    bits: int = 25
    result_bits: int = 23


def window_step(
    window: Window, a: Sequence[Element], b: Sequence[Element], c: int, scale: Number = ONE
) -> int:
    """One step; `scale` is the product of the scales of A and B."""
    specials: set[str] = set()
    products: list[Number] = []
    for x, y in zip(a, b, strict=True):
        if isinstance(x, Number) and isinstance(y, Number):
            if x.significand and y.significand:
                products.append(
                    Number(
                        x.significand * y.significand * scale.significand,
                        x.exponent + y.exponent + scale.exponent,
                        x.raw + y.raw + scale.raw,
                    )
                )
            continue
        product = special_product(x, y)
        if product:
            specials.add(product)
    addend = FLOATS[window.d].decode(c)
    if not isinstance(addend, Number):
        specials.add(addend)
    word = special_sum(specials, window.d)
    if word is not None:
        return word
    assert isinstance(addend, Number)
    if addend.significand:
        products.append(addend)
    if not products:
        return 0
    quantum = max(product.raw for product in products) - window.bits
    units = sum(quanta(product, quantum) for product in products)
    if window.d == "f16":
        return round_f16(units, quantum)
    return round_f32(units, quantum, window.result_bits)


def window_dot(window: Window, a: Sequence[Element], b: Sequence[Element], c: int) -> int:
    """All of an instruction without scales."""
    for k in range(0, window.k, window.step):
        c = window_step(window, a[k : k + window.step], b[k : k + window.step], c)
    return c


def emulated_fp8_dot(window: Window, a: Sequence[Element], b: Sequence[Element], c: int) -> int:
    """mma.sync on fp8 from Hopper on, which ptxas makes of instructions on f16.

    The elements are those of f16, so that the subnormals of e4m3 are normal.
    """
    chosen = [[k for k in range(window.k) if k % 4 // 2 == half] for half in range(2)]
    dot = 0
    for half in chosen:
        dot = window_step(window, [as_f16(a[k]) for k in half], [as_f16(b[k]) for k in half], dot)
    return add_nearest(dot, c, window.d)


def as_f16(value: Element) -> Element:
    """A small float as f16 encodes it."""
    if not isinstance(value, Number) or not value.significand:
        return value
    raw = max(abs(value.significand).bit_length() - 1 + value.exponent, -14)
    return Number(value.significand, value.exponent, raw)


def add_nearest(left: int, right: int, d: str) -> int:
    """The sum of two words, rounded to nearest, as FADD and HADD2 have it."""
    x, y = FLOATS[d].decode(left), FLOATS[d].decode(right)
    specials = {value for value in (x, y) if not isinstance(value, Number)}
    word = special_sum(specials, d)
    if word is not None:
        return word
    assert isinstance(x, Number) and isinstance(y, Number)
    value = total([x, y])
    if value.significand:
        return round_nearest(value.significand, value.exponent, d)
    sign = 0x8000 if d == "f16" else 0x80000000
    return left & right & sign  # -0 only from two of them


# ---- mxf8f6f4, mxf4 and mxf4nvf4 --------------------------------------------------------------------


def scaled_window_dot(
    window: Window, a: Sequence[Element], b: Sequence[Element], c: int, sa: Element, sb: Element
) -> int:
    """kind::mxf8f6f4: one scale each."""
    if not isinstance(sa, Number) or not isinstance(sb, Number):
        return NAN32
    scale = Number(sa.significand * sb.significand, sa.exponent + sb.exponent, sa.raw + sb.raw)
    return window_step(window, a, b, c, scale)


def block_scaled_dot(
    a: Sequence[Number],
    b: Sequence[Number],
    c: int,
    scales_a: Sequence[Element],
    scales_b: Sequence[Element],
    is_ue4m3: bool,
) -> int:
    """kind::mxf4 and kind::mxf4nvf4 with K = 64."""
    if "nan" in scales_a or "nan" in scales_b:
        return NAN32
    addend = FLOATS["f32"].decode(c)
    if not isinstance(addend, Number):
        return NAN32 if addend == "nan" else c
    block = len(a) // len(scales_a)
    pairs = []
    for x, y in zip(scales_a, scales_b, strict=True):
        assert isinstance(x, Number) and isinstance(y, Number)
        pairs.append(Number(x.significand * y.significand, x.exponent + y.exponent, x.raw + y.raw))
    products = []
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        s = pairs[k // block]
        products.append(
            Number(
                x.significand * y.significand * s.significand,
                x.exponent + y.exponent + s.exponent,
                x.raw + y.raw + s.raw,
            )
        )
    present = [k for k, product in enumerate(products) if product.significand]
    if not present:
        return c if addend.significand else 0
    max_product = max(products[k].raw for k in present)
    max_scale = max(pairs[k // block].raw for k in present)

    if addend.significand and addend.raw >= max_product:
        quantum = addend.raw - 35
        groups = [products[k : k + 16] for k in range(0, len(a), 16)]
        return round_f32(
            quanta(addend, quantum) + sum(quanta(total(group), quantum) for group in groups),
            quantum,
        )

    quantum = max(max_product - 39, max_scale - 35)
    if addend.significand:
        quantum = max(quantum, addend.raw - 39)
    units = quanta(addend, quantum)
    if is_ue4m3:
        units += sum(quanta(total(products[k : k + 4]), quantum) for k in range(0, len(a), 4))
        return round_f32(units, quantum)

    sums: list[tuple[int, int]] = []  # and the raw exponent of the scales
    for first in range(0, len(a), 16):
        members = [k for k in present if first <= k < first + 16]
        if not members:
            continue
        group_quantum = quantum
        if addend.significand and addend.raw >= max(products[k].raw for k in members):
            group_quantum = max(quantum, addend.raw - 35)
        value = quanta(total([products[k] for k in members]), group_quantum) << (
            group_quantum - quantum
        )
        sums.append((value, pairs[first // block].raw))
    everything = units + sum(value for value, _ in sums)
    word = round_f32(everything, quantum)
    if 0 < word & NAN32 < 0x00800000:
        floor = 1 << max(-174 - quantum, 0)
        kept = [value for value, scale in sums if scale == max_scale or abs(value) >= floor]
        word = round_f32(units + sum(kept), quantum)
    return word


def sync_block_scaled_dot(
    a: Sequence[Number],
    b: Sequence[Number],
    c: int,
    scales_a: Sequence[Element],
    scales_b: Sequence[Element],
) -> int:
    """mma.sync of the same kinds: 35 bits below the scales or C, in groups of 16 [MMA-Sim].

    Groups of zeros do not count, nor does C if it is zero, as in block_scaled_dot.
    """
    if "nan" in scales_a or "nan" in scales_b:
        return NAN32
    addend = FLOATS["f32"].decode(c)
    if not isinstance(addend, Number):
        return NAN32 if addend == "nan" else c
    block = len(a) // len(scales_a)
    terms, exponents = [], []
    for first in range(0, len(a), 16):
        x, y = scales_a[first // block], scales_b[first // block]
        assert isinstance(x, Number) and isinstance(y, Number)
        members = [
            Number(
                p.significand * q.significand * x.significand * y.significand,
                p.exponent + q.exponent + x.exponent + y.exponent,
                0,
            )
            for p, q in zip(a[first : first + 16], b[first : first + 16], strict=True)
        ]
        if any(member.significand for member in members):
            terms.append(total(members))
            exponents.append(x.raw + y.raw)
    if not terms:
        return c if addend.significand else 0
    if addend.significand:
        terms.append(addend)
        exponents.append(addend.raw)
    quantum = max(exponents) - 35
    return round_f32(sum(quanta(term, quantum) for term in terms), quantum)


# ---- integers ---------------------------------------------------------------------------------------


def integer_dot(a: Sequence[int], b: Sequence[int], c: int, saturate: bool) -> int:
    """Exact, then wrapped or clamped."""
    value = sum(x * y for x, y in zip(a, b, strict=True)) + (c - (1 << 32) if c >> 31 else c)
    if saturate:
        value = min(max(value, -(1 << 31)), (1 << 31) - 1)
    return value & 0xFFFFFFFF


def decode_int(bits: int, kind: str) -> int:
    return bits - 256 if kind == "s8" and bits >= 128 else bits


# ---- the words of a B200 ----------------------------------------------------------------------------


def finite_f32(rng: random.Random) -> int:
    bits = rng.getrandbits(32)
    return bits & 0x807FFFFF if bits & 0x7F800000 == 0x7F800000 else bits


def decode_all(name: str, words: Sequence[int]) -> list[Element]:
    return [FLOATS[name].decode(word) for word in words]


def numbers(name: str, words: Sequence[int]) -> list[Number]:
    """Of a format that has nothing but numbers."""
    decoded = [FLOATS[name].decode(word) for word in words]
    return [value for value in decoded if isinstance(value, Number)]


@dataclass(frozen=True)
class Published:
    """An element of D that a B200 computed: its operands as words, and this module's result."""

    expected: int
    computed: int
    model: str  # tcgen05.mma's kind, types of A, B and D, scales, elements of one, and saturation
    a: Sequence[int]
    b: Sequence[int]
    c: int
    scales_a: Sequence[int] = ()
    scales_b: Sequence[int] = ()


def window_word(
    expected: int, kind: str, window: Window, a: Sequence[int], b: Sequence[int], c: int
) -> Published:
    x, y = decode_all(window.a, a), decode_all(window.b, b)
    model = f"{kind} {window.a} {window.b} {window.d} none 0 0"
    return Published(expected, window_dot(window, x, y, c), model, a, b, c)


def published_windows() -> Iterator[Published]:
    """Of the kinds without scales."""
    draws: list[tuple[str, str, int, int, Callable[[random.Random], int], tuple[int, int]]] = [
        ("tf32", "tf32", 8, 104, finite_f32, (0xFF800000, 0xFC347E7C)),
        ("f16", "bf16", 16, 104, finite_f32, (0x7F800000, 0x7F800000)),
        ("f16", "f16", 16, 103, lambda rng: rng.getrandbits(16), (0x7FFFFFFF, 0x49776BBA)),
        ("f8f6f4", "e4m3", 32, 104, lambda rng: rng.randrange(0x7F), (0xEC63D12A, 0x452AF963)),
        ("f8f6f4", "e5m2", 32, 300, lambda rng: rng.randrange(0x7C), (0x4D92B09A, 0x4C9C1102)),
        ("f8f6f4", "e2m3", 32, 301, lambda rng: rng.randrange(0x40), (0xC29DD800, 0x449D14C1)),
        ("f8f6f4", "e3m2", 32, 302, lambda rng: rng.randrange(0x40), (0x52C9EC63, 0xC33B7700)),
        ("f8f6f4", "e2m1", 32, 303, lambda rng: rng.randrange(0x10), (0xC1FE0000, 0xDC3B62A3)),
    ]
    for kind, name, k, seed, draw, expected in draws:
        rng = random.Random(seed)
        shift = 16 if name == "bf16" else 0  # drawn as the f32 whose upper half it is
        for word in expected:
            a, b = ([draw(rng) >> shift for _ in range(k)] for _ in range(2))
            yield window_word(word, kind, Window(name, name, "f32", k, k), a, b, finite_f32(rng))
    mixed = Window("e2m1", "e4m3", "f16", 32, 32)
    yield window_word(0x7FFF, "f8f6f4", mixed, [1] * 32, [0x7F] + [0] * 31, 0)
    yield window_word(0x7FFF, "f8f6f4", mixed, [0] * 32, [0] * 32, 0x7E00)


def block_scaled_word(
    expected: int,
    kind: str,
    scale: str,
    a: Sequence[int],
    b: Sequence[int],
    c: int,
    scales_a: Sequence[int],
    scales_b: Sequence[int],
) -> Published:
    sa, sb = decode_all(scale, scales_a), decode_all(scale, scales_b)
    x, y = numbers("e2m1", a), numbers("e2m1", b)
    if kind == "mxf8f6f4":
        window = Window("e2m1", "e2m1", "f32", 32, 32)
        word = scaled_window_dot(window, x, y, c, sa[0], sb[0])
    else:
        word = block_scaled_dot(x, y, c, sa, sb, scale == "ue4m3")
    model = f"{kind} e2m1 e2m1 f32 {scale} {len(a) // len(scales_a)} 0"
    return Published(expected, word, model, a, b, c, scales_a, scales_b)


def published_block_scales() -> Iterator[Published]:
    """Of the kinds with scales."""
    rng = random.Random(700)
    for word in (0x4429730B, 0xC30545D3):
        a, b = ([rng.randrange(16) for _ in range(64)] for _ in range(2))
        c = finite_f32(rng)
        sa, sb = ([rng.randrange(0x77) for _ in range(4)] for _ in range(2))
        yield block_scaled_word(word, "mxf4nvf4", "ue4m3", a, b, c, sa, sb)
    for seed, kind, k, count, word in (
        (920, "mxf4", 64, 2, 0x46BA8000),
        (921, "mxf4nvf4", 64, 2, 0x40580000),
        (922, "mxf4nvf4", 64, 4, 0xC6A88896),
        (910, "mxf8f6f4", 32, 1, 0x3F094000),
    ):
        rng = random.Random(seed)
        a, b = ([rng.randrange(16) for _ in range(k)] for _ in range(2))
        sa, sb = ([rng.randrange(115, 140) for _ in range(count)] for _ in range(2))
        yield block_scaled_word(word, kind, "ue8m0", a, b, 0, sa, sb)
    # Rounding products by themselves, and not in groups of 4, would lose a carry here.
    carry_a = """0e0e0b060008 0f090a0b03090f070e00 020601050a080604070c060b010c060d
        0b0b08060c080c050004010f01060f05 020406050a070b0700010a0d0b0f0e07"""
    carry_b = """060c0b0208090b04030d0209090c0108 070206030d02090a05090f050a080600
        080d0d020c0c0502080304 0f0f01010a0b0a050b0f030b0e0a05070101 07080a"""
    a, b = (list(bytes.fromhex(text)) for text in (carry_a, carry_b))
    sa, sb = [0x09, 0x7C, 0x6D, 0x44], [0x07, 0x78, 0x26, 0x79]
    yield block_scaled_word(0x49FCAFB7, "mxf4nvf4", "ue4m3", a, b, 0x094E5986, sa, sb)
    ones, sa, sb = [1] * 64, [0x7F, 0x38, 0x38, 0x38], [0x38] * 4
    yield block_scaled_word(NAN32, "mxf4nvf4", "ue4m3", ones, ones, 0, sa, sb)
    zeros = [0] * 64
    yield block_scaled_word(0, "mxf4nvf4", "ue4m3", zeros, zeros, 0x80000000, sb, sb)


def published_integers() -> Iterator[Published]:
    """Of kind::i8."""
    for a_type, b_type, saturate, seed, word in (
        ("u8", "u8", False, 500, 0x078A5C64),
        ("s8", "u8", False, 501, 0xF66E2FA6),
        ("u8", "s8", False, 502, 0xD73F1A46),
        ("s8", "s8", True, 503, 0x8063D12F),
        ("s8", "s8", False, 504, 0xA4679E93),
        ("u8", "u8", True, 505, 0x55DB8BB8),
        ("s8", "u8", True, 506, 0xB47F6330),
        ("u8", "s8", True, 507, 0x8533C14D),
    ):
        rng = random.Random(seed)
        a, b = ([rng.randrange(256) for _ in range(32)] for _ in range(2))
        c = finite_f32(rng)
        computed = integer_dot(
            [decode_int(x, a_type) for x in a], [decode_int(x, b_type) for x in b], c, saturate
        )
        model = f"i8 {a_type} {b_type} s32 none 0 {saturate:d}"
        yield Published(word, computed, model, a, b, c)


def published_words() -> list[Published]:
    """All of them, which this model reproduces."""
    words = [*published_windows(), *published_block_scales(), *published_integers()]
    for word in words:
        if word.expected != word.computed:
            raise SystemExit(
                f"{word.model}: expected {word.expected:#x}, but got {word.computed:#x}"
            )
    return words


if __name__ == "__main__":
    print(f"{len(published_words())} words of a B200 are reproduced")
