"""GGUF's MXFP4 and NVFP4, of ggml and llama.cpp.

ggml/src/ggml-common.h has the blocks, ggml-impl.h the scales. Codes stand for twice their e2m1
value there and scales for half of theirs: the product is the same. An NVFP4 tensor has its global
scale, a multiplier, in a tensor of its own.
"""

from __future__ import annotations

import numpy as np

from ..activation import UNSCALED, Activation, assumed_mx, assumed_nv, static_nv
from ..blocks import paired, without_e8m0_nan
from ..checkpoint import Checkpoint
from ..dtypes import Array
from ..gguf_file import PREFIX
from ..global_scale import is_usable, multiplier, read_scalars
from ..layer import GROUP_SIZE, SCALE_DTYPE, ScaleFormat, Weight, make_layer
from ..options import Options
from ..plan import Content, Plan, stored
from ..safetensors_file import StoredTensor

NAME = "GGUF"
_TYPES: dict[str, ScaleFormat] = {PREFIX + "MXFP4": "mx", PREFIX + "NVFP4": "nv"}
# Elements and bytes of a block: the scales of its groups are first.
_BLOCKS: dict[ScaleFormat, tuple[int, int, int]] = {"mx": (32, 17, 1), "nv": (64, 36, 4)}


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether the container is GGUF."""
    return checkpoint.is_gguf


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each MXFP4 or NVFP4 tensor `<m>.weight` becomes a layer `<m>`, or one for each expert.

    Raises:
      ConversionError: a tensor is not a matrix or a stack of them, or its values cannot be held.
    """
    result = Plan(NAME)
    for tensor in checkpoint.tensors.values():
        if tensor.dtype in _TYPES:
            _plan_tensor(checkpoint, tensor, _TYPES[tensor.dtype], options, result)
    return result


def _plan_tensor(
    checkpoint: Checkpoint,
    tensor: StoredTensor,
    scale_format: ScaleFormat,
    options: Options,
    result: Plan,
) -> None:
    if len(tensor.shape) not in (2, 3) or 0 in tensor.shape:
        raise tensor.error(f"expected a matrix or a stack of them, found {tensor.shape}")
    stacked = len(tensor.shape) == 3
    count = tensor.shape[0] if stacked else 1
    module = tensor.name.removesuffix(".weight")
    scale = _find_sidecar(checkpoint, tensor, module, "scale")
    input_scale = _find_sidecar(checkpoint, tensor, module, "input_scale")
    bias = checkpoint.tensors.get(module + ".bias") if tensor.name.endswith(".weight") else None
    if bias is not None and bias.shape != tensor.shape[:-1]:
        raise bias.error(f"expected a bias of shape {tensor.shape[:-1]}, found {bias}")
    global_scales = [UNSCALED] * count
    if scale is not None:
        global_scales = [multiplier(scale, value) for value in read_scalars(scale, count)]
    for e in range(count):
        activation = _read_activation(input_scale, scale_format, e, count, options, result.notes)
        result.layers.append(
            make_layer(
                f"{module}.{e}" if stacked else module,
                Weight(
                    scale_format,
                    _read_codes(tensor, scale_format, e),
                    _read_scales(tensor, scale_format, e),
                    global_scales[e],
                    None if scale is None else scale.name,
                ),
                activation,
                bias=None if bias is None else _read_bias(bias, e) if stacked else stored(bias),
            )
        )
    used = (tensor, scale, input_scale, bias)
    result.consumed.update(t.name for t in used if t is not None)


def _find_sidecar(
    checkpoint: Checkpoint, tensor: StoredTensor, module: str, part: str
) -> StoredTensor | None:
    """A scale beside a tensor: `<m>.scale`, or `<m>.weight.scale` as some writers have it."""
    names = dict.fromkeys((f"{module}.{part}", f"{tensor.name}.{part}"))
    found = [checkpoint.tensors[name] for name in names if name in checkpoint.tensors]
    if len(found) > 1:
        raise found[1].error(f"expected one scale of '{tensor.name}', found '{found[0].name}' too")
    return found[0] if found else None


def _read_activation(
    scale: StoredTensor | None,
    scale_format: ScaleFormat,
    expert: int,
    count: int,
    options: Options,
    notes: list[str],
) -> Activation:
    if scale_format == "mx":
        if scale is not None:
            raise scale.error("expected none beside e8m0 scales")
        return assumed_mx("the source does not quantize it to FP4 everywhere")
    if scale is None:
        return assumed_nv(options.activation_global_scale, "the source has no static scale")
    value = read_scalars(scale, count)[expert]
    if is_usable(value):
        return static_nv(multiplier(scale, value), scale.name)
    notes.append(f"{scale.name}: {value}; {options.activation_global_scale} is assumed")
    return assumed_nv(options.activation_global_scale, "the source was not calibrated")


# ---- blocks -----------------------------------------------------------------------------------


def _matrix_shape(tensor: StoredTensor) -> tuple[int, int]:
    return tensor.shape[-2], tensor.shape[-1]


def _blocks(tensor: StoredTensor, scale_format: ScaleFormat, expert: int) -> Array:
    """The blocks of one matrix: uint8 (blocks, bytes of a block)."""
    n, k = _matrix_shape(tensor)
    elements, size, _ = _BLOCKS[scale_format]
    count = n * k // elements
    blocks: Array = tensor.data.reshape(-1, size)
    return blocks[expert * count : (expert + 1) * count]


def _read_codes(tensor: StoredTensor, scale_format: ScaleFormat, expert: int) -> Content:
    n, k = _matrix_shape(tensor)
    elements, _, scales = _BLOCKS[scale_format]
    if k % elements:
        raise tensor.error(f"expected K to be a multiple of {elements}, found K = {k}")

    def read() -> Array:
        halves = _blocks(tensor, scale_format, expert)[:, scales:]
        return paired(halves.reshape(-1, GROUP_SIZE[scale_format] // 2)).reshape(n, k // 2)

    return Content("U8", (n, k // 2), (tensor.name,), read)


def _read_scales(tensor: StoredTensor, scale_format: ScaleFormat, expert: int) -> Content:
    n, k = _matrix_shape(tensor)
    shape = (n, k // GROUP_SIZE[scale_format])
    _, _, scales = _BLOCKS[scale_format]

    def read() -> Array:
        array = _blocks(tensor, scale_format, expert)[:, :scales]
        return np.ascontiguousarray(array).reshape(shape)

    content = Content(SCALE_DTYPE[scale_format], shape, (tensor.name,), read)
    if scale_format == "mx":
        return without_e8m0_nan(content, tensor)
    return content.then(lambda array: _from_ue4m3(array, tensor), content.dtype, shape)


def _from_ue4m3(scales: Array, tensor: StoredTensor) -> Array:
    """ggml's scales as e4m3: it ignores the sign, and 0x7f is 0 (`ggml_ue4m3_to_fp32`)."""
    if (scales == 0xFF).any():
        raise tensor.error(
            "expected scales from 0 to 448, found byte 0xff, which ggml takes for 480"
        )
    scales = scales & np.uint8(0x7F)
    scales[scales == 0x7F] = 0
    return scales


def _read_bias(bias: StoredTensor, expert: int) -> Content:
    n = bias.shape[-1]

    def read() -> Array:
        row: Array = bias.data.reshape(bias.shape[0], -1)[expert]
        return row

    return Content(bias.dtype, (n,), (bias.name,), read)
