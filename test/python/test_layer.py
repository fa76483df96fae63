"""fp4.layer and fp4.storage: what is written, and what reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import fp4_oracle as oracle
import ml_dtypes
import numpy as np
import pytest
from fp4.layer import QuantizedLayer
from fp4.quantize import quantize
from fp4.storage import TensorFile, write_tensors

W = np.random.default_rng(0).standard_normal((48, 128)).astype(np.float32)


def find_translate() -> str | None:
    return os.environ.get("FP4_TRANSLATE") or shutil.which("fp4-translate")


@pytest.mark.parametrize("format", ["mx", "nv"])
@pytest.mark.parametrize("transform", [None, "hadamard"])
def test_saved_layers_are_read_by_others_and_by_us(
    tmp_path: Path, format: Any, transform: Any
) -> None:
    layer = quantize(W, format, transform=transform)
    path = tmp_path / "layer.safetensors"
    layer.save(path, "model.up.")
    stored = oracle.load(path)
    assert set(stored) == {"model.up." + name for name in layer.tensors()}
    assert stored["model.up.e2m1"].shape == (48, 64)
    assert stored["model.up.weight_global_scale"].shape == ()
    loaded = QuantizedLayer.load(path, "model.up.")
    for name, tensor in layer.tensors().items():
        for other in (loaded.tensors()[name], stored["model.up." + name]):
            assert other.dtype == tensor.dtype and other.shape == tensor.shape
            assert other.tobytes() == tensor.tobytes()
    assert np.array_equal(loaded.dequantize(), layer.dequantize())
    assert [entry.name for entry in tmp_path.iterdir()] == ["layer.safetensors"]


@pytest.mark.skipif(find_translate() is None, reason="fp4-translate is neither built nor on PATH")
@pytest.mark.parametrize("format", ["mx", "nv"])
def test_saved_layers_are_imported(tmp_path: Path, format: Any) -> None:
    path = tmp_path / "layer.safetensors"
    calibration = np.random.default_rng(1).standard_normal((64, 128)).astype(np.float32)
    quantize(W, format, transform="wush", calibration=calibration).save(path)
    command = [str(find_translate()), "--import-safetensors", str(path)]
    module = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "fp4.quant_linear" in module
    assert "tensor<1x128x128xbf16>" in module
    assert ("f8E8M0FNU" if format == "mx" else "f8E4M3FN") in module


def test_defaults_of_what_is_not_stored(vectors: Path) -> None:
    layer = QuantizedLayer.load(vectors / "mx_none" / "layer.safetensors")
    tensors = {
        name: t
        for name, t in layer.tensors().items()
        if not name.startswith("activation") and name != "transform"
    }
    layer = QuantizedLayer.from_tensors(tensors)
    assert layer.activation_global_scale == layer.weight_global_scale
    assert layer.activation_scale_scale == 1
    del tensors["scale_quant"]
    with pytest.raises(KeyError, match="no tensor 'scale_quant', which a layer must have"):
        QuantizedLayer.from_tensors(tensors)


@pytest.mark.parametrize("case", ["mx_none", "nv_perblock", "mx_t128", "nv_t64_shared"])
def test_recorded_layers_compute_what_was_recorded(vectors: Path, case: str) -> None:
    layer = QuantizedLayer.load(vectors / case / "layer.safetensors")
    x = oracle.load(vectors / case / "in.safetensors")["x"]
    expected = oracle.load(vectors / case / "expect.safetensors")["y"].astype(np.float64)
    y = layer(x).astype(np.float64)
    # y is rounded to the type of x, and few codes may differ where there is a transform.
    assert np.linalg.norm(y - expected) < 1e-2 * np.linalg.norm(expected)


def test_every_dtype_and_odd_sizes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    tensors: dict[str, Any] = {
        "bytes": np.arange(3, dtype=np.uint8),
        "scalar": np.float32(2.5),
        "half": np.ones((2, 3), ml_dtypes.bfloat16),
        "empty": np.zeros((0, 4), np.float32),
        "strided": np.arange(12, dtype=np.int64).reshape(3, 4)[:, ::2],
    }
    write_tensors(path, tensors, {"made": "by a test"})
    file = TensorFile(path)
    assert file.metadata == {"made": "by a test"}
    assert list(file) == list(tensors)
    for name, tensor in tensors.items():
        assert file[name].dtype == tensor.dtype
        assert np.array_equal(file[name], tensor)
    with pytest.raises(TypeError, match="tensor 'c': safetensors has no name for dtype complex128"):
        write_tensors(path, {"c": np.zeros(1, complex)})


@pytest.mark.parametrize(
    "content", [b"", b"\x10" + bytes(7), b"\x02" + bytes(7) + b"[]", b"\xff" * 40]
)
def test_what_is_not_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="safetensors"):
        TensorFile(path)


def test_an_input_of_another_size_is_refused() -> None:
    layer = quantize(W, "nv")
    for shape in ((3, 256), (3, 64), ()):
        with pytest.raises(ValueError, match=r"x: expected shape \(\.\.\., 128\), got shape"):
            layer.quantize_activation(np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="x: expected shape"):
        layer(np.zeros((3, 256), np.float32))


def test_tensors_that_do_not_make_a_layer() -> None:
    tensors = quantize(W, "mx").tensors()
    with pytest.raises(ValueError, match="scale_quant: expected shape"):
        QuantizedLayer.from_tensors({**tensors, "e2m1": tensors["e2m1"][:3]})
    with pytest.raises(ValueError, match=r"transform: .* K = 128, got shape \(48, 48\)"):
        QuantizedLayer.from_tensors({**tensors, "transform": np.eye(48, dtype=np.float32)})
    with pytest.raises(TypeError, match="transform: .* got float64"):
        QuantizedLayer.from_tensors({**tensors, "transform": np.eye(32)})
    with pytest.raises(ValueError, match="weight_global_scale: expected one number"):
        QuantizedLayer.from_tensors({**tensors, "weight_global_scale": np.ones(2, np.float32)})
