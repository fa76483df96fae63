"""Loads what was quantized into a model that was not."""

from __future__ import annotations

import os
from collections.abc import Mapping

from torch import Tensor, nn

from fp4.storage import Tensors
from fp4.torch.modules import find_linears, make_empty, replace_modules
from fp4.torch.quant_linear import QuantLinear
from fp4.torch.tensors import to_tensor

_CODES = ".e2m1"


def load_model(
    model: nn.Module,
    state: Mapping[str, Tensor] | str | os.PathLike[str],
    *,
    strict: bool = True,
) -> nn.Module:
    """Loads a quantized state: each `nn.Linear` of which it has codes becomes a `QuantLinear`.

    The model needs no weights of its own: those on the device "meta" take no memory, and become the
    tensors of the state as they are. On another device they are copied. Buffers that no state has
    must be there: `accelerate.init_empty_weights` makes models like that.

    Args:
      model: changed in place.
      state: what `state_dict()` of a quantized model gives, or the path of a safetensors file or of
        a folder of such, as `python -m fp4.convert` writes it.
      strict: as of `nn.Module.load_state_dict`.

    Returns:
      The model.

    Raises:
      ValueError: a state without layers, a layer that the model has not, or one of other sizes; with
        `strict`, a buffer without memory that is not stored.
      RuntimeError: what `load_state_dict` does not accept.
      OSError: a file cannot be read.
    """
    if not isinstance(state, Mapping):
        state = {name: to_tensor(array) for name, array in Tensors(state).items()}
    names = [name.removesuffix(_CODES) for name in state if name.endswith(_CODES)]
    if not names:
        raise ValueError(f"state: expected a tensor '<layer>{_CODES}', found {len(state)} others")
    modules = dict(model.named_modules(remove_duplicate=False))
    linears = {id(linear) for linear in find_linears(model).values()}
    replacements: dict[int, QuantLinear] = {}
    for name in names:
        module = modules.get(name)
        if isinstance(module, QuantLinear):
            continue
        if module is None or id(module) not in linears:
            found = "none" if module is None else type(module).__name__
            raise ValueError(f"layer '{name}': expected an nn.Linear in the model, found {found}")
        replacements[id(module)] = make_empty(module).train(module.training)
    replace_modules(model, replacements)
    is_meta = any(tensor.is_meta for tensor in model.parameters())
    model.load_state_dict(state, strict=strict, assign=is_meta)
    for linear in modules.values():
        if id(linear) in replacements and not linear.weight.is_meta:
            # An empty layer has no device: it went where the state is.
            replacements[id(linear)].to(linear.weight.device)
    empty = [name for name, buffer in model.named_buffers() if buffer.is_meta]
    if strict and empty:
        raise ValueError(
            f"buffers {', '.join(empty)} are not stored, and on the device meta: expected a model "
            "whose buffers have memory, such as accelerate.init_empty_weights makes"
        )
    return model
