"""compressed-tensors: by its documented layout, and against the package."""

from __future__ import annotations

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
    save_config,
    scalar,
    spread,
    ulps_apart,
    unpack,
)
from fp4.convert import ConversionError, convert

N, K = 6, 64
NVFP4 = {
    "quant_method": "compressed-tensors",
    "format": "nvfp4-pack-quantized",
    "config_groups": {"group_0": {"input_activations": {"num_bits": 4, "dynamic": "local"}}},
}
MXFP4 = {**NVFP4, "format": "mxfp4-pack-quantized"}


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


def save_nvfp4(folder: Path, rng: np.random.Generator, gs: float = 512.0, **others: Any) -> Any:
    tensors = {
        "m.up.weight_packed": random_codes(rng, N, K // 2),
        "m.up.weight_scale": ("F8_E4M3", random_e4m3(rng, N, K // 16)),
        "m.up.weight_global_scale": f32(gs),
        "m.up.input_global_scale": f32(4.0),
        **{name.replace("__", "."): tensor for name, tensor in others.items()},
    }
    tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save(folder / "model.safetensors", tensors)
    return tensors


def test_nvfp4_divides_by_the_global_scale(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    bias = rng.normal(size=N).astype(np.float32)
    tensors = save_nvfp4(source, rng, m__up__bias=bias, norm__weight=f32(1, 2, 3))
    save_config(source, NVFP4, model_type="llama")
    convert(source, result)

    written = load(result)
    scales = tensors["m.up.weight_scale"][1]
    expected = e2m1(unpack(tensors["m.up.weight_packed"])) * spread(e4m3(scales) / f32(512), K)
    assert_same(decode(written, "m.up"), expected)
    assert scalar(written, "m.up.weight_global_scale") == 1 / 512
    assert scalar(written, "m.up.activation_global_scale") == 1 / 4
    assert scalar(written, "m.up.activation_scale_scale") == 6
    np.testing.assert_array_equal(written["m.up.bias"][1], bias)
    np.testing.assert_array_equal(written["norm.weight"][1], f32(1, 2, 3))
    assert len(written) == 7
    config = load_config(result)
    assert config["quant_method"] == "fp4"
    assert config["converted_from"] == {
        "format": "compressed-tensors",
        "quantization_config": NVFP4,
    }
    assert config["groups"] == [
        {"scale_format": "nv", "group_size": 16, "activation": "static", "layers": ["m.up"]}
    ]


@pytest.mark.parametrize("gs", [3.0, 0.7, 1234.5678, 2688 / 0.113, 1e-30])
def test_a_reciprocal_is_one_unit_off_at_most(
    rng: np.random.Generator, source: Path, result: Path, gs: float
) -> None:
    tensors = save_nvfp4(source, rng, gs)
    convert(source, result)
    written = load(result)
    scales = e4m3(tensors["m.up.weight_scale"][1])
    ours = scales * written["m.up.weight_global_scale"][1]
    assert ulps_apart(ours, scales / f32(gs)) <= 1


def test_mxfp4(rng: np.random.Generator, source: Path, result: Path) -> None:
    codes, scales = random_codes(rng, N, K // 2), random_e8m0(rng, N, K // 32)
    save(source / "a.safetensors", {"m.weight_packed": codes, "m.weight_scale": scales})
    save_config(source, MXFP4)
    convert(source, result)
    written = load(result)
    with np.errstate(over="ignore"):
        assert_same(decode(written, "m"), e2m1(unpack(codes)) * spread(e8m0(scales), K))
    assert scalar(written, "m.weight_global_scale") == 1
    assert scalar(written, "m.activation_global_scale") == 1
    assert load_config(result)["groups"][0]["activation"] == "dynamic: even"


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan])
def test_an_expert_that_was_not_calibrated(
    rng: np.random.Generator, source: Path, result: Path, value: float
) -> None:
    save_nvfp4(source, rng, m__up__input_global_scale=f32(value))
    conversion = convert(source, result)
    assert scalar(load(result), "m.up.activation_global_scale") == 0.125
    assert "m.up.input_global_scale" in conversion.plan.notes[0]


def test_a_weight_of_zeros_has_an_infinite_global_scale(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    tensors = save_nvfp4(source, rng, np.inf)
    convert(source, result)
    expected = e2m1(unpack(tensors["m.up.weight_packed"])) * np.float32(0)
    assert_same(decode(load(result), "m.up"), expected)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"m__up__weight_global_scale": f32(0)}, "weight_global_scale.*greater than 0, found 0"),
        ({"m__up__weight_global_scale": f32(np.nan)}, "greater than 0, found nan"),
        ({"m__up__weight_global_scale": f32(-1)}, "greater than 0, found -1"),
        ({"m__up__weight_global_scale": f32(1e-39)}, "reciprocal is a normal f32, found 1"),
        ({"m__up__weight_global_scale": f32(1, 2)}, r"one element, found F32 \(2\)"),
        ({"m__up__weight_global_scale": None}, "expected weight_global_scale beside e4m3 scales"),
        ({"m__up__weight_scale": None}, "module 'm.up': expected weight_packed, weight_scale"),
        ({"m__up__weight_scale": f32(1)}, r"expected U8 or F8_E8M0 \(6, 2\).*found F32 \(1\)"),
        (
            {"m__up__weight_scale": ("F8_E4M3", np.zeros((N, 3), np.uint8))},
            r"expected F8_E4M3 \(6, 4\).*found F8_E4M3 \(6, 3\)",
        ),
        ({"m__up__weight_g_idx": f32(0)}, "weight_g_idx.*order of activations"),
        ({"m__up__weight_zero_point": f32(0)}, "weight_zero_point.*no zero point"),
        ({"m__up__surprise": f32(0)}, "m.up.surprise.*unknown part"),
        ({"m__up__e2m1": f32(0)}, "m.up.e2m1.*unknown part"),
    ],
)
def test_refusals(
    rng: np.random.Generator, source: Path, result: Path, others: dict[str, Any], words: str
) -> None:
    save_nvfp4(source, rng, **others)
    with pytest.raises(ConversionError, match=words):
        convert(source, result)
    assert not result.exists()


def test_scales_beyond_2_to_the_127(rng: np.random.Generator, source: Path, result: Path) -> None:
    scales = random_e8m0(rng, N, K // 32)
    scales[2, 1] = 255
    packed = random_codes(rng, N, K // 2)
    save(source / "a.safetensors", {"m.weight_packed": packed, "m.weight_scale": scales})
    with pytest.raises(ConversionError, match=r"'m.weight_scale'.*1 of byte 255.*index 5"):
        convert(source, result)
    assert not list(result.glob("*.safetensors*"))


def test_configurations_that_are_refused(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    save_nvfp4(source, rng)
    save_config(source, {**NVFP4, "format": "float-quantized"})
    with pytest.raises(ConversionError, match="found 'float-quantized'"):
        convert(source, result)
    apply = [{"location": "weight_input"}, {"location": "input"}]
    save_config(source, {**NVFP4, "transform_config": {"config_groups": {"R4": {"apply": apply}}}})
    with pytest.raises(ConversionError, match="found 'R4' at location 'input'"):
        convert(source, result)
    save_config(source, {**NVFP4, "transform_config": {"config_groups": {"R4": {"apply": 3}}}})
    with pytest.raises(ConversionError, match="expected config_groups of schemes"):
        convert(source, result)


@pytest.mark.parametrize("preset", ["NVFP4", "NVFP4A16", "MXFP4", "MXFP4A16"])
def test_against_the_package(source: Path, result: Path, preset: str) -> None:
    torch = pytest.importorskip("torch", reason="the package computes with torch")
    pytest.importorskip("compressed_tensors")
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.compressors.mx_utils import decompress_mx_scale
    from compressed_tensors.compressors.nvfp4.helpers import unpack_fp4_from_uint8
    from compressed_tensors.quantization import QuantizationScheme
    from compressed_tensors.quantization.lifecycle.forward import dequantize
    from compressed_tensors.quantization.quant_scheme import PRESET_SCHEMES
    from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam
    from safetensors.torch import save_file

    scheme = QuantizationScheme(targets=["Linear"], **PRESET_SCHEMES[preset])
    args = scheme.weights
    nv = args.group_size == 16
    name = "nvfp4-pack-quantized" if nv else "mxfp4-pack-quantized"
    torch.manual_seed(0)
    weight = torch.randn(48, 128) * torch.exp(torch.randn(48, 1))
    weight[3, :32] = 0
    groups = weight.unflatten(-1, (-1, args.group_size))
    gs = generate_gparam(weight.min(), weight.max()) if nv else None
    scale, _ = calculate_qparams(groups.amin(-1), groups.amax(-1), args, gs)
    state = {"weight": weight, "weight_scale": scale}
    if nv:
        state |= {"weight_global_scale": gs, "input_global_scale": torch.tensor([37.5])}
    compressed = BaseCompressor.get_value_from_registry(name).compress(state, scheme)
    save_file({f"m.{k}": v.contiguous() for k, v in compressed.items()}, source / "m.safetensors")
    group = {"weights": args.model_dump(mode="json")}
    if scheme.input_activations:
        group["input_activations"] = scheme.input_activations.model_dump(mode="json")
    config = {"quant_method": "compressed-tensors", "format": name}
    save_config(source, {**config, "config_groups": {"group_0": group}})
    convert(source, result)

    written = load(result)
    codes = unpack_fp4_from_uint8(compressed["weight_packed"], 48, 128, torch.float32)
    stored_scale = compressed["weight_scale"]
    if nv:
        hp_scale = stored_scale.to(torch.float32)
    else:
        hp_scale = decompress_mx_scale(stored_scale).to(torch.float32)
    expected = dequantize(codes, hp_scale, args=args, global_scale=gs, dtype=torch.float32).numpy()
    actual = decode(written, "m")
    if nv:
        # Scales are within one unit; the product with 3, 1.5 or 6 rounds once more.
        assert ulps_apart(actual, expected) <= 2
        ours = e4m3(written["m.scale_quant"][1]) * written["m.weight_global_scale"][1]
        assert ulps_apart(ours, (hp_scale / gs).numpy()) <= 1
    else:
        assert_same(actual, expected)
    np.testing.assert_allclose(actual, weight.numpy(), atol=float(weight.abs().max()) / 6)
