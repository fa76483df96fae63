"""The command: its output, its errors, its exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from checkpoints import load, random_codes, random_e4m3, save
from fp4.convert.__main__ import main


@pytest.fixture
def layer(rng: np.random.Generator, source: Path) -> Path:
    """A checkpoint in one file."""
    path = source / "layer.safetensors"
    tensors = {
        "up.weight_packed": random_codes(rng, 4, 16),
        "up.weight_scale": ("F8_E4M3", random_e4m3(rng, 4, 2)),
        "up.weight_global_scale": np.array([2], np.float32),
        "norm": np.zeros(3, np.float32),
    }
    save(path, tensors)
    return path


def test_a_run(layer: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(layer), "-o", str(result), "--activation-global-scale=0.25"]) == 0
    captured = capsys.readouterr()
    assert captured.out == (
        f"compressed-tensors: 1 layers converted, 1 tensors copied, 96 B in 1 files in {result}\n"
    )
    assert captured.err == "1 of 1: model-00001-of-00001.safetensors, 96 B\n"
    assert float(load(result)["up.activation_global_scale"][1]) == 0.25


def test_a_dry_run(layer: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(layer), "-o", str(result), "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "up.e2m1: U8 (4, 16) from up.weight_packed\n"
        "up.scale_quant: F8_E4M3 (4, 2) from up.weight_scale\n"
        "up.weight_global_scale: F32 () from up.weight_global_scale\n"
        "up.activation_global_scale: F32 () set\n"
        "up.activation_scale_scale: F32 () set\n"
        "norm: F32 (3) copied\n"
        "compressed-tensors: 1 layers converted, 1 tensors copied, 96 B in 1 files\n"
    )
    assert not result.exists()


def test_quiet(layer: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(layer), "-o", str(result), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_errors(tmp_path: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent"), "-o", str(result)]) == 1
    expected = f"fp4.convert: error: {tmp_path}/absent: expected a directory or a file"
    assert expected in capsys.readouterr().err
    assert not result.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "-o DIR is required"),
        (["-o", "x", "--shard-size=big"], "expected a size such as 5GB or 512MiB, found 'big'"),
        (["-o", "x", "--shard-size=0"], "found '0'"),
        (["-o", "x", "--activation-global-scale=-1"], "a number greater than 0, found '-1'"),
        (["-o", "x", "--activation-global-scale=nan"], "a number greater than 0, found 'nan'"),
    ],
)
def test_wrong_options(
    layer: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([str(layer), *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err
