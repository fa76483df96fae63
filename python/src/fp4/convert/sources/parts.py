"""The tensors of one module of a checkpoint, every one accounted for."""

from __future__ import annotations

from collections.abc import Collection

from ..checkpoint import Checkpoint
from ..safetensors_file import StoredTensor

# Of an attention layer's projections: for the cache, not for the product. They are copied.
CACHE_SCALES = ("k_scale", "v_scale", "q_scale", "prob_scale")


def modules_with(checkpoint: Checkpoint, part: str, dtype: str = "U8") -> list[str]:
    """The modules that have a tensor `<module>.<part>` of a dtype."""
    return [
        module
        for module, parts in checkpoint.modules.items()
        if part in parts and parts[part].dtype == dtype
    ]


def take_parts(
    checkpoint: Checkpoint,
    module: str,
    required: Collection[str],
    optional: Collection[str],
    refused: dict[str, str] | None = None,
) -> dict[str, StoredTensor]:
    """The tensors `<module>.<part>`, by part.

    Args:
      checkpoint: where they are.
      module: its name.
      required: parts that must be there.
      optional: parts that may be there.
      refused: other parts that are known, and why they cannot be converted.

    Raises:
      ConversionError: a part is missing, refused or unknown: the module is not understood, and
        converting the rest of it would change what it computes.
    """
    parts = checkpoint.modules[module]
    for part, why in (refused or {}).items():
        if part in parts:
            raise parts[part].error(f"cannot be converted: {why}")
    known = {*required, *optional}
    for part in required:
        if part not in parts:
            raise checkpoint.error(
                f"module '{module}': expected {', '.join(required)}, found {', '.join(parts)}"
            )
    for part, tensor in parts.items():
        if part not in known and part not in CACHE_SCALES:
            raise tensor.error(
                f"unknown part of a quantized module: expected {', '.join(sorted(known))}; found "
                f"{tensor}"
            )
    return {part: tensor for part, tensor in parts.items() if part in known}
