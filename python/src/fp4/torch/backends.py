"""Which code runs each half of a layer.

The quantization and the product are chosen independently, the fastest first. What cannot be taken
is replaced with a warning.
"""

from __future__ import annotations

import dataclasses
import functools
import warnings
from typing import Literal

import torch
from torch import Tensor

import fp4
from fp4.torch import emulation

#: The fastest first. "vector": all cores and vectors of this CPU; "reference": plain loops, by
#: definition right; "torch": PyTorch's operations.
BACKENDS = ("vector", "reference", "torch")

_FORMATS: dict[torch.dtype, Literal["mx", "nv"]] = {
    torch.float8_e8m0fnu: "mx",
    torch.float8_e4m3fn: "nv",
}


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@dataclasses.dataclass(frozen=True)
class Layer:
    """What code depends on."""

    features: int
    k: int
    group_size: int
    scale_dtype: torch.dtype
    dtype: torch.dtype
    transform: tuple[str, tuple[int, ...]] | None

    @property
    def format(self) -> Literal["mx", "nv"]:
        return _FORMATS[self.scale_dtype]


def check_backend(name: str | None, argument: str) -> None:
    """Raises ValueError unless the backend is known."""
    if name is not None and name not in BACKENDS:
        raise ValueError(f"{argument} '{name}' is not known; there are {', '.join(BACKENDS)}")


def choose(asked: str | None, layer: Layer, device: torch.device, half: str) -> str:
    """The backend that is asked for, or the fastest one that can, with a warning if they differ."""

    def why_not(backend: str) -> str:
        if backend == "torch":
            return ""
        if device.type != "cpu":
            return f"the layer is on {device}"
        if backend == "vector" and layer.group_size < 8:
            return f"groups of {layer.group_size} are smaller than 8"
        return ""

    if asked is not None and not why_not(asked):
        return asked
    wanted = BACKENDS[0] if asked is None else asked
    taken = next(backend for backend in BACKENDS if not why_not(backend))
    if taken != wanted:
        warnings.warn(
            f"QuantLinear: {half} by '{wanted}' cannot be taken: {why_not(wanted)}; "
            f"taking '{taken}'",
            stacklevel=5,
        )
    return taken


@functools.cache
def compile_layer(layer: Layer, quantize: str, matmul: str) -> fp4.Function:
    """The whole layer, both halves of it compiled."""
    graph = fp4.Graph()
    x = graph.input("x", _name(layer.dtype), (None, layer.k))
    y = graph.quant_linear(
        "",
        x,
        features=layer.features,
        format=layer.format,
        group_size=layer.group_size,
        transform=layer.transform,
        quantize_strategy=quantize,
        matmul_strategy=matmul,
    )
    graph.output("y", y)
    return fp4.compile(graph)


@functools.cache
def compile_quantization(layer: Layer, strategy: str) -> fp4.Function:
    graph = fp4.Graph("quantize")
    x = graph.input("x", _name(layer.dtype), (None, layer.k))
    codes, scales = graph.quantize(
        "",
        x,
        format=layer.format,
        group_size=layer.group_size,
        transform=layer.transform,
        strategy=strategy,
    )
    graph.output("e2m1", codes)
    graph.output("scale_quant", scales)
    return fp4.compile(graph, entry="quantize")


@functools.cache
def compile_product(layer: Layer, strategy: str) -> fp4.Function:
    graph = fp4.Graph("multiply")
    codes = graph.input("codes", "float4_e2m1fn", (None, layer.k))
    scales = graph.input("scales", _name(layer.scale_dtype), (None, layer.k // layer.group_size))
    alpha = graph.input("alpha", "float32", None)
    y = graph.scaled_matmul(
        "",
        codes,
        scales,
        alpha,
        features=layer.features,
        format=layer.format,
        group_size=layer.group_size,
        dtype=_name(layer.dtype),
        strategy=strategy,
    )
    graph.output("y", y)
    return fp4.compile(graph, entry="multiply")


@dataclasses.dataclass(frozen=True)
class Weights:
    """The state of a layer."""

    e2m1: Tensor
    scale_quant: Tensor
    transform: Tensor | None
    weight_global_scale: Tensor
    activation_global_scale: Tensor
    activation_scale_scale: Tensor

    @property
    def parameters(self) -> dict[str, Tensor]:
        return {name: tensor for name, tensor in vars(self).items() if tensor is not None}

    def detached(self) -> Weights:
        """The same memory in other tensors, which do not keep what is kept with these."""
        return Weights(*(t if t is None else t.detach() for t in vars(self).values()))


class Bound:
    """The code of a layer with its weights in it."""

    def __init__(self, layer: Layer, weights: Weights, quantize: str | None, matmul: str | None):
        device = weights.e2m1.device
        self._layer = layer
        self._weights = weights
        self.quantize = choose(quantize, layer, device, "quantization")
        self.matmul = choose(matmul, layer, device, "the product")
        self._forward = self._quantization = self._product = None
        parameters = weights.parameters
        if "torch" not in (self.quantize, self.matmul):
            self._forward = compile_layer(layer, self.quantize, self.matmul).bind(parameters)
            return
        if self.quantize != "torch":
            self._quantization = compile_quantization(layer, self.quantize).bind(parameters)
        if self.matmul != "torch":
            self._product = compile_product(layer, self.matmul).bind(parameters)

    def __call__(self, x: Tensor) -> Tensor:
        """(..., K) to (..., N)."""
        shape = x.shape
        forward = self._forward
        if forward is None:
            y = self._multiply(*self._quantize(x.reshape(-1, self._layer.k)))
            return y.to(x.dtype).view(*shape[:-1], self._layer.features)
        # What is touched from here on is not in a cache after a large layer, nor are the pages that
        # it is on in a TLB: each function of PyTorch takes some microseconds then.
        if not x.is_cpu:
            raise ValueError(f"x is on {x.device}, but the layer is on the CPU")
        if not x.is_contiguous():
            x = x.contiguous()
        layer = self._layer
        rows = shape[0] if len(shape) == 2 else x.numel() // layer.k
        y = x.new_empty((*shape[:-1], layer.features))
        forward.run_rows(rows, x.data_ptr(), y.data_ptr())
        return y

    def _quantize(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self._quantization is not None:
            codes, scales = self._quantization(x)
            return codes, scales
        w = self._weights
        if w.transform is not None:
            x = emulation.block_transform(x, w.transform)
        return emulation.quantize(
            x,
            self._layer.group_size,
            self._layer.scale_dtype,
            w.activation_global_scale,
            w.activation_scale_scale,
        )

    def _multiply(self, codes: Tensor, scales: Tensor) -> Tensor:
        w = self._weights
        alpha = w.activation_global_scale * w.weight_global_scale
        if self._product is not None:
            y: Tensor = self._product(codes, scales, alpha)
            return y
        return emulation.scaled_matmul(codes, scales, w.e2m1, w.scale_quant, alpha)
