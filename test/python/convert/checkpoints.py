"""What the tests of the converter share: files made and read, and values decoded, without it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np
import safetensors

Array: TypeAlias = np.ndarray[Any, Any]
Typed: TypeAlias = tuple[str, Array]

BF16 = np.dtype(ml_dtypes.bfloat16)
_DTYPES = {"uint8": "U8", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int32": "I32"}


def save(path: Path, tensors: Mapping[str, Any], metadata: dict[str, str] | None = None) -> None:
    """Writes a safetensors file of arrays, or pairs (dtype, bytes) for dtypes that numpy lacks."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, tensor in tensors.items():
        dtype, array = tensor if isinstance(tensor, tuple) else (_DTYPES[tensor.dtype.name], tensor)
        bits = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(bits)],
        }
        data += bits
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def save_config(folder: Path, quantization: dict[str, Any], **others: Any) -> None:
    """Writes config.json."""
    config = {**others, "quantization_config": quantization}
    (folder / "config.json").write_text(json.dumps(config))


def load(folder: Path) -> dict[str, Typed]:
    """All tensors of a result, by the index, with their dtypes; of F8 the bytes."""
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    loaded: dict[str, Typed] = {}
    for file in sorted(set(index["weight_map"].values())):
        for name, entry in safetensors.deserialize((folder / file).read_bytes()):
            numpy_dtype = {"F32": np.float32, "F16": np.float16, "BF16": BF16, "I32": np.int32}.get(
                entry["dtype"], np.uint8
            )
            array = np.frombuffer(bytes(entry["data"]), numpy_dtype).reshape(entry["shape"])
            loaded[name] = (entry["dtype"], array)
            assert index["weight_map"][name] == file
    assert loaded.keys() == index["weight_map"].keys()
    return loaded


def load_config(folder: Path) -> dict[str, Any]:
    """The quantization_config of a result."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    quantization: dict[str, Any] = config["quantization_config"]
    return quantization


def unpack(packed: Array) -> Array:
    """Codes (..., K) of bytes (..., K/2), the low nibble first."""
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], -1)


def e2m1(codes: Array) -> Array:
    """The f32 values of codes, by ml_dtypes."""
    values: Array = codes.astype(np.uint8).view(ml_dtypes.float4_e2m1fn).astype(np.float32)
    return values


def e4m3(scales: Array) -> Array:
    """The f32 values of e4m3 bytes, by ml_dtypes."""
    values: Array = scales.view(ml_dtypes.float8_e4m3fn).astype(np.float32)
    return values


def e8m0(scales: Array) -> Array:
    """The f32 values of e8m0 bytes, by ml_dtypes."""
    values: Array = scales.view(ml_dtypes.float8_e8m0fnu).astype(np.float32)
    return values


def spread(scales: Array, k: int) -> Array:
    """A scale for each element from one for each group."""
    return np.repeat(scales, k // scales.shape[-1], axis=-1)


def decode(tensors: dict[str, Typed], layer: str) -> Array:
    """The weight of a layer of a result by [D1] of docs/numerics.md, in f32."""
    dtype, codes = tensors[f"{layer}.e2m1"]
    assert dtype == "U8"
    scale_dtype, scales = tensors[f"{layer}.scale_quant"]
    gs_dtype, gs = tensors[f"{layer}.weight_global_scale"]
    assert gs_dtype == "F32" and gs.shape == ()
    values = {"F8_E8M0": e8m0, "F8_E4M3": e4m3}[scale_dtype](scales)
    k = codes.shape[-1] * 2
    with np.errstate(over="ignore"):
        weight: Array = e2m1(unpack(codes)) * spread(values * gs, k)
    return weight


def scalar(tensors: dict[str, Typed], name: str) -> float:
    """A scalar of a result."""
    dtype, array = tensors[name]
    assert dtype == "F32" and array.shape == ()
    return float(array)


def random_codes(rng: np.random.Generator, *shape: int) -> Array:
    """Packed codes: all bytes occur."""
    return rng.integers(0, 256, shape).astype(np.uint8)


def random_e4m3(rng: np.random.Generator, *shape: int) -> Array:
    """Bytes of scales from 0 to 448, no NaN."""
    return rng.integers(0, 0x7F, shape).astype(np.uint8)


def random_e8m0(rng: np.random.Generator, *shape: int) -> Array:
    """Bytes of scales from 2^-127 to 2^127, no NaN."""
    return rng.integers(0, 255, shape).astype(np.uint8)


def assert_same(actual: Array, expected: Array) -> None:
    """Equal bit for bit, the signs of zeros included."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype == np.float32
    np.testing.assert_array_equal(actual.view(np.uint32), expected.view(np.uint32))


def ulps_apart(actual: Array, expected: Array) -> int:
    """The largest distance of two arrays of f32 of the same signs, in representable values."""
    ordered = [x.view(np.int32).astype(np.int64) for x in (actual, expected)]
    return int(np.abs(ordered[0] - ordered[1]).max())
