"""A checkpoint: its tensors, wherever they are, and what its JSON files say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from .errors import ConversionError
from .gguf_file import MAGIC, GGUFFile
from .safetensors_file import StoredTensor, open_safetensors

INDEX = "model.safetensors.index.json"
_COMPANIONS = (".json", ".jinja", ".model", ".tiktoken", ".txt")
_REPLACED = ("config.json", "hf_quant_config.json")


class _Releases(Protocol):
    def release(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint that is open for reading.

    Attributes:
      path: the directory or the file.
      files: the files that hold its tensors.
      tensors: by name, in the order of the files.
      metadata: of the headers of safetensors files, and of a GGUF file.
      config: config.json; empty if there is none.
      quantization: what describes the quantization: `quantization_config` of config.json, or
        hf_quant_config.json; empty if there is neither.
      companions: other files that a user of the model wants: tokenizers, templates.
      is_gguf: whether the container is GGUF.
    """

    path: Path
    files: tuple[Path, ...]
    tensors: dict[str, StoredTensor]
    metadata: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    quantization: dict[str, Any] = field(default_factory=dict)
    companions: tuple[Path, ...] = ()
    is_gguf: bool = False
    _containers: tuple[_Releases, ...] = ()

    @cached_property
    def modules(self) -> dict[str, dict[str, StoredTensor]]:
        """The tensors `<module>.<part>` by module and part."""
        modules: dict[str, dict[str, StoredTensor]] = {}
        for name, tensor in self.tensors.items():
            module, _, part = name.rpartition(".")
            modules.setdefault(module, {})[part] = tensor
        return modules

    def release(self) -> None:
        """Gives back the memory of what was read so far."""
        for container in self._containers:
            container.release()

    def error(self, message: str) -> ConversionError:
        """An error that names the checkpoint."""
        return ConversionError(f"{self.path}: {message}")


def open_checkpoint(
    path: Path, only: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Checkpoint:
    """Opens a directory with config.json and safetensors files, or one file.

    Args:
      path: the directory, or a .safetensors or .gguf file. A config.json beside a single
        safetensors file is read as well.
      only: patterns as of a shell; tensors whose name matches none are left out, if any are given.
      exclude: patterns; tensors whose name matches one are left out.

    Raises:
      ConversionError: something is missing, malformed or contradictory, or a pattern matches
        nothing.
    """
    if path.is_dir():
        files = _find_files(path)
        folder = path
    elif path.is_file():
        files, folder = [path], path.parent
    else:
        raise ConversionError(f"{path}: expected a directory or a file, found nothing")
    if _begins_with(files[0], MAGIC):
        return _open_gguf(path, files, only, exclude)

    opened = [open_safetensors(file) for file in files]
    tensors = _merge(file.tensors for file in opened)
    metadata: dict[str, Any] = {}
    for file in opened:
        _merge_metadata(path, metadata, file.metadata)
    if path.is_dir():
        _check_index(path, tensors)
    config = _read_json(folder / "config.json")
    return Checkpoint(
        path,
        tuple(files),
        _select(path, tensors, only, exclude),
        metadata,
        config,
        _find_quantization(folder, config),
        _find_companions(path),
        _containers=tuple(file.mapped for file in opened),
    )


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _open_gguf(
    path: Path, files: list[Path], only: Sequence[str], exclude: Sequence[str]
) -> Checkpoint:
    opened = [GGUFFile(file) for file in files]
    parts = opened[0].metadata.get("split.count") or 1
    if parts != len(opened):
        raise ConversionError(
            f"{path}: expected the {parts} GGUF files of a checkpoint, found {len(opened)}; a "
            f"checkpoint of several files is given as their directory"
        )
    tensors = _select(path, _merge(file.tensors for file in opened), only, exclude)
    return Checkpoint(
        path,
        tuple(files),
        tensors,
        opened[0].metadata,
        is_gguf=True,
        _containers=tuple(opened),
    )


def _merge(files: Iterable[dict[str, StoredTensor]]) -> dict[str, StoredTensor]:
    """The tensors of all files, which must have different names."""
    tensors: dict[str, StoredTensor] = {}
    for file in files:
        for name, tensor in file.items():
            if name in tensors:
                raise tensor.error(f"is also in {tensors[name].file}")
            tensors[name] = tensor
    return tensors


def _find_files(folder: Path) -> list[Path]:
    """The files that hold tensors: those of the index, or all."""
    index = _read_json(folder / INDEX)
    if index:
        weight_map = index.get("weight_map")
        if not isinstance(weight_map, dict) or not all(
            isinstance(name, str) and Path(name).name == name for name in weight_map.values()
        ):
            raise ConversionError(
                f"{folder / INDEX}: weight_map: expected names of files beside it"
            )
        names = sorted(set(weight_map.values()))
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise ConversionError(f"{folder}: {', '.join(missing)} of {INDEX} is not there")
        if names:
            return [folder / name for name in names]
    for pattern in ("*.safetensors", "*.gguf"):
        if files := sorted(folder.glob(pattern)):
            return files
    raise ConversionError(f"{folder}: expected .safetensors or .gguf files, found none")


def _check_index(folder: Path, tensors: dict[str, StoredTensor]) -> None:
    for name, file in _read_json(folder / INDEX).get("weight_map", {}).items():
        if name not in tensors or tensors[name].file.name != file:
            raise ConversionError(f"{folder / INDEX}: tensor '{name}' is not in {file}")


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty if there is no such file."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConversionError(f"{path}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConversionError(f"{path}: expected an object, found {type(value).__name__}")
    return value


def find_owner(config: dict[str, Any]) -> dict[str, Any] | None:
    """The part of a config.json that has a `quantization_config`.

    Models of more than text have it at the top or in `text_config`.
    """
    for part in (config, config.get("text_config")):
        if isinstance(part, dict) and "quantization_config" in part:
            return part
    return None


def _find_quantization(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    if (owner := find_owner(config)) is not None:
        quantization = owner["quantization_config"]
    else:
        # ModelOpt writes this file beside config.json, and older versions nothing else.
        described = _read_json(folder / "hf_quant_config.json")
        quantization = described.get("quantization", {})
        if isinstance(quantization, dict) and described:
            producer = described.get("producer", {})
            name = producer.get("name") if isinstance(producer, dict) else None
            quantization = {"quant_method": name, **quantization}
    if not isinstance(quantization, dict):
        raise ConversionError(f"{folder}: quantization_config: expected an object")
    return quantization


def _find_companions(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return ()
    return tuple(
        file
        for file in sorted(path.iterdir())
        if file.is_file()
        and file.suffix in _COMPANIONS
        and file.name not in _REPLACED
        and not file.name.endswith(".index.json")
    )


def _merge_metadata(path: Path, metadata: dict[str, Any], more: dict[str, str]) -> None:
    """Adds one file's metadata; lists of names, which torchao splits among files, are joined."""
    for key, value in more.items():
        if key == "tensor_names" and key in metadata:
            try:
                metadata[key] = json.dumps(json.loads(metadata[key]) + json.loads(value))
            except (TypeError, ValueError):
                raise ConversionError(
                    f"{path}: __metadata__: tensor_names: expected lists of names"
                ) from None
        else:
            metadata[key] = value


def _select(
    path: Path, tensors: dict[str, StoredTensor], only: Sequence[str], exclude: Sequence[str]
) -> dict[str, StoredTensor]:
    for pattern in (*only, *exclude):
        if not any(fnmatchcase(name, pattern) for name in tensors):
            raise ConversionError(f"{path}: no tensor matches '{pattern}'")
    return {
        name: tensor
        for name, tensor in tensors.items()
        if (not only or any(fnmatchcase(name, pattern) for pattern in only))
        and not any(fnmatchcase(name, pattern) for pattern in exclude)
    }
