"""gpt-oss: by its documented layout, and against Transformers' decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from checkpoints import (
    BF16,
    Array,
    assert_same,
    decode,
    e2m1,
    e8m0,
    load,
    load_config,
    random_codes,
    random_e8m0,
    save,
    save_config,
    scalar,
    unpack,
)
from fp4.convert import ConversionError, Options, convert

E, INNER, HIDDEN = 3, 32, 64
MLP = "model.layers.0.mlp.experts"


def make(rng: np.random.Generator) -> dict[str, Array]:
    return {
        f"{MLP}.gate_up_proj_blocks": random_codes(rng, E, 2 * INNER, HIDDEN // 32, 16),
        f"{MLP}.gate_up_proj_scales": random_e8m0(rng, E, 2 * INNER, HIDDEN // 32),
        f"{MLP}.gate_up_proj_bias": rng.normal(size=(E, 2 * INNER)).astype(BF16),
        f"{MLP}.down_proj_blocks": random_codes(rng, E, HIDDEN, INNER // 32, 16),
        f"{MLP}.down_proj_scales": random_e8m0(rng, E, HIDDEN, INNER // 32),
        "model.norm.weight": rng.normal(size=HIDDEN).astype(BF16),
    }


def expected_weights(tensors: dict[str, Array], projection: str) -> Array:
    blocks = tensors[f"{MLP}.{projection}_blocks"]
    scales = e8m0(tensors[f"{MLP}.{projection}_scales"])[..., None]
    with np.errstate(over="ignore"):
        weights: Array = e2m1(unpack(blocks)) * scales
    return weights.reshape(*blocks.shape[:2], -1)


def test_gate_and_up_are_separated(rng: np.random.Generator, source: Path, result: Path) -> None:
    tensors = make(rng)
    save(source / "model.safetensors", tensors)
    save_config(source, {"quant_method": "mxfp4", "modules_to_not_convert": []})
    convert(source, result)

    written = load(result)
    gate_up, down = (
        expected_weights(tensors, "gate_up_proj"),
        expected_weights(tensors, "down_proj"),
    )
    bias = tensors[f"{MLP}.gate_up_proj_bias"]
    for e in range(E):
        assert_same(decode(written, f"{MLP}.{e}.gate_proj"), gate_up[e, 0::2])
        assert_same(decode(written, f"{MLP}.{e}.up_proj"), gate_up[e, 1::2])
        assert_same(decode(written, f"{MLP}.{e}.down_proj"), down[e])
        for first, part in enumerate(("gate_proj", "up_proj")):
            dtype, actual = written[f"{MLP}.{e}.{part}.bias"]
            assert dtype == "BF16"
            np.testing.assert_array_equal(actual, bias[e, first::2])
    assert f"{MLP}.0.down_proj.bias" not in written
    np.testing.assert_array_equal(written["model.norm.weight"][1], tensors["model.norm.weight"])
    assert scalar(written, f"{MLP}.0.up_proj.activation_scale_scale") == np.nextafter(
        np.float32(4), np.float32(5)
    )
    (group,) = load_config(result)["groups"]
    assert group["activation"] == "assumed: the source does not quantize it"
    assert len(group["layers"]) == 3 * E


def test_rows_can_stay_interleaved(rng: np.random.Generator, source: Path, result: Path) -> None:
    tensors = make(rng)
    save(source / "model.safetensors", tensors)
    convert(source / "model.safetensors", result, Options(keep_interleaved=True))
    written = load(result)
    assert_same(
        decode(written, f"{MLP}.1.gate_up_proj"), expected_weights(tensors, "gate_up_proj")[1]
    )
    np.testing.assert_array_equal(
        written[f"{MLP}.1.gate_up_proj.bias"][1], tensors[f"{MLP}.gate_up_proj_bias"][1]
    )


@pytest.mark.parametrize(
    ("name", "tensor", "words"),
    [
        ("gate_up_proj_scales", None, "expected scales.*gate_up_proj_scales.*found none"),
        ("gate_up_proj_scales", np.zeros((E, 2, 2), np.uint8), r"U8 \(3, 64, 2\), found U8 \(3, 2"),
        ("gate_up_proj_blocks", np.zeros((E, 64, 2, 8), np.uint8), r"16\), found U8 \(3, 64, 2, 8"),
        ("gate_up_proj_bias", np.zeros(4, np.float32), r"shape \(3, 64\), found F32 \(4\)"),
    ],
)
def test_refusals(
    rng: np.random.Generator,
    source: Path,
    result: Path,
    name: str,
    tensor: Array | None,
    words: str,
) -> None:
    tensors: dict[str, Array | None] = {**make(rng), f"{MLP}.{name}": tensor}
    save(source / "a.safetensors", {n: t for n, t in tensors.items() if t is not None})
    with pytest.raises(ConversionError, match=words):
        convert(source, result)


def test_scales_that_overflow(rng: np.random.Generator, source: Path, result: Path) -> None:
    tensors = make(rng)
    tensors[f"{MLP}.down_proj_scales"][2, 5, 0] = 255
    save(source / "a.safetensors", tensors)
    with pytest.raises(ConversionError, match="down_proj_scales'.*byte 255"):
        convert(source, result)
    assert not list(result.glob("*.safetensors*"))


def test_against_transformers(rng: np.random.Generator, source: Path, result: Path) -> None:
    torch = pytest.importorskip("torch", reason="Transformers decodes with torch")
    mxfp4 = pytest.importorskip("transformers.integrations.mxfp4")
    tensors = make(rng)
    save(source / "model.safetensors", tensors)
    convert(source, result)
    written = load(result)
    stem = f"{MLP}.gate_up_proj"
    weights = mxfp4.convert_moe_packed_tensors(
        torch.from_numpy(tensors[f"{stem}_blocks"]),
        torch.from_numpy(tensors[f"{stem}_scales"]),
        dtype=torch.float32,
    )
    # (E, K, N); modeling_gpt_oss.py: gate, up = gate_up[..., ::2], gate_up[..., 1::2].
    for first, part in enumerate(("gate_proj", "up_proj")):
        expected = weights[2, :, first::2].T.contiguous().numpy()
        assert_same(decode(written, f"{MLP}.2.{part}"), expected)
