"""fp4.formats: each rule against its definition, the oracle of test/oracle, ml_dtypes and vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fp4_oracle as oracle
import ml_dtypes
import numpy as np
import pytest
from fp4 import formats
from fp4.formats import BF16, E4M3, E8M0, F16, MX, NV, Format

ROUNDINGS = ("even", "zero", "down", "up")
VECTORS = [
    *("mx_edge", "mx_none", "mx_oddk", "mx_perblock", "mx_shared", "mx_t128", "nv_edge"),
    *("nv_mixed_gs", "nv_none", "nv_oddk", "nv_perblock", "nv_shared", "nv_t64_shared"),
]


def every(dtype: Any) -> np.ndarray:
    """Each of the 65536 values of a type of 16 bits."""
    return np.arange(65536, dtype=np.uint16).view(dtype)


def probes(around: np.ndarray) -> np.ndarray:
    """f32 values, both neighbours of each, the negatives of all, and what is special."""
    near = np.asarray(around, np.float32)
    near = np.concatenate([np.nextafter(near, np.float32(0)), near, np.nextafter(near, np.inf)])
    special = np.array([0, 1e-45, 2.0**-126, 3.4e38, np.inf, np.nan], np.float32)
    positive = np.concatenate([near, special]).astype(np.float32)
    return np.concatenate([positive, -positive])


def nearest_e2m1(q: float, rounding: str) -> int:
    """A code by its definition: the nearest value, and of two the one that `rounding` names."""
    if np.isnan(q):
        return 7
    magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    distance = [abs(min(abs(q), 6.0) - m) for m in magnitudes]
    first = distance.index(min(distance))
    candidates = [i for i in (first, first + 1) if i < 8 and distance[i] == distance[first]]
    negative = bool(np.signbit(q))
    outer = candidates[-1]
    chosen = {
        "even": next((i for i in candidates if i % 2 == 0), candidates[0]),
        "zero": candidates[0],
        "down": outer if negative else candidates[0],
        "up": candidates[0] if negative else outer,
    }[rounding]
    return chosen + 8 * negative


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_e2m1_of_ties_and_their_neighbours(rounding: Any) -> None:
    q = probes(np.array([0.25, 0.5, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 6, 7]))
    expected = [nearest_e2m1(float(value), rounding) for value in q]
    assert formats.encode_e2m1(q, rounding).tolist() == expected


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("dtype", [BF16, F16])
def test_e2m1_of_every_16_bit_float(dtype: Any, rounding: Any) -> None:
    q = every(dtype)
    expected = oracle.encode_e2m1(q.astype(np.float32), rounding)
    assert np.array_equal(formats.encode_e2m1(q, rounding), expected)


def test_e2m1_is_what_ml_dtypes_casts_to() -> None:
    q = every(BF16)
    q = q[~np.isnan(q.astype(np.float32))]
    expected = q.astype(ml_dtypes.float4_e2m1fn).view(np.uint8) & 15
    assert np.array_equal(formats.encode_e2m1(q), expected)


def test_decoded_e2m1() -> None:
    codes = np.arange(16, dtype=np.uint8)
    expected = codes.view(ml_dtypes.float4_e2m1fn).astype(np.float32)
    decoded = formats.decode_e2m1(codes)
    assert np.array_equal(decoded, expected)
    assert np.signbit(decoded[8])


def test_the_lower_index_is_in_the_lower_nibble() -> None:
    packed = formats.pack(np.array([[1, 2, 15, 0]], np.uint8))
    assert packed.tolist() == [[0x21, 0x0F]]
    assert formats.unpack(packed).tolist() == [[1, 2, 15, 0]]


def test_decoded_scales_of_every_byte() -> None:
    byte = np.arange(256, dtype=np.uint8)
    for decode, dtype in ((formats.decode_e8m0, E8M0), (formats.decode_e4m3, E4M3)):
        expected = byte.view(dtype).astype(np.float32)
        assert np.array_equal(decode(byte.view(dtype)), expected, equal_nan=True)
        assert np.array_equal(decode(byte), expected, equal_nan=True)


def test_e8m0_is_the_nearest_power_of_two() -> None:
    powers = np.ldexp(1.0, np.arange(-127, 128))
    v = probes(np.concatenate([powers, 1.5 * powers[:-1]]))
    # A tie, 1.5 times a power, goes up: the powers whose tie is at most v are passed.
    expected = np.searchsorted(1.5 * powers[:-1], v.astype(np.float64), side="right")
    expected[np.isnan(v)] = 255
    assert np.array_equal(formats.encode_e8m0(v).view(np.uint8), expected)


def test_e4m3_is_the_nearest_value() -> None:
    values = np.arange(127, dtype=np.uint8).view(E4M3).astype(np.float64)
    v = probes(np.concatenate([values, (values[1:] + values[:-1]) / 2]))
    expected = oracle.encode_e4m3(v)
    assert np.array_equal(formats.encode_e4m3(v).view(np.uint8), expected.view(np.uint8))
    assert formats.encode_e4m3(np.array([1e9, np.nan, -np.nan], np.float32)).view(
        np.uint8
    ).tolist() == [0x7E, 0x7F, 0x7F]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("format", [MX, NV, Format("mx", 2), Format("nv", 128), Format("nv", 32)])
def test_quantize_is_the_oracle(format: Format, rounding: Any) -> None:
    rng = np.random.default_rng(7)
    x = np.ldexp(rng.standard_normal((3, 40, 256)), rng.integers(-30, 30, (3, 40, 1)))
    x = x.astype(np.float32)
    x[0, 0] = 0
    x[0, 1, 5], x[0, 2, 9], x[1, 3, 200] = np.nan, np.inf, -np.inf
    x[1, 4] *= np.float32(2.0**-130)
    for dtype in (np.dtype(np.float32), BF16):
        for gs, ss in ((1 / 3, 4), (0.1, 6), (-0.1, 6), (0.0, 4)):
            with np.errstate(all="ignore"):
                typed = x.astype(dtype)
            got = formats.quantize(typed, format, gs, ss, rounding=rounding)
            packed, scales = oracle.quantize_pack(
                typed,
                np.float32(gs),
                np.float32(ss),
                format.group_size,
                format.scale_dtype,
                rounding,
            )
            assert got.scale_quant.dtype == format.scale_dtype
            assert np.array_equal(got.scale_quant.view(np.uint8), scales.view(np.uint8))
            assert np.array_equal(got.e2m1, packed)


@pytest.mark.parametrize("case", VECTORS)
def test_published_vectors(vectors: Path, case: str) -> None:
    layer = oracle.load(vectors / case / "layer.safetensors")
    x = oracle.load(vectors / case / "in.safetensors")["x"]
    expected = oracle.load(vectors / case / "expect.safetensors")
    if "transform" in layer:
        x = oracle.Layer.from_state(layer).transformed(x)
    got = formats.quantize(
        x,
        Format.of_tensors(layer["e2m1"], layer["scale_quant"]),
        layer.get("activation_global_scale", layer["weight_global_scale"]),
        layer.get("activation_scale_scale", np.float32(1)),
    )
    # A transform that is summed in another order may move a value across a boundary ([Q13]).
    needed = 0.999 if "transform" in layer else 1.0
    same = formats.unpack(got.e2m1) == formats.unpack(expected["e2m1"])
    assert np.mean(same) >= needed
    same = got.scale_quant.view(np.uint8) == expected["scale_quant"].view(np.uint8)
    assert np.mean(same) >= needed


@pytest.mark.parametrize("dtype", [BF16, F16, np.dtype(np.float32)])
@pytest.mark.parametrize("scale_dtype", [E8M0, E4M3])
def test_dequantize_is_the_oracle(scale_dtype: Any, dtype: Any) -> None:
    rng = np.random.default_rng(8)
    scales = np.arange(256, dtype=np.uint8).reshape(4, 64).view(scale_dtype)
    packed = rng.integers(0, 256, (4, 64 * 8), np.uint8)
    for gs in (np.float32(1 / 3), np.float32(-5e-39)):
        expected = oracle.dequantize(packed, scales, gs, dtype)
        got = formats.dequantize(packed, scales, gs, dtype)
        assert got.dtype == dtype
        assert np.array_equal(got, expected, equal_nan=True)


def test_large_arrays_are_processed_in_pieces() -> None:
    x = np.random.default_rng(9).standard_normal((70, 4096), dtype=np.float32)
    packed, scales = oracle.quantize_pack(x[::2], np.float32(0.1), np.float32(6), 16, E4M3)
    got = formats.quantize(x[::2], NV, 0.1)  # not contiguous, more than one piece
    assert np.array_equal(got.e2m1, packed)
    assert np.array_equal(got.scale_quant.view(np.uint8), scales.view(np.uint8))


def test_the_usual_global_scale() -> None:
    x = np.array([[1, -5.25, 2, 3]], np.float32)
    assert formats.default_global_scale(x, NV) == np.float32(5.25 / 2688)
    assert formats.default_global_scale(x, MX) == np.float32(1 / 3)
    assert formats.default_global_scale(0 * x, NV) == 1
    with pytest.raises(ValueError, match="x: expected finite values, found nan"):
        formats.default_global_scale(np.array([1, np.nan], np.float32), NV)


def test_empty_arrays() -> None:
    got = formats.quantize(np.zeros((0, 64), np.float32), "mx")
    assert got.e2m1.shape == (0, 32)
    assert got.scale_quant.shape == (0, 2)
    assert formats.dequantize(*got, 1.0).shape == (0, 64)


X = np.zeros((2, 64), np.float32)
CODES, SCALES = np.zeros((2, 32), np.uint8), np.zeros((2, 4), E4M3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Format.of("fp8"), ValueError, "format: expected 'mx' or 'nv', got 'fp8'"),
        (lambda: Format.of("nv", 24), ValueError, "group_size: expected a power of two .* got 24"),
        (lambda: formats.quantize(X.astype(np.float64), "mx"), TypeError, "x: .* dtype float64"),
        (lambda: formats.quantize([[1.0]], "mx"), TypeError, "x: .* got list"),  # type: ignore
        (lambda: formats.quantize(X[:, :40], "mx"), ValueError, r"x: .* got shape \(2, 40\)"),
        (lambda: formats.quantize(X, "mx", rounding="odd"), ValueError, "rounding: .* 'odd'"),  # type: ignore
        (lambda: formats.dequantize(CODES, SCALES[:, :3], 1), ValueError, "scale_quant: expected"),
        (lambda: formats.dequantize(CODES, SCALES[:1], 1), ValueError, "scale_quant: expected"),
        (lambda: formats.dequantize(CODES, X, 1), TypeError, "scale_quant: .* got float32"),
        (lambda: formats.dequantize(X, SCALES, 1), TypeError, "e2m1: .* uint8, got float32"),
        (lambda: formats.dequantize(CODES, SCALES, 1, np.int8), TypeError, "dtype: .* got int8"),
        (lambda: formats.quantize(X, "mx", X), ValueError, r"global_scale: .* shape \(2, 64\)"),
        (lambda: formats.pack(CODES[:, :3]), ValueError, r"codes: .* got shape \(2, 3\)"),
    ],
)
def test_errors_name_the_argument(call: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
