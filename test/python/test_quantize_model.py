"""fp4.torch.quantize_model: which layers are replaced, by what, and what the model computes then."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="fp4.torch needs PyTorch: pip install torch")

import ml_dtypes
from fp4.quantize import quantize
from fp4.torch import QuantLinear, QuantLinearWithBias, quantize_model
from stand_in import stand_in, to_numpy


class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up = torch.nn.Linear(64, 96, bias=False)
        self.down = torch.nn.Linear(96, 64)
        self.tied = self.up
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(64, 10)

    def forward(self, x: Any, scale: float = 1.0) -> Any:
        h = self.down(torch.relu(self.up(x) * scale))
        return self.head(self.drop(h + x))


def batches(count: int = 4) -> list[Any]:
    generator = torch.Generator().manual_seed(1)
    spread = torch.exp(torch.randn(64, generator=generator))
    return [torch.randn(3, 20, 64, generator=generator) * spread for _ in range(count)]


def run(model: Any, x: Any) -> Any:
    with torch.no_grad():
        return model.eval()(x)


def error(model: Any, expected: Any, x: Any) -> float:
    return float((run(model, x) - expected).norm() / expected.norm())


@pytest.mark.parametrize("format", ["mx", "nv"])
def test_layers_are_replaced_and_the_rest_is_not(format: str) -> None:
    model = Model()
    weight, bias = model.down.weight.detach().clone(), model.down.bias.detach().clone()
    x = batches(1)[0]
    expected = run(model, x)
    result = quantize_model(model, format, exclude="head", progress=False)
    assert result is model
    assert type(model.up) is QuantLinear and model.tied is model.up
    assert type(model.down) is QuantLinearWithBias and type(model.head) is torch.nn.Linear
    assert torch.equal(model.down.bias, bias)
    names = {name for name in model.state_dict() if name.startswith("down.")}
    assert names == {
        f"down.{name}"
        for name in (
            *("bias", "e2m1", "scale_quant", "weight_global_scale"),
            *("activation_global_scale", "activation_scale_scale"),
        )
    }
    layer = quantize(weight, format)
    assert np.array_equal(to_numpy(model.down.e2m1), layer.e2m1)
    assert np.array_equal(to_numpy(model.down.scale_quant), layer.scale_quant)
    assert 0.01 < error(model, expected, x) < 0.3


def test_calibration_pays_and_does_not_depend_on_the_memory_limit() -> None:
    training, x = batches(40), batches(41)[-1]
    expected = run(Model(), x)
    errors, states = [], []
    cases: list[tuple[int | None, Any]] = [(None, None), (1 << 30, "wush"), (1, "wush")]
    for limit, transform in cases:
        model = quantize_model(
            Model(),
            "mx",
            calibration=None if limit is None else training,
            transform=transform,
            memory_limit=limit or 1,
            progress=False,
        )
        errors.append(error(model, expected, x))
        states.append({name: to_numpy(t) for name, t in model.state_dict().items()})
    assert errors[1] < 0.7 * errors[0]
    for name, tensor in states[1].items():
        assert np.array_equal(tensor, states[2][name]), name
    assert states[1]["up.transform"].dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize("format", ["mx", "nv"])
def test_layers_compute_what_the_definition_says(format: str) -> None:
    x = batches(1)[0]
    arguments: dict[str, Any] = {"calibration": batches(8), "transform": "wush", "progress": False}
    model = quantize_model(Model(), format, **arguments)
    expected = run(stand_in(copy.deepcopy(model)), x)
    # A sum in another order may move a value across a boundary ([Q13]).
    assert error(model, expected, x) < 0.01


def test_calibration_is_of_the_unchanged_model_in_evaluation_mode() -> None:
    model, seen = Model(), []
    model.train()

    def forward(m: Any, batch: Any) -> None:
        seen.append((m.training, torch.is_grad_enabled(), type(m.up)))
        m(**batch)

    quantize_model(
        model,
        calibration=({"x": x, "scale": 2.0} for x in batches(2)),
        forward=forward,
        memory_limit=1,
        progress=False,
    )
    assert set(seen) == {(False, False, torch.nn.Linear)}
    assert len(seen) == 2 * 3  # each batch for each layer, as the limit asks for
    assert model.training and model.up.training
    assert not model.up._forward_pre_hooks


def test_the_quantized_layers_input_is_what_calibration_saw() -> None:
    model = Model()
    hidden = [torch.relu(run(model.up, x)) for x in batches(2)]
    quantize_model(model, "nv", calibration=batches(2), include="down", progress=False)
    seen = torch.cat([h.reshape(-1, 96) for h in hidden]).numpy()
    expected = quantize(Model().down.weight, "nv", calibration=seen)
    assert np.array_equal(to_numpy(model.down.e2m1), expected.e2m1)
    scale = np.float32(2) * np.float32(np.abs(seen).max() / np.float32(2688))
    assert model.down.activation_global_scale == pytest.approx(scale, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"include": "decoder.*"}, r"expected an nn.Linear .* it has 3: up, down, head"),
        ({"format": "mx", "include": "*"}, None),
        ({"transform": "wush"}, "calibration: expected batches, got none"),
        ({"method": "feedback"}, "calibration: expected batches, got none"),
        ({"format": "int4"}, "format: expected 'mx' or 'nv', got 'int4'"),
        (
            {"calibration": [torch.full((1, 64), torch.nan)]},
            "layer 'up': calibration: x: expected finite values",
        ),
        ({"calibration": []}, "layer 'up': calibration: no batch reached it"),
    ],
)
def test_errors_name_what_is_wrong(arguments: dict[str, Any], message: str | None) -> None:
    model = Model()
    before = model.up
    if message is None:
        model.up = torch.nn.Linear(40, 96)
        model.tied = model.up
        message = "layer 'up': expected in_features .* 32, got 40; exclude it"
        before = model.up
    with pytest.raises(ValueError, match=message):
        quantize_model(model, progress=False, **arguments)
    assert model.up is before
