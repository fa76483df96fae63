"""Tensors in safetensors files, as numpy arrays with the dtypes of bf16 and 8-bit floats."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import ml_dtypes
import numpy as np

from fp4.formats import BF16, E4M3, E8M0, F16, F32, Array

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "BF16": BF16,
    "F16": F16,
    "F32": F32,
    "F64": np.dtype(np.float64),
    "F8_E4M3": E4M3,
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "F8_E8M0": E8M0,
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "I16": np.dtype(np.int16),
    "I32": np.dtype(np.int32),
    "I64": np.dtype(np.int64),
    "BOOL": np.dtype(np.bool_),
}
_NAMES: Final = {dtype: name for name, dtype in _DTYPES.items()}


def write_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes a safetensors file, or replaces one once the new one is complete.

    Args:
      path: of the file.
      tensors: arrays and numpy scalars by name; their dtypes are kept.
      metadata: strings for the header's `__metadata__`.

    Raises:
      TypeError: a dtype that the format has no name for.
      OSError: the file cannot be written.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    arrays = {name: np.asarray(value) for name, value in tensors.items()}
    end = 0
    for name, array in arrays.items():
        if array.dtype not in _NAMES:
            raise TypeError(f"tensor '{name}': safetensors has no name for dtype {array.dtype}")
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # data that is aligned can be mapped
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for array in arrays.values():
                file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class TensorFile(Mapping[str, Array]):
    """A safetensors file as a mapping from names to arrays.

    Arrays are read-only views of the mapped file: what is not looked at is not read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Maps the file.

        Raises:
          OSError: the file cannot be read.
          ValueError: it is not a safetensors file.
        """
        self.path = Path(path)
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise ValueError(f"{path}: not a safetensors file, or a truncated one")
            try:
                header = json.loads(file.read(length))
                self.metadata: dict[str, str] = header.pop("__metadata__", {})
                self._entries = {
                    name: (str(e["dtype"]), tuple(e["shape"]), *e["data_offsets"])
                    for name, e in header.items()
                }
            except (ValueError, TypeError, KeyError, AttributeError):
                raise ValueError(f"{path}: the header is not one of safetensors") from None
        for name, (_, _, begin, end) in self._entries.items():
            if not 0 <= begin <= end <= size - 8 - length:
                raise ValueError(f"{path}: tensor '{name}': data outside of the file")
        self._start = 8 + length

    def __getitem__(self, name: str) -> Array:
        dtype_name, shape, begin, end = self._entries[name]
        dtype = _DTYPES.get(dtype_name)
        if dtype is None:
            raise ValueError(f"{self.path}: tensor '{name}': numpy has no dtype {dtype_name}")
        count = (end - begin) // dtype.itemsize
        if count == 0:
            return np.empty(shape, dtype)
        # Each has its own mapping, which ends with the array.
        data = np.memmap(self.path, np.uint8, "r", self._start + begin, (end - begin,))
        try:
            return np.asarray(data).view(dtype).reshape(shape)
        except ValueError:
            raise ValueError(
                f"{self.path}: tensor '{name}': {end - begin} bytes are not {dtype_name} of "
                f"shape {shape}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Tensors(Mapping[str, Array]):
    """The tensors of a safetensors file, or of all in a folder, read when they are looked up."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Finds the files.

        Raises:
          FileNotFoundError: there is nothing there, or no safetensors file in the folder.
          ValueError: a file is not one, or two have a tensor of one name.
        """
        root = Path(path)
        files = sorted(root.glob("*.safetensors")) if root.is_dir() else [root]
        if not files:
            raise FileNotFoundError(f"{path}: no *.safetensors in this folder")
        self._files: dict[str, TensorFile] = {}
        for file in map(TensorFile, files):
            for name in file:
                if name in self._files:
                    raise ValueError(
                        f"tensor '{name}' is in {self._files[name].path} and in {file.path}"
                    )
                self._files[name] = file

    def __getitem__(self, name: str) -> Array:
        return self._files[name][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
