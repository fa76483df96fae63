"""Checks the oracle itself: against the recorded vectors, against ml_dtypes, and against round trips.

usage: selfcheck.py VECTORS
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fp4_oracle as o
import ml_dtypes
import numpy as np

BYTES = np.arange(256, dtype=np.uint8)


def check(ok: bool | np.bool_, what: str) -> None:
    if not ok:
        sys.exit(f"selfcheck: {what}")


def check_formats() -> None:
    """The hand-written conversions against ml_dtypes where the two define the same thing."""
    with np.errstate(all="ignore"):
        for dtype, decode in ((o.E8M0, o.decode_e8m0), (o.E4M3, o.decode_e4m3)):
            scales = BYTES.view(dtype)
            same = np.array_equal(decode(scales), scales.astype(np.float32), equal_nan=True)
            check(same, f"{dtype} decodes differently from ml_dtypes")
            finite = scales[np.isfinite(decode(scales))]
            again = o.encode_scale(decode(finite), dtype)
            check(
                np.array_equal(again.view(np.uint8), finite.view(np.uint8)), f"{dtype} round trip"
            )
            nan = o.encode_scale(np.array([np.nan, -np.nan], np.float32), dtype)
            check(np.all(nan.view(np.uint8) == {o.E8M0: 255, o.E4M3: 0x7F}[dtype]), f"{dtype} NaN")

        # Every 4099th f32, minus the NaNs: for e4m3 in its finite range (ml_dtypes overflows to NaN).
        values = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(np.uint32).view(np.float32)
        small = values[np.abs(values) <= 448]
        same = o.encode_e4m3(small).view(np.uint8) == small.astype(o.E4M3).view(np.uint8)
        check(np.all(same), f"e4m3 of {small[~same][:1]}")
        e2m1 = values[~np.isnan(values)]
        four = np.clip(e2m1, -6, 6).astype(ml_dtypes.float4_e2m1fn).view(np.uint8) & 15
        same = o.encode_e2m1(e2m1) == four
        check(np.all(same), f"e2m1 of {e2m1[~same][:1]}")
        # bf16 by integer arithmetic: add half of the dropped bits, plus one if the kept part is odd.
        bits = e2m1.view(np.uint32).astype(np.uint64)
        bf16_bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        same = o.round_to(e2m1, o.BF16).view(np.uint16) == bf16_bits
        check(np.all(same), f"bf16 of {e2m1[~same][:1]}")

        # e8m0 to nearest, ties up, straight from the definition: which power is at most 1.5 times below?
        powers = np.ldexp(1.0, np.arange(-127, 128))
        ties = 1.5 * powers[:-1]
        probes = np.concatenate([powers, ties]).astype(np.float32)
        probes = np.concatenate([np.nextafter(probes, 0), probes, np.nextafter(probes, np.inf)])
        probes = np.concatenate([probes, [0, -1, np.inf, 1e-45]]).astype(np.float32)
        expected = np.searchsorted(ties, probes.astype(np.float64), side="right")
        same = o.encode_e8m0(probes).view(np.uint8) == expected
        check(np.all(same), f"e8m0 of {probes[~same][:1]}")


def check_ties() -> None:
    ties = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0], np.float32)
    expected = {
        "even": ([0, 2, 2, 4, 4, 6, 6], [8, 10, 10, 12, 12, 14, 14]),
        "zero": ([0, 1, 2, 3, 4, 5, 6], [8, 9, 10, 11, 12, 13, 14]),
        "down": ([0, 1, 2, 3, 4, 5, 6], [9, 10, 11, 12, 13, 14, 15]),
        "up": ([1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14]),
    }
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, -1e-45], np.float32)
    for rounding, (positive, negative) in expected.items():
        check(list(o.encode_e2m1(ties, rounding)) == positive, f"ties {rounding}")
        check(list(o.encode_e2m1(-ties, rounding)) == negative, f"negative ties {rounding}")
        check(list(o.encode_e2m1(special, rounding)) == [0, 8, 7, 15, 7, 7, 0, 8], rounding)


def check_layouts() -> None:
    codes = np.random.default_rng(0).integers(0, 16, (3, 8)).astype(np.uint8)
    check(np.array_equal(o.unpack(o.pack(codes)), codes), "pack round trip")
    check(o.pack(np.array([1, 2], np.uint8))[0] == 0x21, "the low nibble is the lower index")
    for rows, columns in ((1, 1), (128, 4), (300, 9)):
        scales = np.random.default_rng(1).integers(1, 255, (rows, columns)).astype(np.uint8)
        blocked = o.to_blocked(scales)
        check(np.array_equal(o.from_blocked(blocked, rows, columns), scales), "blocked round trip")
        column_tiles = -(-columns // 4)
        for r in range(rows):
            for c in range(columns):
                tile = r // 128 * column_tiles + c // 4
                at = tile * 512 + (r % 32) * 16 + (r % 128) // 32 * 4 + c % 4
                check(blocked[at] == scales[r, c], f"blocked ({r}, {c}) of ({rows}, {columns})")
        check(np.count_nonzero(blocked) == scales.size, "padding is zero")


def check_vector(case: Path) -> None:
    layer = o.Layer.from_state(o.load(case / "layer.safetensors"))
    x = o.load(case / "in.safetensors")["x"]
    expected = o.load(case / "expect.safetensors")
    packed, scales = layer.quantize(x)
    same_codes = np.mean(o.unpack(packed) == o.unpack(expected["e2m1"]))
    same_scales = np.mean(scales.view(np.uint8) == expected["scale_quant"].view(np.uint8))
    needed = 1.0 if layer.transform is None else 0.999
    check(same_codes >= needed, f"{case.name}: only {same_codes:.4%} of the codes agree")
    check(same_scales >= needed, f"{case.name}: only {same_scales:.4%} of the scales agree")

    y = layer.matmul(expected["e2m1"], expected["scale_quant"]).value
    nan = np.isnan(y)
    check(np.array_equal(nan, np.isnan(expected["y"])), f"{case.name}: NaNs of y differ")
    error, norm = (y - expected["y"])[~nan], expected["y"][~nan]
    rel_l2 = float(np.linalg.norm(error) / np.linalg.norm(norm))
    check(rel_l2 <= 1e-6, f"{case.name}: rel_l2 of y is {rel_l2:.3g}")
    print(f"{case.name}: codes {same_codes:.4%} scales {same_scales:.4%} rel_l2 {rel_l2:.2g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", type=Path)
    arguments = parser.parse_args()
    check_formats()
    check_ties()
    check_layouts()
    cases = sorted(path.parent for path in arguments.vectors.glob("*/layer.safetensors"))
    check(bool(cases), f"no cases in {arguments.vectors}")
    for case in cases:
        check_vector(case)


if __name__ == "__main__":
    main()
