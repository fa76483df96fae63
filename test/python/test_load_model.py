"""fp4.torch.load_model, and layers with a bias."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="fp4.torch needs PyTorch: pip install torch")

from fp4.storage import write_tensors
from fp4.torch import QuantLinear, QuantLinearWithBias, load_model, quantize_model
from stand_in import to_numpy


class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, middle: int = 96) -> None:
        super().__init__()
        self.up = torch.nn.Linear(64, middle, bias=False)
        self.down = torch.nn.Linear(96, 64)
        self.tied = self.up
        self.norm = torch.nn.LayerNorm(64)
        self.head = torch.nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        return self.head(self.norm(self.down(torch.relu(self.up(x)))))


def make_quantized(format: str = "nv", **arguments: Any) -> Any:
    torch.manual_seed(0)
    return quantize_model(Model(), format, exclude="head", progress=False, **arguments).eval()


X = torch.randn(5, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("transform", [None, "hadamard"])
@pytest.mark.parametrize("format", ["mx", "nv"])
def test_a_model_without_weights_takes_a_state(format: str, transform: Any, device: str) -> None:
    quantized = make_quantized(format, transform=transform)
    with torch.device(device):
        model = Model().eval()
    assert load_model(model, quantized.state_dict()) is model
    assert type(model.up) is QuantLinear and model.tied is model.up
    assert type(model.down) is QuantLinearWithBias and type(model.head) is torch.nn.Linear
    assert not model.up.training
    with torch.no_grad():
        assert torch.equal(model(X), quantized(X))
    # Into layers that are quantized already, too.
    assert load_model(model, make_quantized(format).state_dict()) is model


@pytest.mark.parametrize("shards", [1, 2])
def test_a_folder_or_a_file(tmp_path: Path, shards: int) -> None:
    quantized = make_quantized()
    state = {name: to_numpy(tensor) for name, tensor in quantized.state_dict().items()}
    names = list(state)
    for i in range(shards):
        part = {name: state[name] for name in names[i::shards]}
        write_tensors(tmp_path / f"model-{i}.safetensors", part)
    with torch.device("meta"):
        model = Model().eval()
    load_model(model, tmp_path if shards > 1 else tmp_path / "model-0.safetensors")
    with torch.no_grad():
        assert torch.equal(model(X), quantized(X))


def test_errors_name_the_layer() -> None:
    state = make_quantized().state_dict()
    with pytest.raises(ValueError, match=r"expected a tensor '<layer>\.e2m1', found 8 others"):
        load_model(Model(), Model().state_dict())
    with pytest.raises(ValueError, match="layer 'other': expected an nn.Linear .* found none"):
        load_model(Model(), {**state, "other.e2m1": state["up.e2m1"]})
    with pytest.raises(ValueError, match="layer 'norm': expected an nn.Linear .* found LayerNorm"):
        load_model(Model(), {**state, "norm.e2m1": state["up.e2m1"]})
    with pytest.raises(ValueError, match=r"up\.e2m1: expected uint8 of \(80, 64 / 2\)"):
        load_model(Model(80), state)
    del state["norm.weight"]
    with pytest.raises(RuntimeError, match=r"Missing key.*norm\.weight"):
        load_model(Model(), state)
    assert isinstance(load_model(Model(), state, strict=False), Model)
    with pytest.raises(FileNotFoundError):
        load_model(Model(), "nowhere.safetensors")


def test_buffers_that_are_not_stored_need_memory() -> None:
    state = make_quantized().state_dict()

    def make() -> Any:
        with torch.device("meta"):
            model = Model()
            model.register_buffer("positions", torch.arange(5), persistent=False)
        return model

    with pytest.raises(
        ValueError, match="buffers positions are not stored, and on the device meta"
    ):
        load_model(make(), state)
    model = make()
    model.positions = torch.arange(5)
    assert load_model(model, state) is model
    assert load_model(make(), state, strict=False).positions.is_meta


def test_a_bias_is_added_and_stored() -> None:
    quantized = make_quantized()
    layer = quantized.down
    x = torch.randn(3, 96, generator=torch.Generator().manual_seed(2))
    for dtype in (torch.float32, torch.bfloat16):
        y = layer(x.to(dtype))
        assert y.dtype == dtype
        without = QuantLinear.forward(layer, x.to(dtype))
        assert torch.equal(y, without + layer.bias.to(dtype))
    empty = QuantLinearWithBias(96, 64)
    assert not empty.bias.any()
    empty.load_state_dict(layer.state_dict())
    assert torch.equal(empty(x), layer(x))


def test_a_whole_model_is_stored() -> None:
    quantized = make_quantized()
    file = io.BytesIO()
    torch.save(quantized, file)
    file.seek(0)
    with torch.no_grad():
        assert torch.equal(torch.load(file, weights_only=False)(X), quantized(X))
