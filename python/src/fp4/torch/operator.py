"""The layer as an operator, for torch.compile and torch.export to see.

Code is bound to weights once: what was bound for a weight is kept with the tensor that holds its
codes, and made anew when any of its tensors changes.
"""

from __future__ import annotations

import torch
from torch import Tensor

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


def get_bound(
    weights: Weights, dtype: torch.dtype, quant_backend: str | None, matmul_backend: str | None
) -> Bound:
    key = (dtype, quant_backend, matmul_backend)
    version = weights.version
    kept: _Kept = weights.e2m1.__dict__.setdefault("_fp4_bound", _Kept())
    if key in kept and kept[key][0] == version:
        return kept[key][1]
    layer = get_layer(weights.e2m1, weights.scale_quant, weights.transform, dtype)
    bound = Bound(layer, weights.detached(), quant_backend, matmul_backend)
    kept[key] = (version, bound)
    return bound


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
    weights = Weights(
        e2m1,
        scale_quant,
        transform,
        weight_global_scale,
        activation_global_scale,
        activation_scale_scale,
    )
    return get_bound(weights, x.dtype, quant_backend, matmul_backend)(x)


@quant_linear.register_fake
def _(
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
    return x.new_empty((*x.shape[:-1], e2m1.shape[0]))
