"""Converted layers, read and run by the project's tools."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import (
    BF16,
    Array,
    decode,
    load,
    random_codes,
    save,
    save_config,
)
from fp4.convert import convert

pytestmark = pytest.mark.skipif(
    shutil.which("fp4-runner") is None or shutil.which("fp4-translate") is None,
    reason="fp4-translate and fp4-runner are not in PATH",
)
N, K, ROWS = 12, 64, 5


def run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def quantize(x: Array, group: int, gs: float, ss: float, is_mx: bool) -> Array:
    """x as the layer sees it, in f64: [Q1] to [Q6] of docs/numerics.md, then decoded."""
    import ml_dtypes

    groups = x.astype(np.float32).reshape(*x.shape[:-1], -1, group)
    v = np.abs(groups).max(-1) / (np.float32(ss) * np.float32(gs))
    if is_mx:
        mantissa, exponent = np.frexp(v)
        scale = np.ldexp(np.float32(1), np.where(mantissa >= 0.75, exponent, exponent - 1))
    else:
        scale = np.clip(v, 0, 448).astype(ml_dtypes.float8_e4m3fn).astype(np.float32)
    q = groups / (scale.astype(np.float32) * np.float32(gs))[..., None]
    codes = np.clip(q, -6, 6).astype(ml_dtypes.float4_e2m1fn).astype(np.float64)
    return (codes * (scale * np.float64(np.float32(gs)))[..., None]).reshape(x.shape)


def check(result: Path, work: Path, layer: str, x: Array) -> None:
    """Runs the layer on x and compares with the product of decoded values in f64."""
    written = load(result)
    kind, scales = written[f"{layer}.scale_quant"]
    transformed = x.astype(np.float64)
    if f"{layer}.transform" in written:
        t = written[f"{layer}.transform"][1].astype(np.float64)
        block = t.shape[-1]
        blocks = x.astype(np.float64).reshape(ROWS, -1, block)
        equation = "ji,nbi->nbj" if t.ndim == 2 else "bji,nbi->nbj"
        transformed = np.einsum(equation, t, blocks).reshape(ROWS, K)
    seen = quantize(
        transformed.astype(BF16),
        K // scales.shape[-1],
        float(written[f"{layer}.activation_global_scale"][1]),
        float(written[f"{layer}.activation_scale_scale"][1]),
        kind == "F8_E8M0",
    )
    expected = seen @ decode(written, layer).astype(np.float64).T

    file = next(result.glob("*.safetensors"))
    module, inputs, output = work / "layer.mlir", work / "in.safetensors", work / "out.safetensors"
    save(inputs, {"x": x})
    prefix = f"--prefix={layer}."
    types = ("--activation-type=bf16", "--result-type=f32")
    run("fp4-translate", "--import-safetensors", file, prefix, *types, "-o", module)
    files = (f"--params={file}", f"--input={inputs}", f"--output={output}")
    run("fp4-runner", module, "--entry=forward", "--target=reference", *files)
    import safetensors

    ((_, entry),) = safetensors.deserialize(output.read_bytes())
    actual = np.frombuffer(bytes(entry["data"]), np.float32).reshape(ROWS, N)
    np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-6 * np.abs(expected).max())


def ordinary_e4m3(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(0x30, 0x50, shape).astype(np.uint8)


def ordinary_e8m0(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(122, 132, shape).astype(np.uint8)


def make_sources(rng: np.random.Generator) -> dict[str, tuple[dict[str, Any], str, str]]:
    """Tensors, `quant_method` and the layer's name."""
    codes = random_codes(rng, N, K // 2)
    nv = ("F8_E4M3", ordinary_e4m3(rng, N, K // 16))
    hadamard = np.array([[1.0]])
    while len(hadamard) < 32:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]]) / np.sqrt(2)
    # Not symmetric: which side the matrix is on matters.
    rotation = np.roll(hadamard, 1, axis=0).astype(BF16)
    return {
        "compressed-tensors": (
            {
                "m.up.weight_packed": codes,
                "m.up.weight_scale": nv,
                "m.up.weight_global_scale": np.array([7], np.float32),
                "m.up.input_global_scale": np.array([30], np.float32),
            },
            "compressed-tensors",
            "m.up",
        ),
        "awq": (
            {
                "m.weight": codes,
                "m.weight_scale": nv,
                "m.weight_scale_2": np.array(0.1, np.float32),
                "m.input_scale": np.array(0.02, np.float32),
                "m.pre_quant_scale": rng.uniform(0.5, 2, K).astype(BF16),
            },
            "modelopt",
            "m",
        ),
        "fp_quant": (
            {
                "m.qweight": codes,
                "m.scales": ordinary_e8m0(rng, N, K // 32),
                "m.weight_global_scale": np.array([3], BF16),
                "m.act_global_scale": np.array([3], BF16),
                "m.forward_hadamard_matrix": rotation,
            },
            "fp_quant",
            "m",
        ),
        "gpt-oss": (
            {
                "e.gate_up_proj_blocks": random_codes(rng, 2, 2 * N, K // 32, 16),
                "e.gate_up_proj_scales": ordinary_e8m0(rng, 2, 2 * N, K // 32),
            },
            "mxfp4",
            "e.1.up_proj",
        ),
    }


@pytest.mark.parametrize("name", ["compressed-tensors", "awq", "fp_quant", "gpt-oss"])
def test_a_layer_runs(
    rng: np.random.Generator, tmp_path: Path, source: Path, result: Path, name: str
) -> None:
    tensors, method, layer = make_sources(rng)[name]
    save(source / "model.safetensors", tensors)
    save_config(source, {"quant_method": method, "quant_algo": "NVFP4"})
    convert(source, result)
    check(result, tmp_path, layer, rng.normal(size=(ROWS, K)).astype(BF16))
