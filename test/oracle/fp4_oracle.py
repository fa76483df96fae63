"""The numerics of FP4 linear layers in numpy: one function per rule, written to be read.

This is the independent oracle of the test suite. It shares no code with the compiler and nothing in it
is fast. "f32" below is IEEE binary32, round to nearest even, subnormals kept, true division: what
numpy's float32 does. Arrays of scales carry their format in their dtype (`E8M0` or `E4M3`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy

Array = np.ndarray[Any, Any]
DType = np.dtype[Any]

BF16: Final[DType] = np.dtype(ml_dtypes.bfloat16)
F16: Final[DType] = np.dtype(np.float16)
F32: Final[DType] = np.dtype(np.float32)
F64: Final[DType] = np.dtype(np.float64)
E8M0: Final[DType] = np.dtype(ml_dtypes.float8_e8m0fnu)
E4M3: Final[DType] = np.dtype(ml_dtypes.float8_e4m3fn)

FLOAT_TYPES: Final[dict[str, DType]] = {"bf16": BF16, "f16": F16, "f32": F32}
SCALE_TYPES: Final[dict[str, DType]] = {"mx": E8M0, "nv": E4M3}
ROUNDINGS: Final[tuple[str, ...]] = ("even", "zero", "down", "up")


# ---- float types ------------------------------------------------------------------------------------


def to_f32(x: Array) -> Array:
    """Rounds f64 to f32, or widens a narrower float to it."""
    with np.errstate(all="ignore"):
        return np.asarray(x).astype(np.float32)


def round_to(x: Array, dtype: DType) -> Array:
    """Rounds f32 to `dtype`, nearest even, subnormals kept. Rounding from f64 is two steps, never one."""
    assert x.dtype == F32, x.dtype
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def ulp(x: Array, dtype: DType) -> Array:
    """The unit in the last place of `dtype` at the f64 values `x` (of its subnormals below them)."""
    info = ml_dtypes.finfo(dtype)
    _, exponent = np.frexp(np.abs(x))  # |x| = f * 2^exponent with f in [1/2, 1)
    exponent = np.where(x == 0, int(info.minexp), np.maximum(exponent - 1, int(info.minexp)))
    return np.ldexp(1.0, exponent - int(info.nmant))


def split(x: Array, size: int) -> Array:
    """(..., K) to (..., K/size, size)."""
    return x.reshape(*x.shape[:-1], x.shape[-1] // size, size)


# ---- e2m1 -------------------------------------------------------------------------------------------

E2M1_MAGNITUDES: Final[Array] = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
E2M1_MIDPOINTS: Final[Array] = (E2M1_MAGNITUDES[1:] + E2M1_MAGNITUDES[:-1]) / 2
E2M1_VALUES: Final[Array] = np.concatenate([E2M1_MAGNITUDES, -E2M1_MAGNITUDES])


def decode_e2m1(codes: Array) -> Array:
    """Codes 0..15 to f64; code 8 is -0."""
    return E2M1_VALUES[codes]


def encode_e2m1(q: Array, rounding: str = "even") -> Array:
    """f32 to codes: nearest, saturating at 6, ties by `rounding`, NaN to code 7, a zero keeps its sign."""
    negative = np.signbit(q)
    magnitude = np.abs(q)[..., np.newaxis]
    # A tie at midpoint i lies between the magnitudes i and i + 1: does it go to i + 1?
    lower_is_odd = np.arange(7) % 2 == 1
    tie_goes_out = {
        "even": lower_is_odd,
        "zero": np.False_,
        "down": negative[..., np.newaxis],
        "up": ~negative[..., np.newaxis],
    }[rounding]
    beyond = (magnitude > E2M1_MIDPOINTS) | ((magnitude == E2M1_MIDPOINTS) & tie_goes_out)
    codes = beyond.sum(axis=-1) + 8 * negative
    return np.where(np.isnan(q), 7, codes).astype(np.uint8)


def code_order(codes: Array) -> Array:
    """Maps codes to integers in the order of their values, -0 just below +0."""
    signed = codes.astype(np.int64)
    return np.where(signed & 8, -1 - (signed & 7), signed)


def pack(codes: Array) -> Array:
    """(..., K) codes to (..., K/2) bytes: the low nibble is the lower K index."""
    return codes[..., 0::2] | (codes[..., 1::2] << 4)


def unpack(packed: Array) -> Array:
    """(..., K/2) bytes to (..., K) codes."""
    nibbles = np.stack([packed & 0xF, packed >> 4], axis=-1)
    return nibbles.reshape(*packed.shape[:-1], 2 * packed.shape[-1])


# ---- scale types ------------------------------------------------------------------------------------


def encode_e8m0(v: Array) -> Array:
    """f32 clamped to [2^-127, 2^127], then to the nearest power of two, a tie upwards; NaN to byte 255."""
    bits = np.clip(v, np.float32(2.0**-127), np.float32(2.0**127)).view(np.uint32)
    # A normal f32 has e8m0's own exponent field: half a mantissa rounds it up. Of the subnormals only
    # [2^-127, 2^-126) is left, where 2^-127 is the mantissa's top bit and half of that is the tie.
    half = np.where(bits < 0x00800000, 0x00200000, 0x00400000).astype(np.uint32)
    return np.where(np.isnan(v), 255, (bits + half) >> 23).astype(np.uint8).view(E8M0)


def decode_e8m0(scales: Array) -> Array:
    """Byte b to 2^(b - 127) in f32 (byte 0 is a subnormal), 255 to NaN."""
    byte = scales.view(np.uint8).astype(np.int32)
    return np.where(byte == 255, np.nan, np.ldexp(1.0, byte - 127)).astype(np.float32)


def _e4m3_magnitudes() -> Array:
    byte = np.arange(127)
    exponent, mantissa = byte >> 3, byte & 7
    return np.where(
        exponent == 0, np.ldexp(mantissa / 8.0, -6), np.ldexp(1 + mantissa / 8.0, exponent - 7)
    )


E4M3_MAGNITUDES: Final[Array] = _e4m3_magnitudes()
E4M3_MIDPOINTS: Final[Array] = (E4M3_MAGNITUDES[1:] + E4M3_MAGNITUDES[:-1]) / 2
E4M3_VALUES: Final[Array] = np.concatenate([E4M3_MAGNITUDES, [np.nan], -E4M3_MAGNITUDES, [np.nan]])


def encode_e4m3(v: Array) -> Array:
    """f32 clamped to [-448, 448], then to the nearest e4m3, ties to even; NaN to byte 0x7f."""
    magnitude = np.minimum(np.abs(v), np.float32(448.0)).astype(np.float64)
    below = np.searchsorted(E4M3_MIDPOINTS, magnitude, side="left")  # how many midpoints are < |v|
    midpoint = E4M3_MIDPOINTS[np.minimum(below, 125)]
    byte = below + ((magnitude == midpoint) & (below % 2 == 1)) + 128 * np.signbit(v)
    return np.where(np.isnan(v), 0x7F, byte).astype(np.uint8).view(E4M3)


def decode_e4m3(scales: Array) -> Array:
    """Bytes to f32, 0x7f and 0xff to NaN."""
    return E4M3_VALUES[scales.view(np.uint8)].astype(np.float32)


def encode_scale(v: Array, dtype: DType) -> Array:
    return encode_e8m0(v) if dtype == E8M0 else encode_e4m3(v)


def decode_scale(scales: Array) -> Array:
    return decode_e8m0(scales) if scales.dtype == E8M0 else decode_e4m3(scales)


def scale_order(scales: Array) -> Array:
    """Maps scales to integers in the order of their values, a NaN beyond the finite ones of its sign."""
    byte = scales.view(np.uint8).astype(np.int64)
    if scales.dtype == E8M0:
        return byte
    return np.where(byte & 0x80, -1 - (byte & 0x7F), byte)


# ---- block_transform --------------------------------------------------------------------------------


class Transformed(NamedTuple):
    """The exact result (f64) and how far from it an f32 sum in any order may lie, before rounding."""

    exact: Array
    bound: Array

    def rounded(self, dtype: DType, towards: int = 0) -> Array:
        """The exact result, or the lowest (-1) or highest (+1) allowed one, rounded to `dtype`."""
        bound = np.where(np.isfinite(self.exact), self.bound, 0)
        moved = self.exact + towards * bound
        return round_to(to_f32(moved), dtype)


def block_transform(x: Array, transform: Array) -> Transformed:
    """y[m, j] = sum_i T[j, i] x[m, i] in every block of K; T is (T, T), or (K/T, T, T) one per block."""
    size = transform.shape[-1]
    blocks = split(x.astype(np.float64), size)
    matrix = transform.astype(np.float64)
    form = "...bi,ji->...bj" if transform.ndim == 2 else "...bi,bji->...bj"
    with np.errstate(all="ignore"):
        exact = np.einsum(form, blocks, matrix)
        magnitude = np.einsum(form, np.abs(blocks), np.abs(matrix))
        bound = size * (2.0**-23 * magnitude + 2.0**-126)
    return Transformed(exact.reshape(x.shape), bound.reshape(x.shape))


# ---- quantize_pack and dequantize -------------------------------------------------------------------


def group_amax(x: Array, group: int) -> Array:
    """Step 1: (..., K) to the (..., K/G) greatest magnitudes in f32; a NaN makes its group's NaN."""
    return np.max(split(np.abs(to_f32(x)), group), axis=-1)


def encode_amax(amax: Array, gs: np.float32, ss: np.float32, scale_type: DType) -> Array:
    """Steps 2 to 4: the group's scale from its greatest magnitude."""
    with np.errstate(all="ignore"):
        return encode_scale(amax / np.float32(ss * gs), scale_type)


def quantize_with_scales(x: Array, scales: Array, gs: np.float32, rounding: str = "even") -> Array:
    """Steps 5 and 6: (..., K) floats to (..., K) codes against given (..., K/G) scales."""
    values = split(to_f32(x), x.shape[-1] // scales.shape[-1])
    with np.errstate(all="ignore"):
        s = decode_scale(scales) * gs
        q = values / s[..., np.newaxis]
    return encode_e2m1(q, rounding).reshape(x.shape)


def quantize_pack(
    x: Array,
    gs: np.float32,
    ss: np.float32,
    group: int,
    scale_type: DType,
    rounding: str = "even",
) -> tuple[Array, Array]:
    """(..., K) floats to (..., K/2) packed codes and (..., K/G) scales."""
    scales = encode_amax(group_amax(x, group), gs, ss, scale_type)
    return pack(quantize_with_scales(x, scales, gs, rounding)), scales


def dequantize(packed: Array, scales: Array, gs: np.float32, dtype: DType) -> Array:
    """e2m1(code) * (decode(scale) * gs): two f32 products, then one rounding to `dtype`."""
    codes = unpack(packed)
    values = split(to_f32(decode_e2m1(codes)), codes.shape[-1] // scales.shape[-1])
    with np.errstate(all="ignore"):
        s = decode_scale(scales) * gs
        return round_to(values * s[..., np.newaxis], dtype).reshape(codes.shape)


def absorb_scale_signs(packed: Array, scales: Array) -> tuple[Array, Array]:
    """Codes and e4m3 scales of the same values, no scale with its sign bit set."""
    bits = scales.view(np.uint8)
    flip = np.where(bits >= 0x80, np.uint8(0x88), np.uint8(0))
    group_bytes = packed.shape[-1] // scales.shape[-1]
    return packed ^ np.repeat(flip, group_bytes, -1), (bits & np.uint8(0x7F)).view(scales.dtype)


# ---- scaled_matmul ----------------------------------------------------------------------------------


class Product(NamedTuple):
    """The result in f64 and the sum of the magnitudes of its per-group terms."""

    value: Array
    magnitude: Array


def scaled_matmul(a: Array, sa: Array, b: Array, sb: Array, alpha: np.float32) -> Product:
    """c[m, n] = alpha * sum over groups of sa[m, g] * sb[n, g] * (the dot product of the codes)."""
    rows, groups = sa.shape
    columns = sb.shape[0]
    group = 2 * a.shape[1] // groups
    codes_a = split(decode_e2m1(unpack(a)), group)
    codes_b = split(decode_e2m1(unpack(b)), group)
    scales_a = decode_scale(sa).astype(np.float64)
    scales_b = decode_scale(sb).astype(np.float64)
    value = np.zeros((rows, columns))
    magnitude = np.zeros((rows, columns))
    with np.errstate(all="ignore"):
        for g in range(groups):
            dot = codes_a[:, g] @ codes_b[:, g].T  # exact: a multiple of 1/4, at most 36 G
            term = np.outer(scales_a[:, g], scales_b[:, g]) * dot
            value += term
            magnitude += np.abs(term)
        return Product(np.float64(alpha) * value, np.abs(np.float64(alpha)) * magnitude)


# ---- scale layouts ----------------------------------------------------------------------------------


def to_blocked(scales: Array) -> Array:
    """(R, C) bytes to the flat 128 x 4 tiled layout, rows padded to 128 and columns to 4 with zeros."""
    rows, columns = scales.shape
    padded = np.zeros((-(-rows // 128) * 128, -(-columns // 4) * 4), np.uint8)
    padded[:rows, :columns] = scales.view(np.uint8)
    tiles = padded.reshape(padded.shape[0] // 128, 4, 32, padded.shape[1] // 4, 4)
    return tiles.transpose(0, 3, 2, 1, 4).ravel().view(scales.dtype)  # tile: r % 32, r // 32, c


def from_blocked(blocked: Array, rows: int, columns: int) -> Array:
    """The inverse of `to_blocked`."""
    row_tiles, column_tiles = -(-rows // 128), -(-columns // 4)
    tiles = blocked.reshape(row_tiles, column_tiles, 32, 4, 4).transpose(0, 3, 2, 1, 4)
    return tiles.reshape(row_tiles * 128, column_tiles * 4)[:rows, :columns]


# ---- the layer --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """A QuantLinear's stored state, defaults resolved."""

    e2m1: Array
    scale_quant: Array
    transform: Array | None
    weight_global_scale: np.float32
    activation_global_scale: np.float32
    activation_scale_scale: np.float32

    @staticmethod
    def from_state(state: dict[str, Array], prefix: str = "") -> Layer:
        def scalar(name: str, default: np.float32) -> np.float32:
            stored = state.get(prefix + name)
            return default if stored is None else np.float32(stored.reshape(()))

        weight_gs = np.float32(state[prefix + "weight_global_scale"].reshape(()))
        return Layer(
            e2m1=state[prefix + "e2m1"],
            scale_quant=state[prefix + "scale_quant"],
            transform=state.get(prefix + "transform"),
            weight_global_scale=weight_gs,
            activation_global_scale=scalar("activation_global_scale", weight_gs),
            activation_scale_scale=scalar("activation_scale_scale", np.float32(1)),
        )

    @property
    def group(self) -> int:
        return 2 * self.e2m1.shape[1] // self.scale_quant.shape[1]

    @property
    def scale_type(self) -> DType:
        return self.scale_quant.dtype

    def transformed(self, x: Array) -> Array:
        """x as it is quantized: the transform of it, in x's own type."""
        if self.transform is None:
            return x
        return block_transform(x, self.transform).rounded(x.dtype)

    def quantize(self, x: Array, rounding: str = "even") -> tuple[Array, Array]:
        return quantize_pack(
            self.transformed(x),
            self.activation_global_scale,
            self.activation_scale_scale,
            self.group,
            self.scale_type,
            rounding,
        )

    def matmul(self, packed: Array, scales: Array) -> Product:
        """The product with the weight of quantized (..., K) rows, as (..., N)."""
        with np.errstate(all="ignore"):
            alpha = np.float32(self.activation_global_scale * self.weight_global_scale)
        flat = scaled_matmul(
            packed.reshape(-1, packed.shape[-1]),
            scales.reshape(-1, scales.shape[-1]),
            self.e2m1,
            self.scale_quant,
            alpha,
        )
        shape = (*packed.shape[:-1], self.e2m1.shape[0])
        return Product(flat.value.reshape(shape), flat.magnitude.reshape(shape))


# ---- safetensors ------------------------------------------------------------------------------------

SAFETENSORS_TYPES: Final[dict[str, DType]] = {
    "BF16": BF16,
    "F16": F16,
    "F32": F32,
    "F64": F64,
    "F8_E4M3": E4M3,
    "F8_E8M0": E8M0,
    "U8": np.dtype(np.uint8),
}


def load(path: str | os.PathLike[str]) -> dict[str, Array]:
    """All tensors of a file, dtypes kept (the package's own numpy reader knows no bf16 or 8-bit floats)."""
    with open(path, "rb") as file:
        tensors = safetensors.deserialize(file.read())
    return {
        name: np.frombuffer(t["data"], SAFETENSORS_TYPES[t["dtype"]]).reshape(t["shape"])
        for name, t in tensors
    }


def save(path: str | os.PathLike[str], tensors: dict[str, Array]) -> None:
    """Writes tensors under the dtypes they have."""
    # ascontiguousarray would make a scalar (1,): copy keeps the shape ().
    contiguous = {name: np.array(value, order="C", copy=True) for name, value in tensors.items()}
    safetensors.numpy.save_file(contiguous, path)
