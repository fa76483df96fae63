"""Reads safetensors files without loading them.

The file is mapped; a tensor is a view of it, and only what is looked at is read. The header is
checked against the format and the size of the file before anything is believed.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .dtypes import BITS, NUMPY, Array, Shape, byte_size, describe
from .errors import ConversionError

# The limit of the reference implementation of the format.
MAX_HEADER = 100_000_000


@dataclass(frozen=True, eq=False, slots=True)
class StoredTensor:
    """A tensor in a file: nothing of it is read before `array` or `data` is used.

    Attributes:
      name: as the file has it.
      dtype: as safetensors names it; other containers' own types begin with their name.
      shape: the logical shape.
      data: the bytes, uint8 of one dimension, a view of the mapped file.
      file: where it is.
    """

    name: str
    dtype: str
    shape: Shape
    data: Array
    file: Path

    def array(self) -> Array:
        """The tensor in its shape; dtypes of 8 bits as uint8.

        Raises:
          ConversionError: a dtype whose values no conversion looks at.
        """
        if self.dtype not in NUMPY:
            raise self.error(f"expected one of {', '.join(NUMPY)}, found {self.dtype}")
        return self.data.view(NUMPY[self.dtype]).reshape(self.shape)

    def error(self, message: str) -> ConversionError:
        """An error that names this tensor and its file."""
        return ConversionError(f"{self.file}: tensor '{self.name}': {message}")

    def __str__(self) -> str:
        return describe(self.dtype, self.shape)


class MappedFile:
    """A file in memory, read page by page when it is looked at."""

    def __init__(self, path: Path) -> None:
        """Raises ConversionError if the file cannot be read."""
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: the file is empty
            raise ConversionError(f"{path}: cannot be read: {error}") from None
        self.data: Array = np.frombuffer(self._map, np.uint8)

    def release(self) -> None:
        """Gives back the pages that were read: they would count as memory of this process."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True, eq=False)
class SafeTensorsFile:
    """What a safetensors file holds."""

    mapped: MappedFile
    tensors: dict[str, StoredTensor]
    metadata: dict[str, str]


def open_safetensors(path: Path) -> SafeTensorsFile:
    """Maps a safetensors file and checks its header.

    Raises:
      ConversionError: not a safetensors file, or a malformed one.
    """
    mapped = MappedFile(path)
    header, start = _read_header(path, mapped.data)
    data = mapped.data[start:]
    metadata = _check_metadata(path, header.pop("__metadata__", {}))
    tensors = {name: _read_entry(path, name, entry, data) for name, entry in header.items()}
    _check_layout(path, header, data.size)
    return SafeTensorsFile(mapped, tensors, metadata)


def _read_header(path: Path, data: Array) -> tuple[dict[str, Any], int]:
    if data.size < 8:
        raise ConversionError(f"{path}: expected 8 bytes or more, found {data.size}")
    (size,) = struct.unpack("<Q", data[:8].tobytes())
    if size > min(MAX_HEADER, data.size - 8):
        raise ConversionError(
            f"{path}: not a safetensors file, or a truncated one: the header should have {size} "
            f"bytes, but the file has {data.size}"
        )

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConversionError(f"{path}: header: '{twice}' is there twice")
        return dict(pairs)

    try:
        header = json.loads(data[8 : 8 + size].tobytes(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise ConversionError(f"{path}: header: not JSON: {error}") from None
    if not isinstance(header, dict):
        raise ConversionError(f"{path}: header: expected an object, found {_short(header)}")
    return header, 8 + size


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _check_metadata(path: Path, metadata: object) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ConversionError(
            f"{path}: __metadata__: expected an object of strings, found {_short(metadata)}"
        )
    return metadata


def _is_sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(v) is int and 0 <= v < 2**63 for v in value)


def _read_entry(path: Path, name: str, entry: Any, data: Array) -> StoredTensor:
    def error(message: str) -> ConversionError:
        return ConversionError(f"{path}: tensor '{name}': {message}")

    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise error(f"expected dtype, shape and data_offsets, found {_short(entry)}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise error(f"unknown dtype {_short(dtype)}")
    if not _is_sizes(shape):
        raise error(f"expected a shape of non-negative integers, found {_short(shape)}")
    if not _is_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise error(f"expected data_offsets [begin, end], found {_short(offsets)}")
    begin, end = offsets
    if end > data.size:
        raise error(f"data_offsets {offsets} reach beyond the {data.size} bytes of data")
    needed = byte_size(dtype, tuple(shape))
    if needed != end - begin:
        raise error(
            f"data_offsets {offsets} hold {end - begin} bytes, but {describe(dtype, tuple(shape))} "
            f"needs {'a fraction of one' if needed is None else needed}"
        )
    return StoredTensor(name, dtype, tuple(shape), data[begin:end], path)


def _check_layout(path: Path, header: dict[str, Any], size: int) -> None:
    """Every byte of the data belongs to one tensor."""
    covered = 0
    for begin, end, name in _in_order(header):
        if begin != covered:
            what = "overlap the tensor before" if begin < covered else "leave a hole before them"
            raise ConversionError(
                f"{path}: tensor '{name}': data_offsets [{begin}, {end}] {what}: the one before "
                f"ends at {covered}"
            )
        covered = end
    if covered != size:
        raise ConversionError(
            f"{path}: the tensors end at offset {covered}, but there are {size} bytes of data"
        )


def _in_order(header: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    return iter(sorted((*entry["data_offsets"], name) for name, entry in header.items()))
