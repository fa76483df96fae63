"""gpt-oss, as Hugging Face's Transformers stores it: all experts of a layer in one tensor.

src/transformers/integrations/mxfp4.py: `convert_moe_packed_tensors` decodes with ldexp, and
models/gpt_oss/modeling_gpt_oss.py takes even rows of gate_up for gate, odd rows for up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..activation import UNSCALED, assumed_mx
from ..blocks import without_e8m0_nan
from ..checkpoint import Checkpoint
from ..dtypes import Array
from ..layer import SCALE_DTYPE, Weight, make_layer
from ..options import Options
from ..plan import Content, Group, Plan
from ..safetensors_file import StoredTensor

NAME = "gpt-oss MXFP4"
METHOD = "mxfp4"
_BLOCK_BYTES = 16


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether there are blocks of codes under this format's names."""
    return any(_stems(checkpoint))


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each expert's projection becomes a layer, gate_up_proj two unless it is kept.

    `<m>.experts.gate_up_proj_blocks` becomes `<m>.experts.<e>.gate_proj` and
    `<m>.experts.<e>.up_proj`, `<m>.experts.down_proj_blocks` `<m>.experts.<e>.down_proj`.

    Raises:
      ConversionError: shapes or dtypes are not as the format says.
    """
    result = Plan(NAME)
    for stem in _stems(checkpoint):
        stack = _read_stack(checkpoint, stem)
        owner, _, projection = stem.rpartition(".")
        for part in _split(stack, projection, options.keep_interleaved):
            for expert in range(stack.experts):
                name = f"{owner}.{expert}.{part.projection}"
                result.layers.append(_make_expert(stack, part, expert, name))
        result.consumed.update(tensor.name for tensor in stack.tensors)
    return result


def _stems(checkpoint: Checkpoint) -> Iterator[str]:
    for name, tensor in checkpoint.tensors.items():
        if name.endswith("_blocks") and tensor.dtype == "U8":
            yield name.removesuffix("_blocks")


@dataclass(frozen=True)
class _Stack:
    """The weights of all experts: U8 (E, N, K/32, 16), U8 (E, N, K/32) and (E, N)."""

    blocks: StoredTensor
    scales: StoredTensor
    bias: StoredTensor | None

    @property
    def experts(self) -> int:
        return self.blocks.shape[0]

    @property
    def tensors(self) -> list[StoredTensor]:
        return [t for t in (self.blocks, self.scales, self.bias) if t is not None]


def _read_stack(checkpoint: Checkpoint, stem: str) -> _Stack:
    blocks = checkpoint.tensors[stem + "_blocks"]
    scales = checkpoint.tensors.get(stem + "_scales")
    bias = checkpoint.tensors.get(stem + "_bias")
    if len(blocks.shape) != 4 or blocks.shape[-1] != _BLOCK_BYTES or 0 in blocks.shape:
        raise blocks.error(f"expected codes, U8 (E, N, K/32, {_BLOCK_BYTES}), found {blocks}")
    if scales is None:
        raise blocks.error(f"expected scales, '{stem}_scales', beside it, found none")
    if scales.dtype != "U8" or scales.shape != blocks.shape[:3]:
        raise scales.error(f"expected scales, U8 {blocks.shape[:3]}, found {scales}")
    if bias is not None and bias.shape != blocks.shape[:2]:
        raise bias.error(f"expected a bias of shape {blocks.shape[:2]}, found {bias}")
    return _Stack(blocks, scales, bias)


@dataclass(frozen=True)
class _Part:
    """Rows of a stack that become layers: from `first`, each `step`-th."""

    projection: str
    first: int
    step: int


def _split(stack: _Stack, projection: str, keep_interleaved: bool) -> list[_Part]:
    if projection != "gate_up_proj" or keep_interleaved:
        return [_Part(projection, 0, 1)]
    if stack.blocks.shape[1] % 2:
        raise stack.blocks.error(
            f"expected alternating rows of gate and up, found {stack.blocks.shape[1]} rows"
        )
    return [_Part("gate_proj", 0, 2), _Part("up_proj", 1, 2)]


def _make_expert(stack: _Stack, part: _Part, expert: int, name: str) -> Group:
    n = stack.blocks.shape[1] // part.step
    groups = stack.blocks.shape[2]

    def rows_of(tensor: StoredTensor) -> Callable[[], Array]:
        def read() -> Array:
            array: Array = tensor.data.reshape(stack.experts, stack.blocks.shape[1], -1)
            return np.ascontiguousarray(array[expert, part.first :: part.step])

        return read

    codes = Content("U8", (n, groups * _BLOCK_BYTES), (stack.blocks.name,), rows_of(stack.blocks))
    scales = Content(SCALE_DTYPE["mx"], (n, groups), (stack.scales.name,), rows_of(stack.scales))
    bias = None
    if stack.bias is not None:
        bias = Content(stack.bias.dtype, (n,), (stack.bias.name,), rows_of(stack.bias))
    weight = Weight("mx", codes, without_e8m0_nan(scales, stack.scales), UNSCALED)
    return make_layer(name, weight, assumed_mx("the source does not quantize it"), bias=bias)
