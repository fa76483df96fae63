"""The layer as an operator, for torch.compile and torch.export to see.

Code is bound to weights once: what was bound for a weight is kept with the tensor that holds its
codes, and made anew when any of its tensors changes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from fp4.torch import emulation
from fp4.torch.backends import Bound, Layer, Weights


def get_layer(
    e2m1: Tensor, scale_quant: Tensor, transform: Tensor | None, dtype: torch.dtype
) -> Layer:
    """What the shapes and dtypes of the state say."""
    features, k = e2m1.shape[0], 2 * e2m1.shape[1]
    matrix = None
    if transform is not None:
        matrix = (str(transform.dtype).removeprefix("torch."), tuple(transform.shape))
    return Layer(features, k, k // scale_quant.shape[1], scale_quant.dtype, dtype, matrix)


class _Kept(dict[object, tuple[object, Bound]]):
    """What was bound. A copy of the tensor, or what is read from a file, has nothing of it."""

    def __deepcopy__(self, memo: object) -> _Kept:
        return _Kept()

    def __reduce__(self) -> tuple[type[_Kept], tuple[()]]:
        return _Kept, ()


def _get_version(weights: tuple[Tensor | None, ...]) -> list[object]:
    """Differs when a tensor was replaced or written to."""
    return [w if w is None else (w.data_ptr(), w._version) for w in weights]


def _get_bound(
    weights: tuple[Tensor | None, ...],
    dtype: torch.dtype,
    quant_backend: str | None,
    matmul_backend: str | None,
) -> Bound:
    codes = weights[0]
    assert codes is not None
    key = (dtype, quant_backend, matmul_backend)
    version = _get_version(weights)
    kept: _Kept | None = codes.__dict__.get("_fp4_bound")
    if kept is None:
        kept = codes.__dict__.setdefault("_fp4_bound", _Kept())
    found = kept.get(key)
    if found is not None and found[0] == version:
        return found[1]
    named = Weights(*weights)  # type: ignore[arg-type]
    layer = get_layer(named.e2m1, named.scale_quant, named.transform, dtype)
    bound = Bound(layer, named.detached(), quant_backend, matmul_backend)
    kept[key] = (version, bound)
    return bound


def apply(
    x: Tensor,
    weights: tuple[Tensor | None, ...],
    quant_backend: str | None,
    matmul_backend: str | None,
) -> Tensor:
    """The operator.

    PyTorch takes longer to dispatch it than a small layer to compute: it does that for those only
    who look at it. They are compilers, subclasses, tracers, modes, transforms, and autograd.
    """
    if (
        torch.compiler.is_dynamo_compiling()
        or type(x) is not Tensor
        or torch._C._get_tracing_state() is not None
        or is_in_torch_dispatch_mode()
        or torch._C._are_functorch_transforms_active()
        or (x.requires_grad and torch.is_grad_enabled())
    ):
        y: Tensor = quant_linear(x, *weights, quant_backend, matmul_backend)
        return y
    return _get_bound(weights, x.dtype, quant_backend, matmul_backend)(x)


@torch.library.custom_op("fp4::quant_linear", mutates_args=())
def quant_linear(
    x: Tensor,
    e2m1: Tensor,
    scale_quant: Tensor,
    transform: Tensor | None,
    weight_global_scale: Tensor,
    activation_global_scale: Tensor,
    activation_scale_scale: Tensor,
    quant_backend: str | None,
    matmul_backend: str | None,
) -> Tensor:
    weights = (
        e2m1,
        scale_quant,
        transform,
        weight_global_scale,
        activation_global_scale,
        activation_scale_scale,
    )
    return _get_bound(weights, x.dtype, quant_backend, matmul_backend)(x)


@quant_linear.register_fake
def _(x: Tensor, e2m1: Tensor, *_: object) -> Tensor:
    return x.new_empty((*x.shape[:-1], e2m1.shape[0]))


@torch.library.custom_op("fp4::quant_linear_backward", mutates_args=())
def quant_linear_backward(
    grad: Tensor,
    e2m1: Tensor,
    scale_quant: Tensor,
    transform: Tensor | None,
    weight_global_scale: Tensor,
) -> Tensor:
    """The gradient of x, straight through: as if x were not quantized. That of the quantization
    itself is zero almost everywhere."""
    rows = grad.reshape(-1, grad.shape[-1])
    result = emulation.input_gradient(rows, e2m1, scale_quant, transform, weight_global_scale)
    return result.to(grad.dtype).view(*grad.shape[:-1], 2 * e2m1.shape[1])


@quant_linear_backward.register_fake
def _(grad: Tensor, e2m1: Tensor, *_: object) -> Tensor:
    return grad.new_empty((*grad.shape[:-1], 2 * e2m1.shape[1]))


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, e2m1, scale_quant, transform, weight_global_scale, *_ = inputs
    ctx.save_for_backward(e2m1, scale_quant, transform, weight_global_scale)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return (quant_linear_backward(grad, *ctx.saved_tensors), *[None] * 8)


quant_linear.register_autograd(_backward, setup_context=_save)
