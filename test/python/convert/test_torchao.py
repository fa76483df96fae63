"""torchao: by its documented layout, and against the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import (
    Array,
    assert_same,
    decode,
    e2m1,
    e4m3,
    e8m0,
    load,
    load_config,
    random_codes,
    random_e4m3,
    random_e8m0,
    save,
    scalar,
    spread,
    unpack,
)
from fp4.convert import ConversionError, convert

N, K = 40, 96
MX_ELEMENT = {"_type": "torch.dtype", "_data": "float4_e2m1fn_x2"}


def swizzle(scales: Array) -> Array:
    """By the formula for one scale at a time; padding is not zero here."""
    rows, columns = scales.shape
    tiles = -(-columns // 4)
    blocked = np.full(-(-rows // 128) * tiles * 512, 0x55, np.uint8)
    for m in range(rows):
        for k in range(columns):
            offset = (m // 128 * tiles + k // 4) * 512
            blocked[offset + m % 32 * 16 + m % 128 // 32 * 4 + k % 4] = scales[m, k]
    return blocked.reshape(-(-rows // 128) * 32, -1)


def save_parameter(
    path: Path, kind: str, parts: dict[str, Any], name: str = "m.weight", **attributes: Any
) -> None:
    module, attribute = name.rsplit(".", 1)
    described = {
        "_type": kind,
        "_data": {"block_size": 16 if kind == "NVFP4Tensor" else 32, **attributes},
        "_tensor_data_names": list(parts),
    }
    tensors = {f"{module}._{attribute}_{part}": tensor for part, tensor in parts.items()}
    tensors["m.bias"] = np.zeros(N, np.float32)
    metadata = {name: json.dumps(described), "tensor_names": json.dumps([name]), "format": "pt"}
    metadata["m.bias"] = json.dumps({"_type": "Tensor"})
    save(path, tensors, metadata)


@pytest.mark.parametrize("swizzled", [False, True])
def test_nvfp4(rng: np.random.Generator, source: Path, result: Path, swizzled: bool) -> None:
    codes, scales = random_codes(rng, N, K // 2), random_e4m3(rng, N, K // 16)
    parts = {
        "qdata": codes,
        "scale": ("F8_E4M3", swizzle(scales) if swizzled else scales),
        "per_tensor_scale": np.array(0.0371, np.float32),
        "act_per_tensor_scale": np.array(0.5, np.float32),
    }
    save_parameter(source / "a.safetensors", "NVFP4Tensor", parts, is_swizzled_scales=swizzled)
    convert(source, result)
    written = load(result)
    expected = e2m1(unpack(codes)) * spread(e4m3(scales) * np.float32(0.0371), K)
    assert_same(decode(written, "m"), expected)
    assert scalar(written, "m.activation_global_scale") == 0.5
    assert "m.bias" in written


@pytest.mark.parametrize("swizzled", [False, True])
def test_mx(rng: np.random.Generator, source: Path, result: Path, swizzled: bool) -> None:
    codes, scales = random_codes(rng, 200, K // 2), random_e8m0(rng, 200, K // 32)
    parts = {"qdata": codes, "scale": ("F8_E8M0", swizzle(scales) if swizzled else scales)}
    save_parameter(
        source / "a.safetensors",
        "MXTensor",
        parts,
        is_swizzled_scales=swizzled,
        elem_dtype=MX_ELEMENT,
    )
    convert(source, result)
    with np.errstate(over="ignore"):
        expected = e2m1(unpack(codes)) * spread(e8m0(scales), K)
    assert_same(decode(load(result), "m"), expected)


NV_PARTS = {
    "qdata": np.zeros((N, K // 2), np.uint8),
    "scale": ("F8_E4M3", np.zeros((N, K // 16), np.uint8)),
}
MX_PARTS = {"qdata": NV_PARTS["qdata"], "scale": ("F8_E8M0", np.zeros((N, K // 32), np.uint8))}


@pytest.mark.parametrize(
    ("kind", "parts", "attributes", "words"),
    [
        ("NVFP4Tensor", NV_PARTS, {"is_swizzled_scales": True}, "expected 1024 bytes.*found 240"),
        ("NVFP4Tensor", NV_PARTS, {"block_size": 32}, "expected block_size 16, found 32"),
        (
            "NVFP4Tensor",
            {"qdata": NV_PARTS["qdata"], "scale": MX_PARTS["scale"]},
            {},
            r"F8_E4M3 \(",
        ),
        (
            "MXTensor",
            MX_PARTS,
            {"elem_dtype": {"_type": "torch.dtype", "_data": "float8_e4m3fn"}},
            "expected elem_dtype float4_e2m1fn_x2, found float8_e4m3fn",
        ),
        (
            "MXTensor",
            MX_PARTS,
            {"name": "m.w13"},
            "parameter 'm.w13': expected parameters named weight",
        ),
        (
            "Float8Tensor",
            NV_PARTS,
            {},
            "'m.weight': expected NVFP4Tensor or MXTensor, found Float8",
        ),
    ],
)
def test_refusals(
    source: Path,
    result: Path,
    kind: str,
    parts: dict[str, Any],
    attributes: dict[str, Any],
    words: str,
) -> None:
    attributes = {"elem_dtype": MX_ELEMENT, **attributes}
    save_parameter(source / "a.safetensors", kind, parts, **attributes)
    if kind == "Float8Tensor":  # alone it is not recognised at all
        (source / "config.json").write_text('{"quantization_config": {"quant_method": "torchao"}}')
    with pytest.raises(ConversionError, match=words):
        convert(source, result)
    assert not result.exists()


def test_a_part_in_another_file_that_is_missing(source: Path, result: Path) -> None:
    save_parameter(source / "a.safetensors", "NVFP4Tensor", NV_PARTS)
    with pytest.raises(ConversionError, match=r"expected the tensors.*found \['qdata'\]"):
        convert(source, result, exclude=["*_scale"])


@pytest.mark.parametrize("swizzled", [False, True])
@pytest.mark.parametrize("kind", ["nv", "nv_per_tensor", "mx"])
def test_against_the_package(source: Path, result: Path, kind: str, swizzled: bool) -> None:
    torch = pytest.importorskip("torch", reason="torchao computes with torch")
    pytest.importorskip("torchao")
    from safetensors.torch import save_file
    from torchao.prototype.mx_formats.mx_tensor import MXTensor, QuantizeTensorToMXKwargs
    from torchao.prototype.mx_formats.nvfp4_tensor import NVFP4Tensor, per_tensor_amax_to_scale
    from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict

    torch.manual_seed(0)
    weight = torch.randn(144, 256) * torch.exp(torch.randn(144, 1))
    if kind == "mx":
        tensor = MXTensor.to_mx(
            weight,
            torch.float4_e2m1fn_x2,
            act_quant_kwargs=QuantizeTensorToMXKwargs(elem_dtype=torch.float4_e2m1fn_x2),
            is_swizzled_scales=swizzled,
        )
    else:
        scale = per_tensor_amax_to_scale(weight.abs().max()) if kind == "nv_per_tensor" else None
        tensor = NVFP4Tensor.to_nvfp4(weight, per_tensor_scale=scale, is_swizzled_scales=swizzled)
    state = {"m.weight": tensor, "norm.weight": torch.ones(4)}
    flat, metadata = flatten_tensor_state_dict(state)
    save_file(flat, source / "model.safetensors", metadata)
    convert(source, result)
    written = load(result)
    assert_same(decode(written, "m"), tensor.dequantize(torch.float32).numpy())
    origin = load_config(result)["groups"][0]["activation"]
    assert origin == (
        "dynamic: floor" if kind == "mx" else "assumed: the source does not quantize it"
    )
