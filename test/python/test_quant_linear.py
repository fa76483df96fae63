"""fp4.torch.QuantLinear."""

from __future__ import annotations

import copy
import warnings
import weakref
from pathlib import Path
from typing import Any

import check_layer
import fp4_oracle as o
import layers
import ml_dtypes
import numpy as np
import pytest

pytest.importorskip("torch", reason="fp4.torch needs PyTorch: pip install torch")

import fp4.torch
import torch
from fp4.torch import QuantLinear
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

BACKENDS = (None, "vector", "reference", "torch")
# Two formats, three kinds of transforms each.
CONFIGURATIONS = ["mx_none", "mx_shared", "mx_perblock", "nv_none", "nv_shared", "nv_perblock"]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("FP4_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


def to_torch(array: o.Array) -> torch.Tensor:
    names = {o.BF16: torch.bfloat16, o.E4M3: torch.float8_e4m3fn, o.E8M0: torch.float8_e8m0fnu}
    if array.dtype not in names:
        return torch.from_numpy(array.copy())
    bits = array.view(np.uint16 if array.itemsize == 2 else np.uint8).copy()
    return torch.from_numpy(bits).view(names[array.dtype])


def to_numpy(tensor: torch.Tensor) -> o.Array:
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.uint16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.reshape(-1).view(torch.uint8)


def load(name: str) -> tuple[dict[str, torch.Tensor], o.Layer, o.Array]:
    folder = layers.VECTORS / name
    state = o.load(folder / "layer.safetensors")
    x = o.load(folder / "in.safetensors")["x"]
    return {k: to_torch(v) for k, v in state.items()}, o.Layer.from_state(state), x


def make(state: dict[str, torch.Tensor], **options: Any) -> QuantLinear:
    n, half = state["e2m1"].shape
    return QuantLinear(2 * half, n, **state, **options)


def check(layer: o.Layer, x: o.Array, y: torch.Tensor) -> None:
    """Against the definition, and where a transform may round differently, more loosely."""
    want = layer.matmul(*layer.quantize(x))
    got = to_numpy(y)
    assert got.shape == want.value.shape
    if layer.transform is None:
        check_layer.check_output(got, want, got.dtype)
        return
    error = np.linalg.norm(got.astype(np.float64) - want.value)
    assert error <= 2e-2 * np.linalg.norm(want.value)


@pytest.mark.parametrize("quantize", BACKENDS)
@pytest.mark.parametrize("product", BACKENDS)
@pytest.mark.parametrize("name", [*CONFIGURATIONS, "mx_oddk", "nv_oddk"])
def test_every_pair_of_backends(name: str, quantize: str | None, product: str | None) -> None:
    state, layer, x = load(name)
    module = make(state, quant_backend=quantize, matmul_backend=product)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(layer, x, module(to_torch(x)))


@pytest.mark.parametrize("name", ["mx_edge", "nv_edge"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_special_values(name: str, backend: str | None) -> None:
    state, layer, x = load(name)
    module = make(state, quant_backend=backend, matmul_backend="vector")
    y = to_numpy(module(to_torch(x)))
    want = layer.matmul(*layer.quantize(x)).value
    assert np.array_equal(np.isnan(y), np.isnan(want))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_state_dict_fills_an_empty_layer(name: str) -> None:
    state, _, x = load(name)
    full = make(state)
    n, half = state["e2m1"].shape
    empty = QuantLinear(2 * half, n)
    assert not empty.state_dict()
    result = empty.load_state_dict(full.state_dict())
    assert not result.missing_keys and not result.unexpected_keys
    for key, value in full.state_dict().items():
        loaded = empty.state_dict()[key]
        assert loaded.dtype == value.dtype
        assert torch.equal(bits(loaded), bits(value))
    assert empty.group_size == full.group_size
    assert torch.equal(empty(to_torch(x)), full(to_torch(x)))


def test_scalars_that_a_state_lacks() -> None:
    state, _, _ = load("nv_none")
    n, half = state["e2m1"].shape
    kept = {key: state[key] for key in ("e2m1", "scale_quant", "weight_global_scale")}
    layer = QuantLinear(2 * half, n)
    layer.load_state_dict(kept)
    assert layer.activation_global_scale == state["weight_global_scale"]
    assert layer.activation_scale_scale == 1


def test_another_state_is_another_layer() -> None:
    state, _, x = load("mx_none")
    module = make(state)
    before = module(to_torch(x))
    other = dict(module.state_dict(), weight_global_scale=torch.tensor(0.0))
    module.load_state_dict(other)
    assert not module(to_torch(x)).any()
    module.load_state_dict({**other, "weight_global_scale": state["weight_global_scale"]})
    assert torch.equal(module(to_torch(x)), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtypes_move_the_transform_only(dtype: torch.dtype) -> None:
    state, _, x = load("nv_shared")
    module = make(state)
    kept = {k: bits(v).clone() for k, v in state.items() if k != "transform"}
    module.to(dtype)
    assert module.transform is not None and module.transform.dtype == dtype
    for key, value in kept.items():
        moved = module.state_dict()[key]
        assert moved.dtype == state[key].dtype and torch.equal(bits(moved), value)
    y = module(to_torch(x).to(dtype))
    assert y.dtype == dtype and y.isfinite().all()


def test_devices_move_all() -> None:
    state, _, _ = load("nv_shared")
    module = make(state).to("meta")
    assert all(buffer.device.type == "meta" for buffer in module.buffers())
    assert module.e2m1 is not None and module.e2m1.dtype == torch.uint8


def test_leading_dimensions() -> None:
    state, _, x = load("mx_shared")
    module = make(state)
    rows = to_torch(x)[:6]
    want = module(rows)
    assert torch.equal(module(rows.reshape(1, 2, 3, -1)), want.reshape(1, 2, 3, -1))
    assert torch.equal(module(rows[0]), want[0])
    assert module(rows[:0]).shape == (0, module.out_features)
    assert torch.equal(module(rows.T.contiguous().T), want)


def test_what_does_not_fit() -> None:
    state, _, x = load("mx_none")
    n, half = state["e2m1"].shape
    with pytest.raises(ValueError, match="quant_backend 'cutlass' is not known; there are vector"):
        make(state, quant_backend="cutlass")
    with pytest.raises(ValueError, match=rf"e2m1: expected uint8 of \({n}, {2 * half + 2} / 2\)"):
        QuantLinear(2 * half + 2, n, **state)
    with pytest.raises(ValueError, match="scale_quant: expected float8_e8m0fnu or"):
        make({**state, "scale_quant": state["scale_quant"].view(torch.uint8)})
    with pytest.raises(ValueError, match=r"transform: expected \(B, B\)"):
        make({**state, "transform": torch.zeros(3, 5)})
    with pytest.raises(RuntimeError, match="the layer is empty"):
        QuantLinear(2 * half, n)(to_torch(x))
    module = make(state)
    with pytest.raises(ValueError, match=r"x: expected \(\.\.\., "):
        module(to_torch(x)[:, :-1])
    with pytest.raises(ValueError, match="x: expected float32, float16 or bfloat16"):
        module(to_torch(x).double())
    with pytest.raises(ValueError, match="x is on meta, but the layer is on the CPU"):
        module(to_torch(x).to("meta"))


def test_a_backend_that_cannot_is_warned_of() -> None:
    x = torch.ones(2, 8)
    codes = torch.full((4, 4), 0x22, dtype=torch.uint8)
    scales = torch.ones(4, 2).to(torch.float8_e8m0fnu)
    layer = QuantLinear(8, 4, e2m1=codes, scale_quant=scales, activation_scale_scale=4.0,
                        quant_backend="vector")  # fmt: skip
    with pytest.warns(UserWarning, match="quantization by 'vector' cannot be taken: groups of 4"):
        y = layer(x)
    assert torch.equal(y, torch.full((2, 4), 8.0))


def test_a_fallback_that_nobody_asked_for_is_warned_of() -> None:
    codes = torch.full((4, 4), 0x22, dtype=torch.uint8)
    scales = torch.ones(4, 2).to(torch.float8_e8m0fnu)
    layer = QuantLinear(8, 4, e2m1=codes, scale_quant=scales, activation_scale_scale=4.0)
    with pytest.warns(UserWarning, match="the product by 'vector' cannot be taken: groups of 4"):
        layer(torch.ones(2, 8))


def test_a_layer_that_has_run_is_freed() -> None:
    state, _, x = load("mx_none")
    module = make(state)
    module(to_torch(x))
    codes = weakref.ref(module.e2m1)
    del module, state
    assert codes() is None


def three_layers() -> torch.nn.Sequential:
    generator = torch.Generator().manual_seed(1)

    def layer(k: int, n: int) -> QuantLinear:
        codes = torch.randint(0, 256, (n, k // 2), generator=generator, dtype=torch.uint8)
        scales = torch.rand(n, k // 16, generator=generator).to(torch.float8_e4m3fn)
        return QuantLinear(k, n, e2m1=codes, scale_quant=scales, weight_global_scale=0.1,
                           activation_scale_scale=6.0)  # fmt: skip

    gelu = torch.nn.GELU
    return torch.nn.Sequential(layer(64, 96), gelu(), layer(96, 32), gelu(), layer(32, 16))


def test_compiled_without_graph_breaks() -> None:
    model = three_layers()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    want = model(x)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(x), want)
    assert torch.equal(compiled(x[:3]), want[:3])


def test_exported() -> None:
    model = three_layers()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    rows = torch.export.Dim("rows", min=1, max=64)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: rows},))
    assert sum("quant_linear" in str(node.target) for node in program.graph.nodes) == 3
    assert torch.equal(program.module()(x[:2]), model(x[:2]))


@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore:Converting a tensor")
def test_whoever_looks_sees_the_operator() -> None:
    model = three_layers()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    want = model(x)
    with Watch():
        assert torch.equal(model(x), want)
    assert seen.count("fp4.quant_linear.default") == 3

    graph = make_fx(model)(x).graph
    assert sum("quant_linear" in str(node.target) for node in graph.nodes) == 3

    traced = torch.jit.trace(model, (x,))
    assert torch.equal(traced(x[:2]), want[:2])

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = model(mode.from_tensor(x))
    assert isinstance(fake, FakeTensor) and fake.shape == want.shape

    class Marked(torch.Tensor):
        pass

    marked = model(x.as_subclass(Marked))
    assert type(marked) is Marked and torch.equal(marked.as_subclass(torch.Tensor), want)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_transformed_by_vmap() -> None:
    model = three_layers()
    x = torch.randn(3, 5, 64, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    assert torch.equal(torch.vmap(model)(x), model(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gradients_go_straight_through(name: str, dtype: torch.dtype) -> None:
    state, want, _ = load(name)
    layer = make(state)
    k, n = layer.in_features, layer.out_features
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 3, k, generator=generator).to(dtype).requires_grad_()
    grad = torch.randn(2, 3, n, generator=generator).to(dtype)
    layer(x).backward(grad)
    weight = o.dequantize(want.e2m1, want.scale_quant, want.weight_global_scale, o.F32)
    expected = to_numpy(grad).astype(np.float64) @ weight.astype(np.float64)
    if want.transform is not None:
        matrix = want.transform.astype(np.float64)
        blocks = o.split(expected, matrix.shape[-1])[..., None, :]
        expected = (blocks @ matrix).reshape(expected.shape)
    assert x.grad is not None and x.grad.dtype == dtype
    error = np.linalg.norm(to_numpy(x.grad).astype(np.float64) - expected)
    assert error <= np.linalg.norm(expected) * (1e-6 if dtype == torch.float32 else 3e-3)


def test_what_is_beside_a_layer_learns() -> None:
    """An adapter of low rank, as models of 4 bits are fitted, compiled and not."""
    state, _, _ = load("nv_shared")
    layer = make(state)
    k, n = layer.in_features, layer.out_features
    before = {name: bits(tensor).clone() for name, tensor in layer.state_dict().items()}

    class Adapted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first = torch.nn.Linear(k, k)
            self.layer = layer
            self.adapter = torch.nn.Linear(k, n, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.first(x)
            return self.layer(x) + self.adapter(x)

    losses: list[list[float]] = []
    x = torch.randn(8, k, generator=torch.Generator().manual_seed(4))
    for compiled in (False, True):
        model = Adapted()
        optimizer = torch.optim.SGD(model.parameters(), 1e-3)
        call = torch.compile(model, fullgraph=True) if compiled else model
        losses.append([])
        for _ in range(4):
            loss = call(x).square().mean()
            losses[-1].append(float(loss.detach()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert model.first.weight.grad is not None
    assert losses[0] == sorted(losses[0], reverse=True) and losses[0][-1] < losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)
    assert all(torch.equal(bits(layer.state_dict()[name]), want) for name, want in before.items())


def test_no_gradient_where_none_is_wanted() -> None:
    model = three_layers()
    x = torch.randn(5, 64, requires_grad=True)
    with torch.no_grad():
        assert not model(x).requires_grad


def test_the_default_device_is_not_the_layers() -> None:
    model = three_layers()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    want = model(x)
    with torch.device("meta"):
        assert torch.equal(model(x), want)


def test_made_in_inference_mode() -> None:
    state, _, x = load("mx_shared")
    want = make(state)(to_torch(x))
    with torch.inference_mode():
        other = {key: value.clone() for key, value in state.items()}
        module = make(other)
        assert torch.equal(module(to_torch(x)), want)
        loaded = QuantLinear(module.in_features, module.out_features)
        loaded.load_state_dict(other)
        assert torch.equal(loaded.to(torch.bfloat16)(to_torch(x)), want)
        # A change is seen there as well.
        for changed in (module, loaded):
            assert changed.weight_global_scale is not None
            changed.weight_global_scale.zero_()
            assert not changed(to_torch(x)).any()


def test_copies_are_independent() -> None:
    state, _, x = load("mx_none")
    module = make(state)
    want = module(to_torch(x))
    other = copy.deepcopy(module)
    assert other.weight_global_scale is not None
    other.weight_global_scale.zero_()
    assert not other(to_torch(x)).any()
    assert torch.equal(module(to_torch(x)), want)


def test_it_is_printed() -> None:
    state, _, _ = load("nv_shared")
    text = repr(make(state))
    assert "format=nv, group_size=16, transform=(16, 16)" in text
    assert "format=empty" in repr(QuantLinear(32, 4))


def test_the_package_has_no_other_names() -> None:
    assert "QuantLinear" in fp4.torch.__all__
    assert Path(fp4.torch.__file__).name == "__init__.py"
