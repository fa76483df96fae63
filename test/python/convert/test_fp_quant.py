"""FP-Quant: by its documented layout. Its package needs a GPU, so there is nothing else to ask."""

from __future__ import annotations

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
    ulps_apart,
    unpack,
)
from fp4.convert import ConversionError, convert

N, K = 6, 64


def bf16(*values: float) -> Array:
    return np.array(values, np.float32).astype(BF16)


def make(rng: np.random.Generator, group: int, gs: float = 3.0, **others: Any) -> dict[str, Any]:
    scales = (random_e8m0 if group == 32 else random_e4m3)(rng, N, K // group)
    tensors = {
        "m.qweight": random_codes(rng, N, K // 2),
        "m.scales": scales,
        "m.weight_global_scale": bf16(gs),
        "m.act_global_scale": bf16(gs),
        "m.forward_hadamard_matrix": rng.normal(size=(32, 32)).astype(BF16),
        "m.backward_hadamard_matrix": rng.normal(size=(32, 32)).astype(BF16),
    }
    tensors |= {f"m.{name}": tensor for name, tensor in others.items()}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def config(dtype: str) -> dict[str, Any]:
    return {"quant_method": "fp_quant", "forward_dtype": dtype, "hadamard_group_size": 32}


def test_abs_max_has_a_third(rng: np.random.Generator, source: Path, result: Path) -> None:
    tensors = make(rng, 32)
    save(source / "model.safetensors", tensors)
    save_config(source, config("mxfp4"))
    conversion = convert(source, result)
    written = load(result)
    third = np.float32(1 / 3)
    with np.errstate(over="ignore"):
        scales = e8m0(tensors["m.scales"])
        assert_same(
            decode(written, "m"), e2m1(unpack(tensors["m.qweight"])) * spread(scales * third, K)
        )
        normal = scales > 2.0**-120
        assert ulps_apart((scales * third)[normal], (scales / np.float32(3))[normal]) == 0
    assert scalar(written, "m.weight_global_scale") == third
    assert scalar(written, "m.activation_global_scale") == third
    assert scalar(written, "m.activation_scale_scale") == 4
    assert load_config(result)["groups"][0]["activation"] == "dynamic: abs_max"
    assert "m.backward_hadamard_matrix" not in written
    assert conversion.plan.notes == ["m.backward_hadamard_matrix: dropped, for training only"]


def test_the_transform_is_from_the_right(
    rng: np.random.Generator, source: Path, result: Path
) -> None:
    tensors = make(rng, 32)
    save(source / "model.safetensors", tensors)
    convert(source, result)
    dtype, t = load(result)["m.transform"]
    assert dtype == "BF16" and t.shape == (32, 32)
    x = rng.normal(size=(5, K))
    # Theirs: x.view(-1, g) @ H. Ours, [T1]: y[b * B + j] = sum_i T[j, i] * x[b * B + i].
    theirs = x.reshape(-1, 32) @ tensors["m.forward_hadamard_matrix"].astype(np.float64)
    ours = np.einsum("ji,nbi->nbj", t.astype(np.float64), x.reshape(5, 2, 32))
    np.testing.assert_allclose(ours.reshape(5, K), theirs.reshape(5, K), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("with_config", [True, False])
def test_nvfp4_scales_are_bits(
    rng: np.random.Generator, source: Path, result: Path, with_config: bool
) -> None:
    tensors = make(rng, 16, 16.0)
    save(source / "model.safetensors", tensors)
    if with_config:
        save_config(source, config("nvfp4"))
    convert(source, result)
    written = load(result)
    assert written["m.scale_quant"][0] == "F8_E4M3"
    expected = e2m1(unpack(tensors["m.qweight"])) * spread(
        e4m3(tensors["m.scales"]) / np.float32(16), K
    )
    assert_same(decode(written, "m"), expected)
    assert scalar(written, "m.activation_global_scale") == 1 / 16
    assert scalar(written, "m.activation_scale_scale") == 6


def test_quest(rng: np.random.Generator, source: Path, result: Path) -> None:
    save(source / "model.safetensors", make(rng, 32, 1.0))
    conversion = convert(source, result)
    assert "m.act_global_scale: 1, as of the method quest" in conversion.plan.notes[0]
    group = load_config(result)["groups"][0]
    assert group["activation"] == "assumed: the source's rule is quest"


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (
            {"forward_hadamard_matrix": None},
            "module 'm': expected .*forward_hadamard_matrix, found",
        ),
        ({"forward_hadamard_matrix": bf16(1)}, r"expected BF16.*\(B, B\), found BF16 \(1\)"),
        (
            {"act_global_scale": bf16(2)},
            r"act_global_scale'.*3 \(abs_max\) or 1 \(quest\).*found 2",
        ),
        ({"weight_global_scale": bf16(0)}, "weight_global_scale'.*greater than 0, found 0"),
        ({"dqweight": bf16(1)}, "dqweight'.*pseudo-quantized"),
        (
            {"scales": np.zeros((128, 4), np.uint8)},
            r"U8 \(6, 2\) for 'm.qweight'.*row-major, found U8 \(128, 4\)",
        ),
        (
            {"forward_hadamard_matrix": np.zeros((48, 48), np.float32)},
            r"m.forward_hadamard_matrix'.*divides K = 64, found F32 \(48, 48\)",
        ),
    ],
)
def test_refusals(
    rng: np.random.Generator, source: Path, result: Path, others: dict[str, Any], words: str
) -> None:
    save(source / "model.safetensors", make(rng, 32, **others))
    save_config(source, config("mxfp4"))
    with pytest.raises(ConversionError, match=words):
        convert(source, result)
    assert not result.exists()
