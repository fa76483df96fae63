"""ModelOpt: by its documented layout, and against the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import (
    BF16,
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
    save_config,
    scalar,
    spread,
    unpack,
)
from fp4.convert import ConversionError, convert

N, K = 6, 64


def config(algorithm: str, **others: Any) -> dict[str, Any]:
    return {"quant_method": "modelopt", "quant_algo": algorithm, **others}


def scalar_of(value: float) -> Array:
    return np.array(value, np.float32)


def make_nvfp4(rng: np.random.Generator, **others: Any) -> dict[str, Any]:
    tensors = {
        "m.up.weight": random_codes(rng, N, K // 2),
        "m.up.weight_scale": ("F8_E4M3", random_e4m3(rng, N, K // 16)),
        "m.up.weight_scale_2": scalar_of(0.00137),
        "m.up.input_scale": scalar_of(0.021),
    }
    tensors |= {f"m.up.{name}": tensor for name, tensor in others.items()}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def expected_nvfp4(tensors: dict[str, Any]) -> Array:
    scales = e4m3(tensors["m.up.weight_scale"][1]) * tensors["m.up.weight_scale_2"]
    weights: Array = e2m1(unpack(tensors["m.up.weight"])) * spread(scales, K)
    return weights


def test_nvfp4_multiplies_with_the_second_scale(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    tensors = make_nvfp4(rng, k_scale=scalar_of(0.5))
    save(source / "model.safetensors", tensors)
    save_config(source, config("NVFP4"))
    convert(source, result)
    written = load(result)
    assert_same(decode(written, "m.up"), expected_nvfp4(tensors))
    assert scalar(written, "m.up.activation_global_scale") == np.float32(0.021)
    assert scalar(written, "m.up.activation_scale_scale") == 6
    assert scalar(written, "m.up.k_scale") == 0.5  # copied: it is of the cache


def test_the_second_configuration_file(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    save(source / "model.safetensors", make_nvfp4(rng))
    described = {"quant_algo": "NVFP4", "group_size": 16}
    (source / "hf_quant_config.json").write_text(
        json.dumps({"producer": {"name": "modelopt", "version": "0.37"}, "quantization": described})
    )
    convert(source, result)
    found = load_config(result)["converted_from"]["quantization_config"]
    assert found == {"quant_method": "modelopt", **described}
    assert not (result / "hf_quant_config.json").exists()


def test_awq_smoothing_is_a_transform_of_single_elements(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    smoothing = rng.uniform(0.5, 2, K).astype(BF16)
    save(source / "a.safetensors", make_nvfp4(rng, pre_quant_scale=smoothing))
    save_config(source, config("NVFP4_AWQ"))
    convert(source, result)
    dtype, transform = load(result)["m.up.transform"]
    assert dtype == "BF16" and transform.shape == (K, 1, 1)
    np.testing.assert_array_equal(transform.reshape(-1), smoothing)


@pytest.mark.parametrize(
    ("algorithm", "gs"),
    [("W4A16_NVFP4", 0.125), ("W4A8_NVFP4_FP8", np.float32(np.float32(0.021) / 6))],
)
def test_other_activations(
    rng: np.random.Generator, source: Path, result: Path, algorithm: str, gs: float
) -> None:
    save(source / "a.safetensors", make_nvfp4(rng))
    save_config(source, config(algorithm))
    convert(source, result)
    assert scalar(load(result), "m.up.activation_global_scale") == gs


def test_mixed_precision(rng: np.random.Generator, source: Path, result: Path) -> None:
    tensors = make_nvfp4(rng)
    fp8 = random_e4m3(rng, 4, 4)
    others = {"m.o.weight": ("F8_E4M3", fp8), "m.o.weight_scale": scalar_of(2)}
    save(source / "a.safetensors", {**tensors, **others})
    layers = {"m.up": {"quant_algo": "NVFP4"}, "m.o": {"quant_algo": "FP8"}}
    save_config(source, config("MIXED_PRECISION", quantized_layers=layers))
    convert(source, result)
    written = load(result)
    assert_same(decode(written, "m.up"), expected_nvfp4(tensors))
    assert written["m.o.weight"][0] == "F8_E4M3"
    np.testing.assert_array_equal(written["m.o.weight"][1], fp8)


@pytest.mark.parametrize("algorithm", ["mxfp4", "W4A8_MXFP4_FP8"])
def test_mxfp4(rng: np.random.Generator, source: Path, result: Path, algorithm: str) -> None:
    codes, scales = random_codes(rng, N, K // 2), random_e8m0(rng, N, K // 32)
    save(source / "a.safetensors", {"m.weight": codes, "m.weight_scale": scales})
    save_config(source, config(algorithm))
    convert(source, result)
    with np.errstate(over="ignore"):
        expected = e2m1(unpack(codes)) * spread(e8m0(scales), K)
    assert_same(decode(load(result), "m"), expected)


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1), ()])
def test_experts(
    rng: np.random.Generator, source: Path, result: Path, shape: tuple[int, ...]
) -> None:
    codes, scales = random_codes(rng, 3, N, K // 2), random_e4m3(rng, 3, N, K // 16)
    second = rng.uniform(0.1, 1, shape).astype(np.float32)
    tensors: dict[str, Any] = {
        "m.weight": codes,
        "m.weight_scale": ("F8_E4M3", scales),
        "m.weight_scale_2": np.asarray(second, np.float32),
        "m.bias": rng.normal(size=(3, N)).astype(np.float32),
    }
    save(source / "a.safetensors", tensors)
    convert(source, result)
    written = load(result)
    for e, gs in enumerate(np.broadcast_to(second.reshape(-1), 3)):
        expected = e2m1(unpack(codes[e])) * spread(e4m3(scales[e]) * gs, K)
        assert_same(decode(written, f"m.{e}"), expected)
        np.testing.assert_array_equal(written[f"m.{e}.bias"][1], tensors["m.bias"][e])


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan])
def test_an_expert_that_was_not_calibrated(
    rng: np.random.Generator, source: Path, result: Path, value: float
) -> None:
    save(source / "a.safetensors", make_nvfp4(rng, input_scale=scalar_of(value)))
    conversion = convert(source, result)
    assert scalar(load(result), "m.up.activation_global_scale") == 0.125
    assert "m.up.input_scale" in conversion.plan.notes[0]


@pytest.mark.parametrize(
    ("algorithm", "others", "words"),
    [
        ("NVFP4", {"weight_scale_2": scalar_of(np.inf)}, "weight_scale_2'.*found inf"),
        ("NVFP4", {"weight_scale_2": scalar_of(np.nan)}, "weight_scale_2'.*found nan"),
        ("NVFP4", {"weight_scale_2": scalar_of(-1)}, "weight_scale_2'.*found -1"),
        (
            "NVFP4",
            {"weight_scale_2": None},
            "module 'm.up': expected weight, weight_scale, weight_s",
        ),
        ("NVFP4", {"svdquant_lora_a": scalar_of(1)}, "svdquant_lora_a'.*low-rank"),
        ("NVFP4", {"pre_quant_scale": scalar_of(1)}, r"pre_quant_scale'.*\(64,\), found F32 \(\)"),
        ("NVFP4", {"weight_scale": np.zeros((N, 4), np.uint8)}, r"F8_E4M3 \(6, 4\).*found U8"),
        ("NVFP4_SVD", {}, "module 'm.up': quant_algo: expected NVFP4, .*found 'NVFP4_SVD'"),
        ("MIXED_PRECISION", {}, "module 'm.up': quant_algo: .*found None"),
    ],
)
def test_refusals(
    rng: np.random.Generator,
    source: Path,
    result: Path,
    algorithm: str,
    others: dict[str, Any],
    words: str,
) -> None:
    save(source / "a.safetensors", make_nvfp4(rng, **others))
    save_config(source, config(algorithm))
    with pytest.raises(ConversionError, match=words):
        convert(source, result)
    assert not result.exists()


def test_a_configuration_of_the_part_for_text(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    save(source / "a.safetensors", make_nvfp4(rng))
    quantization = config("W4A16_NVFP4")
    text = {"hidden_size": 8, "quantization_config": quantization}
    (source / "config.json").write_text(json.dumps({"text_config": text}))
    convert(source, result)
    assert load_config(result)["converted_from"]["quantization_config"] == quantization
    written = json.loads((result / "config.json").read_text())
    assert written["text_config"] == {"hidden_size": 8}


def test_directions_are_those_of_another_converter(
    rng: np.random.Generator, tmp_path: Path, source: Path, result: Path
) -> None:
    torch = pytest.importorskip("torch", reason="compressed-tensors computes with torch")
    converters = pytest.importorskip("compressed_tensors.entrypoints.convert.converters")
    from safetensors.torch import load_file, save_file

    save(source / "a.safetensors", make_nvfp4(rng))
    convert(source, result)
    # compressed-tensors makes its own form of it, which is then converted as well.
    converter = converters.ModelOptNvfp4Converter(targets=["re:m.*"])
    theirs = converter.process(load_file(source / "a.safetensors"))
    assert theirs["m.up.weight_global_scale"].dtype == torch.float32
    (tmp_path / "theirs").mkdir()
    save_file(theirs, tmp_path / "theirs" / "a.safetensors")
    convert(tmp_path / "theirs", tmp_path / "by-way")
    direct, by_way = load(result), load(tmp_path / "by-way")
    for name in ("e2m1", "scale_quant", "activation_scale_scale"):
        np.testing.assert_array_equal(direct[f"m.up.{name}"][1], by_way[f"m.up.{name}"][1])
    for name in ("weight_global_scale", "activation_global_scale"):
        values = direct[f"m.up.{name}"][1], by_way[f"m.up.{name}"][1]
        np.testing.assert_allclose(*values, rtol=2**-22)


def test_against_the_package(source: Path, result: Path) -> None:
    torch = pytest.importorskip("torch", reason="the package computes with torch")
    qtensor = pytest.importorskip("modelopt.torch.quantization.qtensor")
    from safetensors.torch import save_file

    torch.manual_seed(0)
    weight = torch.randn(48, 128) * torch.exp(torch.randn(48, 1))
    nv, scale, second = qtensor.NVFP4QTensor.quantize(weight, 16)
    mx, e8m0_scale = qtensor.MXFP4QTensor.quantize(weight, 32)
    tensors = {
        "nv.weight": nv._quantized_data,
        "nv.weight_scale": scale,
        "nv.weight_scale_2": second,
        "mx.weight": mx._quantized_data,
        "mx.weight_scale": e8m0_scale.reshape(48, 4),
    }
    save_file(tensors, source / "model.safetensors")
    layers = {"nv": {"quant_algo": "NVFP4"}, "mx": {"quant_algo": "mxfp4"}}
    save_config(source, config("MIXED_PRECISION", quantized_layers=layers))
    convert(source, result)
    written = load(result)
    expected = nv.dequantize(torch.float32, scale=scale, double_scale=second, block_sizes={-1: 16})
    # Code 8 is +0 in the package's table for NVFP4, and -0 in the one for MXFP4 and here.
    np.testing.assert_array_equal(decode(written, "nv"), expected.numpy())
    expected = mx.dequantize(torch.float32, scale=e8m0_scale, block_sizes={-1: 32})
    assert_same(decode(written, "mx"), expected.numpy())
