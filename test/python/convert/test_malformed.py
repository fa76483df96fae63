"""Checkpoints with something wrong in their JSON are converted or refused, and nothing else."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import save, save_config
from fp4.convert import ConversionError, convert

N, K = 4, 64
ROUNDS = 60
VALUES = ("null", "[]", "{}", "1", "-1", '"x"', "1e999", "true", "[1]", '{"a": 1}')
CODES = np.zeros((N, K // 2), np.uint8)
NV_SCALES = ("F8_E4M3", np.zeros((N, K // 16), np.uint8))
MX_SCALES = np.zeros((N, K // 32), np.uint8)
ONE = np.ones(1, np.float32)
SOURCES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "compressed-tensors": (
        {"m.weight_packed": CODES, "m.weight_scale": NV_SCALES, "m.weight_global_scale": ONE},
        {
            "format": "nvfp4-pack-quantized",
            "config_groups": {"g": {"input_activations": {"num_bits": 4}}},
            "transform_config": {"config_groups": {"R": {"apply": [{"location": "weight_input"}]}}},
        },
    ),
    "mxfp4": (
        {
            "e.gate_up_proj_blocks": np.zeros((2, N, 2, 16), np.uint8),
            "e.gate_up_proj_scales": np.zeros((2, N, 2), np.uint8),
        },
        {},
    ),
    "modelopt": (
        {"m.weight": CODES, "m.weight_scale": NV_SCALES, "m.weight_scale_2": ONE},
        {"quant_algo": "MIXED_PRECISION", "quantized_layers": {"m": {"quant_algo": "NVFP4"}}},
    ),
    "fp_quant": (
        {
            "m.qweight": CODES,
            "m.scales": MX_SCALES,
            "m.weight_global_scale": ONE,
            "m.act_global_scale": ONE,
            "m.forward_hadamard_matrix": np.eye(32, dtype=np.float32),
        },
        {"forward_dtype": "mxfp4"},
    ),
}


def closing(text: str, start: int) -> int:
    """The index behind what the bracket at `start` encloses."""
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] in "{[") - (text[index] in "}]")
        if depth == 0:
            return index + 1
    return len(text)


def spoil(text: str, chance: random.Random) -> str:
    """Replaces one name or value of some JSON."""
    match = chance.choice(list(re.finditer(r'"[^"]*"|\d+|\{|\[', text)))
    end = closing(text, match.start()) if match.group() in "{[" else match.end()
    return text[: match.start()] + chance.choice(VALUES) + text[end:]


@pytest.mark.parametrize("method", SOURCES)
def test_spoiled_json(tmp_path: Path, method: str) -> None:
    chance = random.Random(method)
    refused = 0
    for _ in range(ROUNDS):
        source, result = tmp_path / "source", tmp_path / "result"
        for folder in (source, result):
            shutil.rmtree(folder, ignore_errors=True)
        source.mkdir()
        tensors, quantization = SOURCES[method]
        file, config = source / "a.safetensors", source / "config.json"
        save(file, tensors)
        save_config(source, {"quant_method": method, **quantization})
        if chance.random() < 0.5:
            config.write_text(spoil(config.read_text(), chance))
        else:
            data = file.read_bytes()
            size = int.from_bytes(data[:8], "little")
            header = spoil(data[8 : 8 + size].decode(), chance).encode()
            file.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + size :])
        try:
            convert(source, result)
        except ConversionError as error:
            refused += 1
            assert str(tmp_path) in str(error)
            assert not result.exists() or not list(result.iterdir())
    assert refused > ROUNDS / 4
