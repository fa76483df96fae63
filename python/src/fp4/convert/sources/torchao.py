"""torchao's NVFP4Tensor and MXTensor, flattened into safetensors files.

torchao/prototype/safetensors/safetensors_support.py: the parameter `<m>.weight` is stored as
`<m>._weight_qdata`, `<m>._weight_scale` and so on; the header's metadata has the attributes.
Per-tensor scales are multipliers. Scales may be in the blocked layout of tensor cores ([B2]).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from ..activation import (
    MX_RULES,
    NV_SCALE_SCALE,
    UNSCALED,
    Activation,
    assumed_mx,
    assumed_nv,
    dynamic_mx,
    static_nv,
)
from ..blocks import check_codes, check_scales, unblocked
from ..checkpoint import Checkpoint
from ..global_scale import is_usable, multiplier, read_scalars
from ..layer import GROUP_SIZE, SCALE_DTYPE, ScaleFormat, Weight, make_layer
from ..options import Options
from ..plan import Content, Plan, stored
from ..safetensors_file import StoredTensor

NAME = "torchao"
METHOD = "torchao"
_CLASSES: Final[dict[str, ScaleFormat]] = {"NVFP4Tensor": "nv", "MXTensor": "mx"}
_ELEMENT = "float4_e2m1fn_x2"


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether the metadata describe tensors of these classes."""
    return any(
        isinstance(text, str) and any(f'"_type": "{name}"' in text for name in _CLASSES)
        for text in checkpoint.metadata.values()
    )


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each parameter of the two classes becomes a layer, named as its module.

    Raises:
      ConversionError: the metadata or the tensors are not as the format says; MX elements are
        not e2m1; a parameter is not a `weight`.
    """
    result = Plan(NAME)
    for parameter in _read_parameters(checkpoint):
        weight = _read_weight(parameter)
        activation = _read_activation(parameter, weight.scale_format, options, result.notes)
        bias = checkpoint.tensors.get(parameter.module + ".bias")
        content = None if bias is None else stored(bias)
        result.layers.append(make_layer(parameter.module, weight, activation, bias=content))
        result.consumed.update(tensor.name for tensor in parameter.parts.values())
        if bias is not None:
            result.consumed.add(bias.name)
    return result


@dataclass(frozen=True)
class _Parameter:
    """A parameter of one of the classes.

    Attributes:
      module: the module that it is the weight of.
      scale_format: of its class.
      attributes: those of the object, from the metadata.
      parts: its tensors by their short names.
    """

    module: str
    scale_format: ScaleFormat
    attributes: dict[str, Any]
    parts: dict[str, StoredTensor]

    def error(self, message: str) -> Exception:
        return self.parts["qdata"].error(message)


def _read_parameters(checkpoint: Checkpoint) -> list[_Parameter]:
    parameters = []
    for name, text in checkpoint.metadata.items():
        try:
            described = json.loads(text) if name != "tensor_names" else None
        except ValueError:
            continue  # other metadata, as "format": "pt"
        if not isinstance(described, dict) or described.get("_type") in (None, "Tensor"):
            continue
        module, _, attribute = name.rpartition(".")
        prefix = f"_{attribute}_"
        parts = {
            part.removeprefix(prefix): tensor
            for part, tensor in checkpoint.modules.get(module, {}).items()
            if part.startswith(prefix)
        }
        if not parts:
            continue  # left out by the user's patterns
        if described["_type"] not in _CLASSES:
            # Its tensors alone are not enough, and the metadata belong to a file of torchao's.
            raise checkpoint.error(
                f"parameter '{name}': expected {' or '.join(_CLASSES)}, found {described['_type']}"
            )
        expected = described.get("_tensor_data_names")
        if not isinstance(expected, list) or set(expected) != set(parts) or "qdata" not in parts:
            raise checkpoint.error(
                f"parameter '{name}': expected the tensors {expected}, found {sorted(parts)}"
            )
        if attribute != "weight":
            raise checkpoint.error(
                f"parameter '{name}': expected parameters named weight, found '{attribute}'"
            )
        attributes = described.get("_data")
        if not isinstance(attributes, dict):
            raise checkpoint.error(f"parameter '{name}': expected attributes, found {attributes!r}")
        parameters.append(_Parameter(module, _CLASSES[described["_type"]], attributes, parts))
    return parameters


def _name(value: object) -> str:
    """A dtype or an enumerator: torchao stores them as objects with `_data`."""
    return str(value.get("_data") if isinstance(value, dict) else value)


def _read_weight(parameter: _Parameter) -> Weight:
    scale_format, parts, attributes = parameter.scale_format, parameter.parts, parameter.attributes
    codes, scales = parts["qdata"], parts["scale"]
    element = _name(attributes.get("elem_dtype"))
    if scale_format == "mx" and element != _ELEMENT:
        raise parameter.error(f"expected elem_dtype {_ELEMENT}, found {element}")
    if attributes.get("block_size") != GROUP_SIZE[scale_format]:
        raise parameter.error(
            f"expected block_size {GROUP_SIZE[scale_format]}, found {attributes.get('block_size')}"
        )
    check_codes(codes)
    content = _read_scales(parameter, codes, scales, scale_format)
    tensor = parts.get("per_tensor_scale")
    if tensor is None:
        return Weight(scale_format, stored(codes), content, UNSCALED)
    gs = multiplier(tensor, read_scalars(tensor)[0])
    return Weight(scale_format, stored(codes), content, gs, tensor.name)


def _read_scales(
    parameter: _Parameter, codes: StoredTensor, scales: StoredTensor, scale_format: ScaleFormat
) -> Content:
    dtype = SCALE_DTYPE[scale_format]
    if not parameter.attributes.get("is_swizzled_scales"):
        check_scales(scales, codes, scale_format, (dtype,))
        return stored(scales)
    if scales.dtype != dtype:
        raise scales.error(f"expected {dtype}, found {scales}")
    return unblocked(scales, (codes.shape[0], codes.shape[1] * 2 // GROUP_SIZE[scale_format]))


def _read_activation(
    parameter: _Parameter, scale_format: ScaleFormat, options: Options, notes: list[str]
) -> Activation:
    described = parameter.attributes.get("act_quant_kwargs")
    arguments = described.get("_data", {}) if isinstance(described, dict) else None
    if scale_format == "mx":
        if arguments is None:
            return assumed_mx("the source does not quantize it")
        if (element := _name(arguments.get("elem_dtype"))) != _ELEMENT:
            return assumed_mx(f"the source quantizes it to {element}")
        rule = _name(arguments.get("scaling_mode")).lower()
        if rule not in MX_RULES:
            raise parameter.error(f"expected scaling_mode {', '.join(MX_RULES)}, found {rule}")
        return dynamic_mx(rule)
    scale = parameter.parts.get("act_per_tensor_scale")
    if scale is not None:
        (value,) = read_scalars(scale)
        if is_usable(value):
            return static_nv(multiplier(scale, value), scale.name)
        notes.append(f"{scale.name}: {value}; {options.activation_global_scale} is assumed")
        return assumed_nv(options.activation_global_scale, "the source was not calibrated")
    if arguments is None:
        return assumed_nv(options.activation_global_scale, "the source does not quantize it")
    if arguments.get("use_dynamic_per_tensor_scale"):
        return assumed_nv(options.activation_global_scale, "the source computes it for each input")
    return Activation(UNSCALED, NV_SCALE_SCALE, "dynamic: no global scale")
