"""Layers and weights in modules of PyTorch, which is not imported for those who have none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from fp4.formats import Array
from fp4.layer import QuantizedLayer


def is_module(value: object) -> bool:
    """Whether it is a `torch.nn.Module`."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def find_module_layers(model: Any) -> Iterator[tuple[str, QuantizedLayer]]:
    """Names and layers of the `fp4.torch.QuantLinear`s of a model, which may be one itself.

    Raises:
      ValueError: there are none, or one is empty.
    """
    from fp4.torch import QuantLinear
    from fp4.torch.tensors import to_array

    found = False
    for name, module in model.named_modules():
        if not isinstance(module, QuantLinear):
            continue
        found = True
        tensors = {key: to_array(tensor) for key, tensor in module.named_buffers()}
        if not tensors:
            raise ValueError(f"layer '{name}' is empty: it has no weight yet")
        yield name, QuantizedLayer.from_tensors(tensors)
    if not found:
        raise ValueError(
            f"layers: expected a QuantLinear in the {type(model).__name__}, found none"
        )


def get_module_weights(model: Any) -> dict[str, Array]:
    """The parameters of a model by name, as they are on the CPU."""
    from fp4.torch.tensors import to_array

    return {name: to_array(parameter) for name, parameter in model.named_parameters()}
