"""Layers in models: which there are, and how they are replaced."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from fp4.formats import E8M0
from fp4.layer import QuantizedLayer
from fp4.torch.quant_linear import QuantLinear, QuantLinearWithBias
from fp4.torch.tensors import to_tensor


def find_linears(model: nn.Module) -> dict[str, nn.Linear]:
    """The linear layers of a model by name, each once.

    Subclasses are left out: they may be there for another forward, or for their weight only.
    """
    return {name: m for name, m in model.named_modules() if type(m) is nn.Linear and name}


def replace_modules(model: nn.Module, replacements: Mapping[int, nn.Module]) -> None:
    """Puts other modules in the place of those whose `id` is a key, wherever they are."""
    # A layer may have several parents, and several names in one.
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and id(child) in replacements:
                setattr(parent, name, replacements[id(child)])


def make_empty(linear: nn.Linear) -> QuantLinear:
    """The layer that takes the place of `linear`, without a weight, and with its bias."""
    sizes = (linear.in_features, linear.out_features)
    device = linear.weight.device
    if linear.bias is None:
        return QuantLinear(*sizes, device=device)
    return QuantLinearWithBias(*sizes, device=device)


def make_module(linear: nn.Linear, layer: QuantizedLayer) -> QuantLinear:
    """The module for a quantized layer, where the weight of `linear` is, and with its bias."""
    scale_dtype = torch.float8_e8m0fnu if layer.scale_quant.dtype == E8M0 else torch.float8_e4m3fn
    biased = linear.bias is not None
    module = (QuantLinearWithBias if biased else QuantLinear)(
        linear.in_features,
        linear.out_features,
        device=linear.weight.device,
        transform=None if layer.transform is None else to_tensor(layer.transform),
        e2m1=to_tensor(layer.e2m1),
        scale_quant=to_tensor(layer.scale_quant),
        scale_dtype=scale_dtype,
        group_size=layer.format.group_size,
        weight_global_scale=float(layer.weight_global_scale),
        activation_global_scale=float(layer.activation_global_scale),
        activation_scale_scale=float(layer.activation_scale_scale),
    )
    if biased:
        bias = linear.bias
        module.bias = nn.Parameter(bias.detach().clone(), requires_grad=bias.requires_grad)
    return module.train(linear.training)
