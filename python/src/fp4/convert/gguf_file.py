"""Reads GGUF files, with the `gguf` package.

Only this module needs the package, and only when a GGUF file is converted.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np

from .dtypes import Array
from .errors import ConversionError
from .safetensors_file import StoredTensor

MAGIC = b"GGUF"
PREFIX = "GGUF "
"""In front of the types that safetensors files do not have, as "GGUF MXFP4"."""

# Types that both containers have.
_SAME = {
    "F16": "F16",
    "F32": "F32",
    "F64": "F64",
    "BF16": "BF16",
    "I8": "I8",
    "I16": "I16",
    "I32": "I32",
    "I64": "I64",
}


class GGUFFile:
    """What a GGUF file holds.

    Attributes:
      tensors: by name; shapes are those of numpy, the slowest dimension first.
      metadata: the fields that are one string or number. Lists, such as a tokenizer's, are not.
    """

    def __init__(self, path: Path) -> None:
        """Raises ConversionError if the file is malformed or the package is missing."""
        try:
            import gguf
        except ImportError:
            raise ConversionError(
                f"{path}: reading a GGUF file needs the package gguf: pip install gguf"
            ) from None
        try:
            self._reader = gguf.GGUFReader(path)
            self.tensors = {t.name: _make_tensor(path, t) for t in self._reader.tensors}
            self.metadata = _read_metadata(self._reader)
        # What the package's slices and conversions run into in a malformed file.
        except (LookupError, OSError, OverflowError, TypeError, ValueError) as error:
            raise ConversionError(f"{path}: not a well-formed GGUF file: {error}") from None

    def release(self) -> None:
        """Gives back the pages that were read."""
        mapped = getattr(self._reader.data, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def _make_tensor(path: Path, tensor: Any) -> StoredTensor:
    kind = tensor.tensor_type.name
    data: Array = np.asarray(tensor.data).reshape(-1).view(np.uint8)
    shape = tuple(int(size) for size in reversed(tensor.shape))
    if data.size != tensor.n_bytes:
        raise ConversionError(
            f"{path}: tensor '{tensor.name}': expected {tensor.n_bytes} bytes, found {data.size}"
        )
    return StoredTensor(tensor.name, _SAME.get(kind, PREFIX + kind), shape, data, path)


def _read_metadata(reader: Any) -> dict[str, Any]:
    metadata = {}
    for name, field in reader.fields.items():
        value = field.contents() if len(field.types) == 1 else None
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, (str, int, float, bool)) and not name.startswith("GGUF."):
            metadata[name] = value
    return metadata
