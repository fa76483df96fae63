"""The files of a result: which tensors are in which, and what config.json says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .checkpoint import Checkpoint, find_owner
from .dtypes import BITS
from .plan import Group, Output, Plan, stored

METHOD = "fp4"
"""`quant_method` of what this converter writes."""


@dataclass(frozen=True)
class Shard:
    """A file of the result.

    Attributes:
      name: its name.
      outputs: its tensors in the order of their data: larger elements first, so that each is
        aligned to its size.
    """

    name: str
    outputs: tuple[Output, ...]

    def header(self) -> bytes:
        """The beginning of the file, up to the data."""
        entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        offset = 0
        for output in self.outputs:
            content = output.content
            entries[output.name] = {
                "dtype": content.dtype,
                "shape": list(content.shape),
                "data_offsets": [offset, offset + content.nbytes],
            }
            offset += content.nbytes
        text = json.dumps(entries, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text

    @property
    def nbytes(self) -> int:
        """The bytes of its data."""
        return sum(output.content.nbytes for output in self.outputs)


def copies(checkpoint: Checkpoint, plan: Plan) -> list[Group]:
    """The tensors that no layer is made from, as they are.

    Raises:
      ConversionError: a tensor of a type that safetensors files do not have.
    """
    groups = []
    for name, tensor in checkpoint.tensors.items():
        if name in plan.consumed:
            continue
        if tensor.dtype not in BITS:
            raise tensor.error(
                f"expected MXFP4, NVFP4 or a type that safetensors files have, found "
                f"{tensor.dtype}; --exclude leaves it out"
            )
        groups.append(Group((Output(name, stored(tensor)),)))
    return groups


def check_names(checkpoint: Checkpoint, groups: list[Group]) -> None:
    """Raises ConversionError if two tensors of the result have one name."""
    seen: dict[str, Output] = {}
    for group in groups:
        for output in group.outputs:
            if output.name in seen:
                raise checkpoint.error(
                    f"two tensors would be named '{output.name}': of "
                    f"{', '.join(seen[output.name].content.sources)} and of "
                    f"{', '.join(output.content.sources)}"
                )
            seen[output.name] = output


def make_shards(groups: list[Group], limit: int) -> list[Shard]:
    """Cuts the result into files of at most `limit` bytes of data; a group stays in one file."""
    parts: list[list[Group]] = []
    size = limit + 1
    for group in groups:
        if size + group.nbytes > limit:
            parts.append([])
            size = 0
        parts[-1].append(group)
        size += group.nbytes
    return [
        Shard(f"model-{number:05}-of-{len(parts):05}.safetensors", _in_order(part))
        for number, part in enumerate(parts, start=1)
    ]


def _in_order(groups: list[Group]) -> tuple[Output, ...]:
    outputs = [output for group in groups for output in group.outputs]
    return tuple(sorted(outputs, key=lambda output: -output.content.alignment))


def make_index(shards: list[Shard]) -> dict[str, Any]:
    """model.safetensors.index.json, as Hugging Face's libraries read it."""
    return {
        "metadata": {"total_size": sum(shard.nbytes for shard in shards)},
        "weight_map": {output.name: shard.name for shard in shards for output in shard.outputs},
    }


def make_config(checkpoint: Checkpoint, plan: Plan) -> dict[str, Any]:
    """config.json: the source's, with a `quantization_config` of this project's."""
    config = copy.deepcopy(checkpoint.config)
    if (owner := find_owner(config)) is not None:
        del owner["quantization_config"]
    source: dict[str, Any] = {"format": plan.source}
    if checkpoint.quantization:
        source["quantization_config"] = checkpoint.quantization
    if checkpoint.is_gguf:
        source["metadata"] = checkpoint.metadata
    config["quantization_config"] = {
        "quant_method": METHOD,
        "version": package_version(),
        "converted_from": source,
        "groups": list(_group_layers(plan)),
        "notes": plan.notes,
    }
    return config


def _group_layers(plan: Plan) -> Iterator[dict[str, Any]]:
    """Layers of one kind together."""
    kinds: dict[tuple[tuple[str, str | int], ...], list[str]] = {}
    for layer in plan.layers:
        kinds.setdefault(layer.kind, []).append(layer.name)
    for kind, names in kinds.items():
        yield {**dict(kind), "layers": names}


def package_version() -> str:
    """The version of this package; "unknown" in a source tree that is not installed."""
    try:
        return version("fp4")
    except PackageNotFoundError:
        return "unknown"
