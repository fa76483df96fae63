"""Checks the thresholds that vector code compares with in place of dividing by the divisor of a group.

For a divisor s in [1, 2) and a tie t of e2m1, the threshold is the least x with fl(x / s) >= t, or > t.
The compiler tries few candidates next to fl(t * s) (lib/Conversion/FP4ToVector/E2M1Thresholds.h); here
each result is held to the definition, which for a monotonic division is two quotients: that of the
threshold and that of the value just below. All 2^23 divisors with --exhaustive, else a sample.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

import fp4_oracle as oracle
import numpy as np

Array = oracle.Array

# The first candidate's distance from fl(t * s), in steps of the type, and how many are tried.
CANDIDATES: Final[dict[str, tuple[int, int]]] = {"bf16": (0, 2), "f32": (-3, 5)}
CHUNK: Final[int] = 1 << 20


def quotient(bits: Array, divisors: Array) -> Array:
    return bits.astype(np.uint32).view(np.float32) / divisors


def reaches(bits: Array, divisors: Array, tie: np.float32, outwards: bool) -> Array:
    q = quotient(bits, divisors)
    return q >= tie if outwards else q > tie


def thresholds(divisors: Array, tie: np.float32, outwards: bool, kind: str) -> Array:
    """As the compiler finds them: bits of f32."""
    step = 1 << 16 if kind == "bf16" else 1
    distance, count = CANDIDATES[kind]
    product = (tie * divisors).view(np.uint32).astype(np.int64)
    first = product // step * step + distance * step
    missed = [~reaches(first + i * step, divisors, tie, outwards) for i in range(count)]
    return first + step * np.sum(missed, axis=0)


def count_wrong(mantissas: Array, kind: str) -> int:
    divisors = (mantissas + (127 << 23)).astype(np.uint32).view(np.float32)
    step = 1 << 16 if kind == "bf16" else 1
    wrong = 0
    for tie in oracle.E2M1_MIDPOINTS.astype(np.float32):
        for outwards in (False, True):
            found = thresholds(divisors, tie, outwards, kind)
            below = reaches(found - step, divisors, tie, outwards)
            wrong += int((below | ~reaches(found, divisors, tie, outwards)).sum())
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exhaustive", action="store_true", help="all divisors")
    args = parser.parse_args()
    if args.exhaustive:
        chunks = [np.arange(i, i + CHUNK) for i in range(0, 1 << 23, CHUNK)]
    else:
        ends = [np.arange(4096), np.arange((1 << 23) - 4096, 1 << 23)]
        chunks = [np.unique(np.concatenate([*ends, np.arange(0, 1 << 23, 4099)]))]
    for kind in CANDIDATES:
        wrong = sum(count_wrong(chunk, kind) for chunk in chunks)
        print(f"{kind}: {sum(map(len, chunks))} divisors, {wrong} wrong thresholds")
        if wrong:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
