"""Global scales: in which direction they are stored, and which values can be used.

This project multiplies: a decoded value is e2m1 * (scale * gs). Half of the formats store what
one divides by, under names that others use for what one multiplies with.
"""

from __future__ import annotations

import numpy as np

from .safetensors_file import StoredTensor

_SMALLEST = np.finfo(np.float32).tiny


def read_scalars(tensor: StoredTensor, count: int = 1) -> list[float]:
    """The values of a tensor of `count` floats, F32, BF16 or F16, whatever its shape.

    Raises:
      ConversionError: another dtype, or another number of elements.
    """
    if tensor.dtype not in ("F32", "BF16", "F16") or tensor.data.size != count * (
        4 if tensor.dtype == "F32" else 2
    ):
        elements = "one element" if count == 1 else f"{count} elements"
        raise tensor.error(f"expected F32, BF16 or F16 of {elements}, found {tensor}")
    return [float(value) for value in tensor.array().reshape(-1)]


def is_usable(value: float) -> bool:
    """Whether a calibrated scale can be used: those of experts that saw no data are 0 or Inf."""
    return 0 < value < float("inf")


def multiplier(tensor: StoredTensor, value: float) -> np.float32:
    """A stored multiplier as `gs`. 0 stays 0: all of the weight decodes to zeros, as stored.

    Raises:
      ConversionError: negative, infinite or NaN.
    """
    if not 0 <= value < float("inf"):
        raise tensor.error(f"expected a finite scale to multiply with, 0 or more, found {value}")
    return np.float32(value)


def reciprocal(tensor: StoredTensor, value: float) -> np.float32:
    """1 / value, as `gs` for a stored divisor: in f64, then rounded once to f32.

    It is exact if the value is a power of two. Else scale * gs and scale / value, each rounded to
    f32, are the same or neighbours: the reciprocal is off by less than one unit in the last place
    of the product, and the two roundings by half a unit each, which is less than two together.
    Infinity, what a weight of zeros was once calibrated to, gives 0: s / Inf = s * 0.

    Raises:
      ConversionError: 0, negative or NaN; or 1 / value is no normal f32.
    """
    if not value > 0:
        raise tensor.error(f"expected a scale to divide by, greater than 0, found {value}")
    result = np.float32(1 / value) if value >= _SMALLEST else np.float32(np.inf)
    if value != float("inf") and not _SMALLEST <= result < np.inf:
        raise tensor.error(f"expected a scale whose reciprocal is a normal f32, found {value}")
    return result
