"""GGUF files, written and decoded by the gguf package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import Array, assert_same, decode, load, load_config, scalar
from fp4.convert import ConversionError, convert

gguf: Any = pytest.importorskip("gguf", reason="writing GGUF files needs the package gguf")
N, K = 6, 128
MXFP4 = gguf.GGMLQuantizationType.MXFP4
NVFP4 = gguf.GGMLQuantizationType.NVFP4
BLOCK = {MXFP4: (32, 17), NVFP4: (64, 36)}


def make(rng: np.random.Generator, kind: Any, *shape: int) -> Array:
    """Random blocks of a tensor (..., K): uint8 (..., bytes of a row)."""
    elements, size = BLOCK[kind]
    blocks = rng.integers(0, 256, (*shape[:-1], shape[-1] // elements, size)).astype(np.uint8)
    if kind == MXFP4:
        blocks[..., 0] = rng.integers(0, 255, blocks.shape[:-1])
    else:
        blocks[..., :4] = rng.integers(0, 0x80, (*blocks.shape[:-1], 4))  # 0 and 0x7f are zeros
    return blocks.reshape(*shape[:-1], -1)


def save(path: Path, tensors: dict[str, tuple[Array, Any]], files: int = 1) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    if files > 1:
        writer.add_uint16("split.count", files)
    writer.add_name("tiny")
    writer.add_block_count(1)
    for name, (array, kind) in tensors.items():
        writer.add_tensor(name, array, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def dequantize(array: Array, kind: Any) -> Array:
    with np.errstate(over="ignore"):
        weights: Array = gguf.quants.dequantize(array, kind)
    return weights + np.float32(0)  # its -0 of scales of 0 is of no interest


@pytest.mark.parametrize("kind", [MXFP4, NVFP4])
def test_matrices(rng: np.random.Generator, tmp_path: Path, result: Path, kind: Any) -> None:
    blocks = make(rng, kind, N, K)
    bias, norm = (rng.normal(size=size).astype(np.float32) for size in (N, K))
    file = tmp_path / "a.gguf"
    save(
        file,
        {
            "blk.0.ffn_up.weight": (blocks, kind),
            "blk.0.ffn_up.bias": (bias, None),
            "norm.weight": (norm, None),
            "half.weight": (norm.astype(np.float16), None),
        },
    )
    convert(file, result)
    written = load(result)
    actual = decode(written, "blk.0.ffn_up") + np.float32(0)
    assert_same(actual, dequantize(blocks, kind))
    np.testing.assert_array_equal(written["blk.0.ffn_up.bias"][1], bias)
    np.testing.assert_array_equal(written["norm.weight"][1], norm)
    assert written["half.weight"][0] == "F16"
    config = load_config(result)
    assert config["converted_from"]["metadata"]["general.name"] == "tiny"
    assert config["groups"][0]["scale_format"] == ("mx" if kind == MXFP4 else "nv")


@pytest.mark.parametrize("stem", ["blk.0.ffn_up", "blk.0.ffn_up.weight"])
def test_global_scales_are_beside(
    rng: np.random.Generator, tmp_path: Path, result: Path, stem: str
) -> None:
    blocks = make(rng, NVFP4, N, K)
    file = tmp_path / "a.gguf"
    save(
        file,
        {
            "blk.0.ffn_up.weight": (blocks, NVFP4),
            f"{stem}.scale": (np.array([0.25], np.float32), None),
            f"{stem}.input_scale": (np.array([0.03], np.float32), None),
        },
    )
    convert(file, result)
    written = load(result)
    # The source multiplies after the product; by a power of two that is the same.
    expected = dequantize(blocks, NVFP4) * np.float32(0.25)
    assert_same(decode(written, "blk.0.ffn_up") + np.float32(0), expected)
    assert scalar(written, "blk.0.ffn_up.activation_global_scale") == np.float32(0.03)
    assert len(written) == 5


def test_experts(rng: np.random.Generator, tmp_path: Path, result: Path) -> None:
    blocks = make(rng, NVFP4, 3, N, K)
    scales = np.array([1, 0.5, 0.125], np.float32)
    bias = rng.normal(size=(3, N)).astype(np.float32)
    file = tmp_path / "a.gguf"
    save(
        file,
        {
            "blk.0.ffn_up_exps.weight": (blocks, NVFP4),
            "blk.0.ffn_up_exps.scale": (scales, None),
            "blk.0.ffn_up_exps.bias": (bias, None),
        },
    )
    convert(file, result)
    written = load(result)
    for e in range(3):
        expected = dequantize(blocks[e], NVFP4) * scales[e]
        assert_same(decode(written, f"blk.0.ffn_up_exps.{e}") + np.float32(0), expected)
        np.testing.assert_array_equal(written[f"blk.0.ffn_up_exps.{e}.bias"][1], bias[e])


def test_scales_that_cannot_be_held(rng: np.random.Generator, tmp_path: Path, result: Path) -> None:
    for kind, words in ((MXFP4, "'w.weight'.*byte 255"), (NVFP4, "'w.weight'.*byte 0xff")):
        blocks = make(rng, kind, N, K)
        blocks[3, 0] = 255
        save(tmp_path / "a.gguf", {"w.weight": (blocks, kind)})
        with pytest.raises(ConversionError, match=words):
            convert(tmp_path / "a.gguf", result)
        assert not list(result.glob("*.safetensors*"))


def test_other_types_are_refused(rng: np.random.Generator, tmp_path: Path, result: Path) -> None:
    q8 = gguf.quants.quantize(
        rng.normal(size=(4, 32)).astype(np.float32), gguf.GGMLQuantizationType.Q8_0
    )
    file = tmp_path / "a.gguf"
    save(
        file,
        {
            "w.weight": (make(rng, MXFP4, N, K), MXFP4),
            "embd.weight": (q8, gguf.GGMLQuantizationType.Q8_0),
        },
    )
    with pytest.raises(ConversionError, match=r"'embd.weight'.*found GGUF Q8_0; --exclude leaves"):
        convert(file, result)
    convert(file, result, exclude=["embd.*"])
    assert "w.e2m1" in load(result)


def test_a_checkpoint_in_several_files(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    for i in range(2):
        save(source / f"a-{i}.gguf", {f"w{i}.weight": (make(rng, MXFP4, N, K), MXFP4)}, 2)
    with pytest.raises(ConversionError, match="expected the 2 GGUF files of a checkpoint, found 1"):
        convert(source / "a-0.gguf", result)
    convert(source, result)
    assert {"w0.e2m1", "w1.e2m1"} <= load(result).keys()


def test_malformed_files(rng: np.random.Generator, tmp_path: Path, result: Path) -> None:
    file = tmp_path / "a.gguf"
    save(file, {"w.weight": (make(rng, MXFP4, N, K), MXFP4)})
    whole = file.read_bytes()
    for size in (4, 20, 60, 100, len(whole) - 200):
        file.write_bytes(whole[:size])
        with pytest.raises(ConversionError, match=r"a\.gguf"):
            convert(file, result)
    assert not result.exists()
