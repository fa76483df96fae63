"""fp4.report: figures against their definitions, the table, and the page."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import fp4_oracle as oracle
import numpy as np
import pytest
from fp4.formats import E4M3, E8M0
from fp4.layer import QuantizedLayer
from fp4.quantize import quantize
from fp4.report import report
from fp4.storage import write_tensors

W = np.random.default_rng(0).standard_normal((48, 128)).astype(np.float32)
ONE = np.float32(1)


@pytest.mark.parametrize("format", ["mx", "nv"])
@pytest.mark.parametrize("transform", [None, "hadamard", "random"])
def test_figures_of_a_layer(format: Any, transform: Any) -> None:
    layer = quantize(W, format, transform=transform)
    (figures,) = report(layer, W).layers
    back = oracle.dequantize(
        layer.e2m1, layer.scale_quant, layer.weight_global_scale, oracle.F32
    ).astype(np.float64)
    if layer.transform is not None:
        size = layer.transform.shape[-1]
        back = (oracle.split(back, size) @ layer.transform.astype(np.float64)).reshape(W.shape)
    error = np.linalg.norm(back - W) / np.linalg.norm(W)
    assert figures.error == pytest.approx(error, rel=1e-4)
    assert figures.sqnr == pytest.approx(10 * np.log10(1 / error**2), abs=1e-3)
    codes = oracle.unpack(layer.e2m1)
    assert figures.codes.tolist() == [int(np.sum(codes == code)) for code in range(16)]
    scales = layer.scale_quant.astype(np.float64)
    expected, counts = np.unique(np.floor(np.log2(scales)), return_counts=True)
    assert figures.scale_exponents.tolist() == expected.tolist()
    assert figures.scale_counts.tolist() == counts.tolist()
    assert figures.shape == (48, 128)
    stored = layer.e2m1.size + layer.scale_quant.size
    stored += 0 if layer.transform is None else 2 * layer.transform.size
    assert figures.bits == pytest.approx(8 * stored / W.size)


@pytest.mark.parametrize(
    ("dtype", "bytes"), [(E8M0, [0, 254, 255, 127]), (E4M3, [0, 0x7E, 0x7F, 0x38])]
)
def test_scales_and_elements_at_the_limits(dtype: Any, bytes: list[int]) -> None:
    scales = np.array([bytes], np.uint8).view(dtype)
    codes = np.full((1, 64), 0x77, np.uint8)
    weight = np.full((1, 128), 6.0, np.float32)
    weight[0, 96:100] = [7.5, -8, 7, -6.5]
    layer = QuantizedLayer(codes, scales, ONE, ONE, ONE)
    (figures,) = report(layer, weight).layers
    assert (figures.zero_scales, figures.top_scales, figures.nan_scales) == (1, 1, 1)
    assert figures.at_largest == 1
    # All 32 of the group with the scale 0 or 2^-127, and two of those with the scale 1.
    assert figures.saturated == 34
    (unknown,) = report(layer).layers
    assert unknown.error is None and unknown.sqnr is None and unknown.saturated is None


def test_checkpoints_of_files_and_folders(tmp_path: Path) -> None:
    first, second = quantize(W, "mx"), quantize(2 * W, "nv", transform="hadamard")
    first.save(tmp_path / "a.safetensors", "model.up.")
    norm = {"model.norm.weight": np.ones(4, np.float32)}
    write_tensors(tmp_path / "b.safetensors", second.tensors("model.down.") | norm)
    original = tmp_path / "original"
    original.mkdir()
    write_tensors(original / "w.safetensors", {"model.up.weight": W, "model.down.weight": 2 * W})
    result = report(tmp_path, original)
    assert [layer.name for layer in result.layers] == ["model.up", "model.down"]
    expected = report({"up": first, "down": second}, {"up": W, "down": 2 * W})
    assert [layer.error for layer in result.layers] == [layer.error for layer in expected.layers]
    assert [layer.name for layer in report(tmp_path / "a.safetensors").layers] == ["model.up"]
    lines = str(result).splitlines()
    assert len(lines) == 4
    assert re.match(r"layer +shape +format +T +bits +error +SQNR", lines[0])
    assert re.match(r"model\.down +48x128 +nv16 +16 +5\.17 +0\.\d{4} +\d\d\.\d ", lines[2])
    assert lines[3].startswith("2 layers, 0.0 M weights, 4.")


def test_the_page_stands_alone(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install matplotlib")
    path = tmp_path / "report.html"
    report({"<up>": quantize(W, "nv")}, {"<up>": W}).save_html(path)
    page = path.read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "&lt;up&gt;" in page and "<up>" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_a_page_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    path = tmp_path / "report.html"
    report(quantize(W, "nv")).save_html(path)
    assert "pip install matplotlib" in path.read_text()
    assert "<td>48x128</td>" in path.read_text()


def test_errors_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="layers: expected a QuantizedLayer, .* got int"):
        report(3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="no \\*.safetensors in this folder"):
        report(tmp_path)
    with pytest.raises(ValueError, match=r"weight: expected shape \(48, 128\), got \(4, 128\)"):
        report(quantize(W), W[:4])
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": W})
    with pytest.raises(ValueError, match="expected a tensor '<layer>.e2m1', found 1 others"):
        report(path)
    write_tensors(path, {"up.e2m1": np.zeros((2, 16), np.uint8)})
    with pytest.raises(ValueError, match="layer 'up': no tensor 'up.scale_quant'"):
        report(path)


def test_modules_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="fp4.torch needs PyTorch: pip install torch")
    from fp4.torch import QuantLinear, quantize_model

    def make() -> Any:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(128, 48), torch.nn.Linear(48, 32, bias=False))

    model = quantize_model(make(), "nv", method="nearest", progress=False)
    figures = report(model, make()).layers
    assert [layer.name for layer in figures] == ["0", "1"]
    for layer, linear in zip(figures, make(), strict=True):
        weight = linear.weight.detach().numpy()
        (expected,) = report(quantize(weight, "nv", method="nearest"), weight).layers
        assert layer.error == expected.error
        assert layer.codes.tolist() == expected.codes.tolist()
    (single,) = report(model[1], make()[1]).layers
    assert single.error == figures[1].error
    with pytest.raises(ValueError, match="expected a QuantLinear in the Sequential, found none"):
        report(make())
    with pytest.raises(ValueError, match="layer '0' is empty"):
        report(torch.nn.Sequential(QuantLinear(32, 4)))
