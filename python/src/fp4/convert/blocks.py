"""Codes and scales of weights: their shapes checked, their layouts made row-major."""

from __future__ import annotations

import numpy as np

from .dtypes import Array, Shape
from .layer import GROUP_SIZE, SCALE_DTYPE, ScaleFormat
from .plan import Content, stored
from .safetensors_file import StoredTensor


def check_codes(tensor: StoredTensor, rank: int = 2) -> None:
    """Packed codes: U8 (..., N, K/2), none of it empty.

    Raises:
      ConversionError: another dtype or shape.
    """
    shape = ("E, " if rank == 3 else "") + "N, K/2"
    if tensor.dtype != "U8" or len(tensor.shape) != rank or 0 in tensor.shape:
        raise tensor.error(f"expected packed codes, U8 ({shape}), found {tensor}")


def check_scales(
    tensor: StoredTensor, codes: StoredTensor, scale_format: ScaleFormat, dtypes: tuple[str, ...]
) -> None:
    """Row-major scales, one for each group of each row of `codes`.

    Raises:
      ConversionError: another dtype or shape.
    """
    group = GROUP_SIZE[scale_format]
    k = codes.shape[-1] * 2
    if k % group:
        raise codes.error(f"expected K to be a multiple of {group}, found K = {k}")
    expected = (*codes.shape[:-1], k // group)
    if tensor.dtype not in dtypes or tensor.shape != expected:
        raise tensor.error(
            f"expected {' or '.join(dtypes)} {expected} for '{codes.name}' in groups of {group}, "
            f"row-major, found {tensor}"
        )


def retyped(tensor: StoredTensor, scale_format: ScaleFormat) -> Content:
    """Scales whose bytes are right and whose dtype says so from now on."""
    content = stored(tensor)
    return content.then(lambda array: array, SCALE_DTYPE[scale_format], tensor.shape)


def without_e8m0_nan(content: Content, tensor: StoredTensor) -> Content:
    """Refuses byte 255 when the scales are read.

    Formats that store e8m0 scales as plain bytes decode it as 2^128, infinity in f32; here, as in
    the OCP specification, it is NaN ([F3]).
    """

    def check(scales: Array) -> Array:
        found = np.flatnonzero(scales.reshape(-1).view(np.uint8) == 255)
        if found.size:
            raise tensor.error(
                f"expected e8m0 scales up to 2^127, byte 254, found {found.size} of byte 255, the "
                f"first at index {found[0]}: 2^128 in the source's format, NaN in this one"
            )
        return scales

    return content.then(check, content.dtype, content.shape)


# ---- scales as tensor cores read them ---------------------------------------------------------


def blocked_size(rows: int, columns: int) -> int:
    """The bytes of a blocked layout: rows pad to 128, columns to 4 ([B2])."""
    return -(-rows // 128) * -(-columns // 4) * 512


def unblocked(tensor: StoredTensor, shape: Shape) -> Content:
    """Row-major scales (R, C) from the blocked layout of [B2]; the padding is dropped.

    Raises:
      ConversionError: not the bytes of that layout.
    """
    rows, columns = shape
    tile_rows, tile_columns = -(-rows // 128), -(-columns // 4)

    def lay_out(blocked: Array) -> Array:
        # (r / 128, c / 4, r % 32, (r % 128) / 32, c % 4) to (r, c).
        tiles = blocked.reshape(-1).view(np.uint8).reshape(tile_rows, tile_columns, 32, 4, 4)
        padded = tiles.transpose(0, 3, 2, 1, 4).reshape(tile_rows * 128, tile_columns * 4)
        return np.ascontiguousarray(padded[:rows, :columns])

    size = blocked_size(rows, columns)
    if tensor.data.size != size:
        raise tensor.error(
            f"expected {size} bytes, the blocked layout of {shape} scales, found {tensor.data.size}"
        )
    return stored(tensor).then(lay_out, tensor.dtype, shape)


# ---- codes whose nibbles are halves of a group ------------------------------------------------


def paired(halves: Array) -> Array:
    """Bytes (..., G/2) with element j in the low and j + G/2 in the high nibble, to pairs ([F2]).

    Code 8 becomes 0: the format that has this layout, GGUF, decodes both as +0.
    """
    codes = np.concatenate([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1)
    codes[codes == 8] = 0
    pairs: Array = codes[..., 0::2] | (codes[..., 1::2] << np.uint8(4))
    return pairs
