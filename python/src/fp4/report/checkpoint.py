"""Finds layers, and the weights that they were made from, in checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from fp4.formats import Array
from fp4.layer import QuantizedLayer
from fp4.report.modules import find_module_layers, is_module
from fp4.storage import Tensors

if TYPE_CHECKING:
    from torch.nn import Module

Source: TypeAlias = (
    "QuantizedLayer | Mapping[str, QuantizedLayer] | Module | str | os.PathLike[str]"
)
Reference: TypeAlias = "Mapping[str, Array] | Module | str | os.PathLike[str]"


def find_layers(source: Source) -> Iterator[tuple[str, QuantizedLayer]]:
    """Names and layers, one after the other; files are read as far as layers are looked at.

    Raises:
      ValueError: a checkpoint without layers, or with tensors that do not make one.
      TypeError: not a source.
    """
    if isinstance(source, QuantizedLayer):
        yield "", source
    elif isinstance(source, Mapping):
        yield from source.items()
    elif is_module(source):
        yield from find_module_layers(source)
    elif isinstance(source, (str, os.PathLike)):
        tensors = Tensors(source)
        ends = ("e2m1", ".e2m1")
        prefixes = [name[:-4] for name in tensors if name == ends[0] or name.endswith(ends[1])]
        if not prefixes:
            raise ValueError(
                f"{source}: expected a tensor '<layer>.e2m1', found {len(tensors)} others"
            )
        for prefix in prefixes:
            try:
                layer = QuantizedLayer.from_tensors(tensors, prefix)
            except (KeyError, TypeError, ValueError) as error:
                message = error.args[0] if error.args else error
                raise ValueError(f"{source}: layer '{prefix[:-1]}': {message}") from None
            yield prefix.removesuffix("."), layer
    else:
        raise TypeError(
            "layers: expected a QuantizedLayer, a mapping of them, a module of PyTorch, or the path "
            f"of a safetensors file or folder, got {type(source).__name__}"
        )


def find_weight(tensors: Mapping[str, Array], name: str) -> Array | None:
    """The weight of a layer: the tensor `name`.weight, or `name`, or None."""
    for candidate in (f"{name}.weight" if name else "weight", name):
        if candidate in tensors:
            return tensors[candidate]
    return None
