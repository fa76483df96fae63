"""Copies a safetensors file with one tensor's element changed, to see that a check notices.

usage: corrupt.py IN OUT NAME INDEX (xor BITS | set VALUE)   INDEX counts elements of the flat tensor
"""

from __future__ import annotations

import sys

import fp4_oracle as o
import numpy as np


def main(source: str, target: str, name: str, index: str, how: str, what: str) -> None:
    tensors = o.load(source)
    flat = tensors[name].copy().ravel()
    if how == "xor":
        unsigned = np.dtype(f"u{flat.dtype.itemsize}")
        flat.view(unsigned)[int(index)] ^= unsigned.type(int(what, 0))
    else:
        flat[int(index)] = float(what)
    tensors[name] = flat.reshape(tensors[name].shape)
    o.save(target, tensors)


if __name__ == "__main__":
    if len(sys.argv) != 7 or sys.argv[5] not in ("xor", "set"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
