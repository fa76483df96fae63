"""Codes, scales and groups of FP4 tensors in numpy, as docs/numerics.md defines them.

Labels such as [Q4] are the rules of that page. "f32" is IEEE binary32: numpy's float32, whose
division and rounding are IEEE's. Arrays may have any number of leading dimensions; K, the last
one, is cut into groups of G elements that share a scale.

Nothing here is per element in Python: arrays are processed in pieces that fit a cache, so that
memory beyond the arguments and the result is a few MiB for any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import ml_dtypes
import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
Scalar: TypeAlias = float | np.floating[Any] | Array
Rounding = Literal["even", "zero", "down", "up"]
FormatName = Literal["mx", "nv"]

BF16: Final = np.dtype(ml_dtypes.bfloat16)
F16: Final = np.dtype(np.float16)
F32: Final = np.dtype(np.float32)
E8M0: Final = np.dtype(ml_dtypes.float8_e8m0fnu)
E4M3: Final = np.dtype(ml_dtypes.float8_e4m3fn)

FLOAT_TYPES: Final = (BF16, F16, F32)
E2M1_MAX: Final = 6.0
E4M3_MAX: Final = 448.0

_CHUNK: Final = 1 << 16  # elements: 256 KiB of f32, which stays in a second-level cache


# ---- formats ----------------------------------------------------------------------------------


def check_group_size(group_size: int) -> None:
    """Raises ValueError unless `group_size` is a power of two from 2 to 128 ([F5])."""
    if group_size not in (2, 4, 8, 16, 32, 64, 128):
        raise ValueError(f"group_size: expected a power of two from 2 to 128, got {group_size!r}")


@dataclass(frozen=True)
class Format:
    """A format of FP4 tensors: how scales are stored, and how many elements share one ([F3]-[F5]).

    Attributes:
      name: "mx" (MXFP4, e8m0 scales) or "nv" (NVFP4, e4m3 scales).
      group_size: G, a power of two from 2 to 128.

    Raises:
      ValueError: the name or the group size is none of these.
    """

    name: FormatName
    group_size: int

    def __post_init__(self) -> None:
        if self.name not in get_args(FormatName):
            raise ValueError(f"format: expected 'mx' or 'nv', got {self.name!r}")
        check_group_size(self.group_size)

    @staticmethod
    def of(format: Format | str, group_size: int | None = None) -> Format:
        """The format of a name, in its usual group size unless one is given.

        Args:
          format: "mx" (groups of 32), "nv" (groups of 16), or a `Format`, which is given back.
          group_size: G.

        Raises:
          ValueError: not "mx" or "nv", or not a group size.
          TypeError: neither a string nor a `Format`.
        """
        if isinstance(format, Format):
            return format if group_size is None else Format(format.name, group_size)
        if not isinstance(format, str):
            raise TypeError(f"format: expected 'mx', 'nv' or a Format, got {type(format).__name__}")
        if format == "mx":
            return Format("mx", 32 if group_size is None else group_size)
        if format == "nv":
            return Format("nv", 16 if group_size is None else group_size)
        raise ValueError(f"format: expected 'mx' or 'nv', got {format!r}")

    @staticmethod
    def of_tensors(e2m1: Array, scale_quant: Array) -> Format:
        """The format of stored tensors: the dtype of the scales and K/G tell it ([L6], [L7]).

        Args:
          e2m1: packed codes, uint8 of shape (..., K/2).
          scale_quant: float8_e8m0fnu or float8_e4m3fn of shape (..., K/G).

        Raises:
          ValueError: the shapes are not those of packed codes and their scales.
          TypeError: the dtypes are not.
        """
        group_size = _check_stored(e2m1, scale_quant)
        return Format("mx" if scale_quant.dtype == E8M0 else "nv", group_size)

    @property
    def scale_dtype(self) -> np.dtype[Any]:
        """The dtype of the scales: `ml_dtypes`' float8_e8m0fnu or float8_e4m3fn."""
        return E8M0 if self.name == "mx" else E4M3

    @property
    def scale_scale(self) -> np.float32:
        """The usual `ss` ([F6])."""
        return np.float32(4) if self.name == "mx" else np.float32(6)

    def __str__(self) -> str:
        return f"{self.name}{self.group_size}"


MX: Final = Format("mx", 32)
NV: Final = Format("nv", 16)


# ---- e2m1 -------------------------------------------------------------------------------------

E2M1_VALUES: Final = np.array(
    [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32
)
"""The values of the codes 0 to 15 ([F1])."""

# The bits of the magnitudes that lie in the middle between two codes. Magnitudes of floats are
# in the order of their bits as integers, a NaN beyond all.
_MIDPOINT_BITS: Final = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0], np.float32).view(
    np.uint32
)
_BYTE_VALUES: Final = np.stack(
    [E2M1_VALUES[np.arange(256) & 15], E2M1_VALUES[np.arange(256) >> 4]], axis=-1
)


def encode_e2m1(q: Array, rounding: Rounding = "even") -> Array:
    """Rounds floats to e2m1 ([Q6]).

    Args:
      q: floats (bf16, f16 or f32) of any shape.
      rounding: where ties go: to the "even" code, towards "zero", "down" or "up".

    Returns:
      Codes, uint8 from 0 to 15, of q's shape. Beyond 6 saturates, NaN gives code 7.

    Raises:
      TypeError: q is of another dtype.
      ValueError: no such rounding.
    """
    _check_rounding(rounding)
    values = np.ascontiguousarray(_check_float("q", q), F32)
    codes = np.empty(values.shape, np.uint8)
    flat, out = values.reshape(-1), codes.reshape(-1)
    for piece in _pieces(flat.size, _CHUNK):
        out[piece] = _encode_e2m1(flat[piece], rounding)
    return codes


def _encode_e2m1(q: Array, rounding: Rounding) -> Array:
    """`encode_e2m1` of a small contiguous f32 array."""
    bits = q.view(np.uint32)
    magnitude = bits & np.uint32(0x7FFFFFFF)
    sign = (bits >> np.uint32(31)).astype(np.uint8)
    # A tie is beyond its midpoint if it goes outwards. One unit in the last place more makes it
    # so, and takes no other value beyond: what is less becomes the midpoint at most.
    if rounding == "down":
        compared = magnitude + sign
    elif rounding == "up":
        compared = magnitude + (sign ^ np.uint8(1))
    else:
        compared = magnitude
    codes = np.zeros(q.shape, np.uint8)
    for index, midpoint in enumerate(_MIDPOINT_BITS):
        outwards = rounding == "even" and index % 2 == 1
        beyond = compared >= midpoint if outwards else compared > midpoint
        codes += beyond.view(np.uint8)
    # A NaN is beyond all midpoints, which makes it 7; its sign does not count.
    sign &= (magnitude <= np.uint32(0x7F800000)).view(np.uint8)
    codes |= sign << np.uint8(3)
    return codes


def decode_e2m1(codes: Array) -> Array:
    """The f32 values of codes 0 to 15 (uint8 of any shape); code 8 is -0 ([F1]).

    Raises:
      TypeError: codes are of another dtype.
      IndexError: a code above 15.
    """
    return np.take(E2M1_VALUES, _check_uint8("codes", codes))


def pack(codes: Array) -> Array:
    """Packs two codes in a byte, the lower index in bits 3..0 ([F2]).

    Args:
      codes: uint8 from 0 to 15 of shape (..., K), K even.

    Returns:
      uint8 of shape (..., K/2).

    Raises:
      TypeError: codes are of another dtype.
      ValueError: K is odd.
    """
    _check_uint8("codes", codes)
    if codes.ndim == 0 or codes.shape[-1] % 2:
        raise ValueError(f"codes: expected shape (..., K) with an even K, got shape {codes.shape}")
    return codes[..., 0::2] | (codes[..., 1::2] << np.uint8(4))


def unpack(packed: Array) -> Array:
    """The codes (..., K) of bytes (..., K/2), both uint8: the inverse of `pack`.

    Raises:
      TypeError: the bytes are of another dtype.
      ValueError: a scalar.
    """
    _check_uint8("packed", packed)
    if packed.ndim == 0:
        raise ValueError("packed: expected shape (..., K/2), got shape ()")
    codes = np.empty((*packed.shape[:-1], 2 * packed.shape[-1]), np.uint8)
    codes[..., 0::2] = packed & np.uint8(15)
    codes[..., 1::2] = packed >> np.uint8(4)
    return codes


# ---- scales -----------------------------------------------------------------------------------


def encode_e8m0(v: Array) -> Array:
    """Rounds f32 to the nearest power of two, a tie upwards, clamped; NaN gives byte 255.

    That is [Q3] and [Q4] for `mx`: what is below 2^-127, negative or zero gives byte 0.

    Args:
      v: bf16, f16 or f32 of any shape.

    Returns:
      float8_e8m0fnu of v's shape.

    Raises:
      TypeError: v is of another dtype.
    """
    v = _check_float("v", v).astype(F32)
    bits = np.clip(v, np.float32(2.0**-127), np.float32(2.0**127)).view(np.uint32)
    # Half a mantissa carries into the exponent, which is e8m0's own. Among the subnormals that
    # are left, [2^-127, 2^-126), the leading bit of the mantissa is the one: half is below it.
    half = np.where(bits < 0x00800000, np.uint32(0x00200000), np.uint32(0x00400000))
    return np.where(np.isnan(v), 255, (bits + half) >> np.uint32(23)).astype(np.uint8).view(E8M0)


def decode_e8m0(scales: Array) -> Array:
    """2^(byte - 127) in f32, byte 255 is NaN ([F3]). Takes float8_e8m0fnu or its bytes.

    Raises:
      TypeError: scales are of another dtype.
    """
    return np.take(_E8M0_VALUES, _scale_bytes(scales, E8M0))


def encode_e4m3(v: Array) -> Array:
    """Rounds f32 to the nearest e4m3, ties to even, clamped to +-448; NaN gives byte 0x7f.

    That is [Q3] and [Q4] for `nv`.

    Args:
      v: bf16, f16 or f32 of any shape.

    Returns:
      float8_e4m3fn of v's shape.

    Raises:
      TypeError: v is of another dtype.
    """
    v = _check_float("v", v).astype(F32)
    rounded = np.clip(v, np.float32(-E4M3_MAX), np.float32(E4M3_MAX)).astype(E4M3)
    return np.where(np.isnan(v), np.uint8(0x7F), rounded.view(np.uint8)).view(E4M3)


def decode_e4m3(scales: Array) -> Array:
    """The f32 values of e4m3 scales, bytes 0x7f and 0xff NaN ([F4]). Takes their bytes, too.

    Raises:
      TypeError: scales are of another dtype.
    """
    return np.take(_E4M3_VALUES, _scale_bytes(scales, E4M3))


_E8M0_VALUES: Final = np.append(np.ldexp(np.float32(1), np.arange(-127, 128)), np.nan).astype(F32)
_E4M3_VALUES: Final = np.arange(256, dtype=np.uint8).view(E4M3).astype(F32)


def encode_scale(v: Array, format: Format) -> Array:
    """`encode_e8m0` or `encode_e4m3`, by the format."""
    return encode_e8m0(v) if format.name == "mx" else encode_e4m3(v)


def decode_scale(scales: Array) -> Array:
    """The f32 values of scales, which are float8_e8m0fnu or float8_e4m3fn.

    Raises:
      TypeError: scales are of another dtype, such as bytes, which do not tell.
    """
    if scales.dtype == E8M0:
        return decode_e8m0(scales)
    if scales.dtype == E4M3:
        return decode_e4m3(scales)
    raise TypeError(f"scales: expected dtype float8_e8m0fnu or float8_e4m3fn, got {scales.dtype}")


# ---- tensors ----------------------------------------------------------------------------------


class Quantized(NamedTuple):
    """Packed codes, uint8 (..., K/2), and scales, float8 (..., K/G), under the names of [L6]."""

    e2m1: Array
    scale_quant: Array


def default_global_scale(x: Array, format: Format) -> np.float32:
    """The usual `gs` of a tensor ([F6]).

    For `mx` 1/3, whatever x. For `nv` the one that makes the largest group's scale 448: the
    greatest magnitude of x divided by 6 * 448, or 1 where x has nothing but zeros.

    Args:
      x: bf16, f16 or f32 of any shape.
      format: a `Format`.

    Raises:
      TypeError: `nv`, and x is of another dtype.
      ValueError: `nv`, and x holds a NaN or an infinity.
    """
    if format.name == "mx":
        return np.float32(1 / 3)
    greatest = np.float32(0)
    flat = _check_float("x", x).reshape(-1)
    for piece in _pieces(flat.size, _CHUNK):
        greatest = np.maximum(greatest, np.max(np.abs(flat[piece].astype(F32))))
    if not np.isfinite(greatest):
        raise ValueError(f"x: expected finite values, found {greatest}")
    scale = np.float32(greatest / np.float32(E2M1_MAX * E4M3_MAX))
    return scale if scale > 0 else np.float32(1)


def group_amax(x: Array, group_size: int) -> Array:
    """The greatest magnitude of each group ([Q1]): f32 (..., K/G), NaN if the group holds one.

    Args:
      x: bf16, f16 or f32 of shape (..., K).
      group_size: G.

    Raises:
      TypeError: x is not bf16, f16 or f32.
      ValueError: G is not a group size, or does not divide K.
    """
    groups = _check_groups("x", x, group_size)
    flat = _as_rows(x, group_size)
    amax = np.empty(flat.shape[0], F32)
    for piece in _pieces(flat.shape[0], _CHUNK // group_size):
        amax[piece] = _row_amax(flat[piece].astype(F32))
    return amax.reshape(groups)


def quantize(
    x: Array,
    format: Format | str,
    global_scale: Scalar | None = None,
    scale_scale: Scalar | None = None,
    *,
    rounding: Rounding = "even",
) -> Quantized:
    """Quantizes x: quantize_pack of docs/numerics.md, to the bit ([Q1] to [Q10]).

    Args:
      x: bf16, f16 or f32 of shape (..., K); G divides K.
      format: "mx", "nv" or a `Format`.
      global_scale: `gs`; if absent, `default_global_scale(x, format)`.
      scale_scale: `ss`; if absent, 4 for mx and 6 for nv.
      rounding: where ties of the codes go.

    Returns:
      Packed codes and scales. A group with a NaN has a NaN scale and codes 7; zeros, infinities
      and negative global scales follow [Q7], [Q9] and [Q10].

    Raises:
      TypeError: x is of another dtype.
      ValueError: K is not a multiple of G, or no such format or rounding.
    """
    format = Format.of(format)
    _check_groups("x", x, format.group_size)
    if global_scale is None:
        global_scale = default_global_scale(x, format)
    gs = as_scalar("global_scale", global_scale)
    ss = as_scalar("scale_scale", format.scale_scale if scale_scale is None else scale_scale)
    with np.errstate(all="ignore"):
        scales = encode_scale(group_amax(x, format.group_size) / np.float32(ss * gs), format)
    return Quantized(quantize_with_scales(x, scales, gs, rounding=rounding), scales)


def quantize_with_scales(
    x: Array, scale_quant: Array, global_scale: Scalar, *, rounding: Rounding = "even"
) -> Array:
    """Packed codes of x against given scales ([Q14]): uint8 of shape (..., K/2).

    Args:
      x: bf16, f16 or f32 of shape (..., K).
      scale_quant: float8_e8m0fnu or float8_e4m3fn of shape (..., K/G).
      global_scale: `gs`.
      rounding: where ties go.

    Raises:
      TypeError: x or the scales are of another dtype.
      ValueError: the shapes do not fit each other.
    """
    _check_rounding(rounding)
    group_size = _group_size_of(x.shape, scale_quant)
    _check_groups("x", x, group_size)
    values = _as_rows(x, group_size)
    scales = scale_quant.reshape(-1)
    gs = as_scalar("global_scale", global_scale)
    packed = np.empty((values.shape[0], group_size // 2), np.uint8)
    with np.errstate(all="ignore"):
        for piece in _pieces(values.shape[0], _CHUNK // group_size):
            s = decode_scale(scales[piece]) * gs
            q = values[piece].astype(F32) / s[:, np.newaxis]
            packed[piece] = pack(_encode_e2m1(q, rounding))
    return packed.reshape(*x.shape[:-1], x.shape[-1] // 2)


def dequantize(
    e2m1: Array, scale_quant: Array, global_scale: Scalar, dtype: Any = np.float32
) -> Array:
    """The values of a quantized tensor ([D1], [D2]): `dtype` of shape (..., K).

    Args:
      e2m1: packed codes, uint8 of shape (..., K/2).
      scale_quant: float8_e8m0fnu or float8_e4m3fn of shape (..., K/G).
      global_scale: `gs`.
      dtype: bf16, f16 or f32.

    Raises:
      TypeError: the dtypes are others.
      ValueError: the shapes do not fit each other.
    """
    group_size = _check_stored(e2m1, scale_quant)
    dtype = np.dtype(dtype)
    if dtype not in FLOAT_TYPES:
        raise TypeError(f"dtype: expected bfloat16, float16 or float32, got {dtype}")
    packed = e2m1.reshape(-1, group_size // 2)
    scales = scale_quant.reshape(-1)
    gs = as_scalar("global_scale", global_scale)
    values = np.empty((packed.shape[0], group_size), dtype)
    with np.errstate(all="ignore"):
        for piece in _pieces(packed.shape[0], _CHUNK // group_size):
            decoded = np.take(_BYTE_VALUES, packed[piece], axis=0).reshape(-1, group_size)
            s = decode_scale(scales[piece]) * gs
            values[piece] = decoded * s[:, np.newaxis]
    return values.reshape(*e2m1.shape[:-1], 2 * e2m1.shape[-1])


# ---- pieces and checks ------------------------------------------------------------------------


def _pieces(size: int, step: int) -> Iterator[slice]:
    for begin in range(0, size, step):
        yield slice(begin, min(begin + step, size))


def _as_rows(x: Array, group_size: int) -> Array:
    """(..., K) to (groups, G); a copy only if x is not contiguous."""
    return x.reshape(-1, group_size)


def _row_amax(rows: Array) -> Array:
    """The greatest magnitude of each row of a small contiguous f32 (R, G), G a power of two.

    Halves are compared as integers: as fast as they are wide, and a NaN is the greatest.
    """
    magnitude = rows.view(np.uint32) & np.uint32(0x7FFFFFFF)
    while magnitude.shape[1] > 1:
        half = magnitude.shape[1] // 2
        magnitude = np.maximum(magnitude[:, :half], magnitude[:, half:])
    return np.ascontiguousarray(magnitude[:, 0]).view(F32)


def as_scalar(name: str, value: Scalar) -> np.float32:
    """A number, or an array of one element, in f32.

    Raises:
      ValueError: an array of more elements, or of none.
    """
    array = np.asarray(value)
    if array.size != 1:
        raise ValueError(f"{name}: expected one number, got an array of shape {array.shape}")
    with np.errstate(over="ignore"):
        return np.float32(array.reshape(()))


def _check_rounding(rounding: str) -> None:
    if rounding not in get_args(Rounding):
        raise ValueError(f"rounding: expected one of {get_args(Rounding)}, got {rounding!r}")


def _check_float(name: str, x: Array) -> Array:
    dtype = getattr(x, "dtype", None)
    if dtype not in FLOAT_TYPES:
        found = type(x).__name__ if dtype is None else f"dtype {dtype}"
        raise TypeError(f"{name}: expected an array of bfloat16, float16 or float32, got {found}")
    return x


def _check_uint8(name: str, x: Array) -> Array:
    if getattr(x, "dtype", None) != np.uint8:
        found = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"{name}: expected an array of uint8, got {found}")
    return x


def _scale_bytes(scales: Array, dtype: np.dtype[Any]) -> Array:
    if scales.dtype not in (dtype, np.dtype(np.uint8)):
        raise TypeError(f"scales: expected dtype {dtype} or uint8, got {scales.dtype}")
    return scales.view(np.uint8)


def _check_groups(name: str, x: Array, group_size: int) -> tuple[int, ...]:
    """The shape (..., K/G) of x's groups."""
    check_group_size(group_size)
    _check_float(name, x)
    if x.ndim == 0 or x.shape[-1] % group_size:
        raise ValueError(
            f"{name}: expected shape (..., K) with K a multiple of the group size {group_size}, "
            f"got shape {x.shape}"
        )
    return (*x.shape[:-1], x.shape[-1] // group_size)


def _group_size_of(shape: tuple[int, ...], scale_quant: Array) -> int:
    """G of an array of `shape` with these scales, both with K last."""
    if scale_quant.dtype not in (E8M0, E4M3):
        raise TypeError(
            f"scale_quant: expected dtype float8_e8m0fnu or float8_e4m3fn, got {scale_quant.dtype}"
        )
    if scale_quant.shape[:-1] == shape[:-1] and len(scale_quant.shape) == len(shape) > 0:
        groups, k = scale_quant.shape[-1], shape[-1]
        if groups > 0 and k % groups == 0 and k // groups in (2, 4, 8, 16, 32, 64, 128):
            return int(k // groups)
    raise ValueError(
        f"scale_quant: expected shape (..., K/G) for values of shape {shape}, with G a power of "
        f"two from 2 to 128, got shape {scale_quant.shape}"
    )


def _check_stored(e2m1: Array, scale_quant: Array) -> int:
    """G of packed codes and their scales."""
    _check_uint8("e2m1", e2m1)
    if e2m1.ndim == 0:
        raise ValueError("e2m1: expected shape (..., K/2), got shape ()")
    return _group_size_of((*e2m1.shape[:-1], 2 * e2m1.shape[-1]), scale_quant)
