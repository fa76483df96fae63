"""The simulator's conversions between float formats, against tables of ml_dtypes and numpy.

The table of a format holds the values of all its finite codes, as ml_dtypes decodes them. A number is
rounded by looking for its neighbours in the table: no arithmetic on exponents, unlike in the simulator.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import ml_dtypes
import numpy as np
from sim_evaluate import Simulator

Array = np.ndarray[Any, Any]


def widen(values: Array) -> Array:
    """f64 of anything narrower; signalling NaNs are no reason for a warning."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


@dataclass(frozen=True)
class Format:
    """How ml_dtypes and numpy know a format of PTX."""

    dtype: Any
    bits: int
    max_code: int  # of the largest finite magnitude
    nan: int  # what a NaN is written as
    has_infinity: bool
    has_sign: bool = True
    ignored_bits: int = 0

    def decode(self, codes: Array) -> Array:
        """Values as f64, which holds all of them."""
        raw = codes.astype(f"u{self.dtype(0).itemsize}").view(self.dtype)
        return widen(raw)

    def magnitudes(self) -> Array:
        """The values of the finite codes without the sign, in ascending order."""
        return self.decode(np.arange(self.max_code + 1, dtype=np.uint64) << self.ignored_bits)


FORMATS: Final[dict[str, Format]] = {
    "e2m1": Format(ml_dtypes.float4_e2m1fn, 4, 7, 7, False),
    "e2m3": Format(ml_dtypes.float6_e2m3fn, 6, 0x1F, 0x1F, False),
    "e3m2": Format(ml_dtypes.float6_e3m2fn, 6, 0x1F, 0x1F, False),
    "e4m3": Format(ml_dtypes.float8_e4m3fn, 8, 0x7E, 0x7F, False),
    "e5m2": Format(ml_dtypes.float8_e5m2, 8, 0x7B, 0x7F, True),
    "ue8m0": Format(ml_dtypes.float8_e8m0fnu, 8, 0xFE, 0xFF, False, has_sign=False),
    "f16": Format(np.float16, 16, 0x7BFF, 0x7FFF, True),
    "bf16": Format(ml_dtypes.bfloat16, 16, 0x7F7F, 0x7FFF, True),
    "tf32": Format(np.float32, 32, 0x3FBFF, 0x7FFFFFFF, True, ignored_bits=13),
}


def encode(fmt: Format, values: Array, rounding: str, satfinite: bool, relu: bool) -> Array:
    """Codes of f64 values, as cvt of PTX ISA 9.1, section 9.7.9.21, defines them."""
    table = fmt.magnitudes()
    sign = np.signbit(values)
    if not fmt.has_sign:
        sign = np.zeros_like(sign)
    magnitude = np.abs(values)
    infinite = np.isinf(magnitude)
    largest = table[-1]
    # The next number above the largest, had the format one more: where rounding decides on overflow.
    beyond = largest + (largest - table[-2]) if fmt.has_sign else 2 * largest
    extended = np.append(table, beyond)
    clipped = np.clip(magnitude, extended[0], beyond)
    clipped = np.where(np.isnan(clipped), 0.0, clipped)

    upper = np.searchsorted(extended, clipped, side="left")
    lower = np.where(extended[upper] == clipped, upper, np.maximum(upper, 1) - 1)
    below, above = clipped - extended[lower], extended[upper] - clipped
    nearest_up = (above < below) | ((above == below) & (lower % 2 == 1))
    up = {
        "rn": nearest_up,
        "rna": above <= below,
        "rz": np.zeros_like(sign),
        "rm": sign,
        "rp": ~sign,
    }[rounding] & (upper != lower)
    code = np.where(up, upper, lower)

    overflow = code > fmt.max_code
    stops = {"rz": np.ones_like(sign), "rm": ~sign, "rp": sign}.get(rounding, np.zeros_like(sign))
    keeps_infinity = fmt.has_infinity and not satfinite
    # code max_code + 1 is the encoding of infinity
    code = np.where(overflow & (stops | (not keeps_infinity)) & ~infinite, fmt.max_code, code)
    code = np.where(infinite, fmt.max_code + (1 if keeps_infinity else 0), code)
    code = (code.astype(np.uint64) << np.uint64(fmt.ignored_bits)) | (
        sign.astype(np.uint64) << np.uint64(fmt.bits - 1)
    )
    if relu:
        code = np.where(sign, np.uint64(0), code)
    return np.where(np.isnan(values), np.uint64(fmt.nan), code)


def boundaries(fmt: Format) -> Array:
    """f32 values at and around each code and each half-way point, of both signs, and special ones."""
    table = fmt.magnitudes()
    if len(table) > 10000:  # all values of some exponents: smallest, around one, largest
        one = int(np.searchsorted(table, 1.0))
        chosen = [slice(0, 2500), slice(one - 1500, one + 1500), slice(len(table) - 2500, None)]
        table = np.concatenate([table[part] for part in chosen])
    middles = (table[1:] + table[:-1]) / 2
    with np.errstate(over="ignore"):
        points = np.concatenate([table, middles, [table[-1] * 1.0625]]).astype(np.float32)
        around = np.concatenate(
            [points, np.nextafter(points, np.float32(np.inf)), np.nextafter(points, np.float32(0))]
        )
    special = np.array([0, np.inf, 3.4028235e38, 1e-45, 2**-126], dtype=np.float32)
    magnitudes = np.concatenate([around, special])
    nans = np.array([0x7FC00000, 0xFFC00001, 0x7F800001], dtype=np.uint32).view(np.float32)
    return np.concatenate([magnitudes, -magnitudes, nans])


def compare(name: str, got: Array, expected: Array, inputs: Array) -> None:
    """Ends the test at the first difference."""
    wrong = np.flatnonzero(got != expected)
    if len(wrong):
        i = wrong[0]
        sys.exit(
            f"{name}: {len(wrong)} of {len(got)} differ; input {int(inputs[i]):#x} gave {int(got[i]):#x} "
            f"and not {int(expected[i]):#x}"
        )


def check_narrowing(simulator: Simulator) -> int:
    """f32 to every format in every direction and with all options, f16 and bf16 exhaustively."""
    checked = 0
    halves = np.arange(1 << 16, dtype=np.uint64)
    for to, fmt in FORMATS.items():
        points = boundaries(fmt)
        sources = {"f32": points.view(np.uint32).astype(np.uint64), "f16": halves, "bf16": halves}
        for source, bits in sources.items():
            if to == "tf32" and source != "f32":
                continue
            values = widen(points) if source == "f32" else FORMATS[source].decode(bits)
            for rounding in ("rn", "rna", "rz", "rm", "rp") if to != "ue8m0" else ("rz", "rp"):
                for satfinite, relu in ((1, 0), (1, 1), (0, 0)):
                    is_plain = satfinite and not relu
                    if (to == "ue8m0" or source != "f32") and not is_plain:
                        continue
                    if source != "f32" and rounding not in ("rn", "rz"):
                        continue
                    got = simulator.convert(to, source, bits, rounding, bool(satfinite), bool(relu))
                    expected = encode(fmt, values, rounding, bool(satfinite), bool(relu))
                    compare(f"cvt.{rounding}.{to}.{source} {satfinite}{relu}", got, expected, bits)
                    checked += len(bits)
    return checked


def check_widening(simulator: Simulator) -> int:
    """Every code of every format to f32 and f64; NaNs become canonical."""
    checked = 0
    for source, fmt in FORMATS.items():
        step = 1 << fmt.ignored_bits
        bits = np.arange(0, 1 << fmt.bits, step, dtype=np.uint64)
        values = fmt.decode(bits)
        for to, dtype, nan in (
            ("f32", np.uint32, 0x7FFFFFFF),
            ("f64", np.uint64, 0x7FFFFFFFFFFFFFFF),
        ):
            with np.errstate(invalid="ignore"):
                wide = values.astype(np.float32) if to == "f32" else values
            expected = np.where(
                np.isnan(values), np.uint64(nan), wide.view(dtype).astype(np.uint64)
            )
            compare(
                f"cvt.{to}.{source}",
                simulator.convert(to, source, bits),
                expected,
                bits,
            )
            checked += len(bits)
    return checked


def check_f64(simulator: Simulator) -> int:
    """f64 to f32 in all directions, from neighbours of f32 values."""
    rng = np.random.default_rng(5)
    f32 = rng.integers(0, 1 << 32, 50000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    f32 = np.concatenate([f32, np.float32(1e-45) * np.arange(1000, dtype=np.float32)])
    exact = f32[np.isfinite(f32)].astype(np.float64)
    next_f32 = np.nextafter(exact.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    middles = (exact + next_f32) / 2
    values = np.concatenate(
        [exact, np.nextafter(exact, np.inf), middles, np.nextafter(middles, -np.inf)]
    )
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
        wide = nearest.astype(np.float64)
        down = np.where(wide > values, np.nextafter(nearest, np.float32(-np.inf)), nearest)
        up = np.where(wide < values, np.nextafter(nearest, np.float32(np.inf)), nearest)
    zero = np.where(values < 0, up, down)
    bits = values.view(np.uint64)
    for rounding, expected in (("rn", nearest), ("rm", down), ("rp", up), ("rz", zero)):
        got = simulator.convert("f32", "f64", bits, rounding)
        # A result of zero has the sign of the source; numpy's nextafter loses it.
        want = np.where(
            expected == 0, np.copysign(np.float32(0), values).astype(np.float32), expected
        )
        compare(
            f"cvt.{rounding}.f32.f64",
            got,
            want.astype(np.float32).view(np.uint32).astype(np.uint64),
            bits,
        )
    return 4 * len(values)


def check_packed(simulator: Simulator) -> int:
    """Both elements of packed registers are converted, each in its place."""
    rng = np.random.default_rng(7)
    checked = 0
    pairs = [("f16", name) for name in ("e2m1", "e2m3", "e3m2", "e4m3", "e5m2")]
    pairs += [
        (name, half)
        for name in ("e2m1", "e2m3", "e3m2", "e4m3", "e5m2")
        for half in ("f16", "bf16")
    ]
    pairs += [("bf16", "ue8m0"), ("ue8m0", "bf16"), ("bf16", "e2m1"), ("bf16", "e4m3")]
    for to, source in pairs:
        shift = {4: 4, 6: 8, 8: 8, 16: 16}
        from_shift, to_shift = shift[FORMATS[source].bits], shift[FORMATS[to].bits]
        packed = rng.integers(0, 1 << (2 * from_shift), 20000, dtype=np.uint64)
        rounding = "rz" if to == "ue8m0" else "rn"
        low = simulator.convert(
            to, source, packed & np.uint64((1 << from_shift) - 1), rounding, satfinite=True
        )
        high = simulator.convert(
            to, source, packed >> np.uint64(from_shift), rounding, satfinite=True
        )
        got = simulator.convert(to, source, packed, rounding, satfinite=True, packed=True)
        compare(f"{to}x2.{source}x2", got, high << np.uint64(to_shift) | low, packed)
        checked += len(packed)
    return checked


def main() -> None:
    simulator = Simulator(sys.argv[1])
    checked = sum(
        check(simulator) for check in (check_narrowing, check_widening, check_f64, check_packed)
    )
    print(f"{checked} conversions agree")


if __name__ == "__main__":
    main()
