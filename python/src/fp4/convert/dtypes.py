"""Dtypes by their names in safetensors files."""

from __future__ import annotations

from math import prod
from typing import Any, Final, TypeAlias

import ml_dtypes
import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Shape: TypeAlias = tuple[int, ...]

# Those of the safetensors format; sizes in bits, as some are less than a byte.
BITS: Final[dict[str, int]] = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}

# Those whose values the converter looks at. All others are moved as bytes.
NUMPY: Final[dict[str, np.dtype[Any]]] = {
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.uint8),  # in FP4 files a container of bits
    "F8_E4M3": np.dtype(np.uint8),  # bits: no scale is computed with
    "F8_E8M0": np.dtype(np.uint8),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F32": np.dtype(np.float32),
}


def byte_size(dtype: str, shape: Shape) -> int | None:
    """The bytes of a tensor; None if its bits are not whole bytes."""
    bits = BITS[dtype] * prod(shape)
    return None if bits % 8 else bits // 8


def describe(dtype: str, shape: Shape) -> str:
    """A dtype and a shape, for messages: "U8 (48, 128)"."""
    return f"{dtype} ({', '.join(map(str, shape[:16]))}{', ...' if len(shape) > 16 else ''})"
