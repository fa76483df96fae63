"""Finds layers, and the weights that they were made from, in checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from fp4.formats import Array
from fp4.layer import QuantizedLayer
from fp4.storage import TensorFile

Source = QuantizedLayer | Mapping[str, QuantizedLayer] | str | os.PathLike[str]
Reference = Mapping[str, Array] | str | os.PathLike[str]


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
            "layers: expected a QuantizedLayer, a mapping of them, or the path of a safetensors "
            f"file or folder, got {type(source).__name__}"
        )


def find_weight(tensors: Mapping[str, Array], name: str) -> Array | None:
    """The weight of a layer: the tensor `name`.weight, or `name`, or None."""
    for candidate in (f"{name}.weight" if name else "weight", name):
        if candidate in tensors:
            return tensors[candidate]
    return None
