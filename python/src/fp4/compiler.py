"""From fp4 IR to something that can be called."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from fp4 import _native
from fp4.arrays import describe, empty, is_torch

TARGETS = ("cpu", "reference", "cuda")


class HasText(Protocol):
    """What a module can be besides text: a `fp4.Graph`."""

    @property
    def text(self) -> str: ...


def _text(module: str | HasText) -> str:
    return module if isinstance(module, str) else module.text


@dataclasses.dataclass(frozen=True)
class Value:
    """An argument or a result of a function.

    Attributes:
        name: the key of a parameter, or the `fp4.name`.
        is_parameter: whether it is bound before calls.
        dtype: as safetensors call it; FP4 codes are U8, two in each.
        shape: None where a size is dynamic.
    """

    name: str
    is_parameter: bool
    dtype: str
    shape: tuple[int | None, ...]


def _values(values: list[_native.Value]) -> tuple[Value, ...]:
    return tuple(
        Value(name, is_parameter, dtype, tuple(None if n < 0 else n for n in shape))
        for name, is_parameter, dtype, shape in values
    )


class Function:
    """A compiled function.

    Call it with its inputs, by position or by name; if it has parameters, what `bind` returns.
    Several threads may call it at once; the interpreter's lock is released while it computes.

    Attributes:
        arguments: what the function of the module takes, a `Value` each.
        results: what it gives.
        inputs: those of the arguments that are given in each call.
    """

    def __init__(self, native: _native.Function, kept: list[Any] | None = None) -> None:
        self._native = native
        self._kept = kept
        self.arguments = _values(native.arguments)
        self.results = _values(native.results)
        self.inputs = tuple(value for value in self.arguments if not value.is_parameter)

    def bind(self, parameters: Mapping[str, Any]) -> Function:
        """The same code with all parameters, by key; weights are re-laid as the target wants them.

        Args:
            parameters: numpy arrays, PyTorch tensors, or anything with DLPack, on the CPU. Further
                entries are ignored. Arrays must not change. Of target cuda, their copies are on the
                device from then on; of the others, arrays are not copied.

        Raises:
            KeyError: if a parameter is missing.
            TypeError: if one is no array, or of a dtype that is not known.
            ValueError: if one is not on the CPU.
            fp4.Error: if a dtype or a shape does not fit.
        """
        tensors: list[_native.Tensor | None] = []
        kept = []
        for value in self.arguments:
            if not value.is_parameter:
                tensors.append(None)
                continue
            if value.name not in parameters:
                raise KeyError(f"parameter '{value.name}' is missing")
            tensor, array = describe(parameters[value.name], value.name)
            tensors.append(tensor)
            kept.append(array)
        return Function(self._native.bind(tensors), kept)

    def _order(self, positional: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        names = [value.name for value in self.inputs]
        if len(positional) > len(names):
            raise TypeError(f"expects {len(names)} inputs, but got {len(positional)}")
        given = dict(zip(names, positional, strict=False))
        for name, array in named.items():
            if name not in names:
                raise TypeError(f"has no input '{name}'; its inputs are {', '.join(names)}")
            if name in given:
                raise TypeError(f"input '{name}' is given twice")
            given[name] = array
        missing = [name for name in names if name not in given]
        if missing:
            raise TypeError(f"input '{missing[0]}' is missing")
        return [given[name] for name in names]

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Computes the results: an array, or a tuple if there are several.

        They are PyTorch tensors if an input is one, and numpy arrays otherwise.

        Raises:
            TypeError: for inputs that are missing, unknown, or no arrays.
            fp4.Error: if a dtype or a shape does not fit.
        """
        arrays = self._order(positional, named)
        described = [
            describe(array, value.name) for array, value in zip(arrays, self.inputs, strict=True)
        ]
        tensors = [tensor for tensor, _ in described]
        like_torch = any(is_torch(array) for array in arrays)
        results = [
            empty(value.dtype, shape, like_torch)
            for value, shape in zip(self.results, self._native.result_shapes(tensors), strict=True)
        ]
        self._native.run(tensors, [describe(result, "result")[0] for result in results])
        return results[0] if len(results) == 1 else tuple(results)

    def run_rows(self, rows: int, input: int, result: int) -> None:
        """Computes into memory of the caller, for whom a call is to cost little.

        For what `bind` gave of a function of one input and one result, whose first size is the number
        of rows, and of which no other size is dynamic. Not of target cuda. Nothing is checked.

        Args:
            rows: how many.
            input: the address of that many rows, in C order.
            result: the same, to be written.

        Raises:
            fp4.Error: if it is no such function, or if it fails.
        """
        self._native.run_rows(rows, input, result)


def _cache_folder(cache: bool | str | os.PathLike[str]) -> str:
    if cache is False:
        return ""
    if cache is not True:
        return os.fspath(cache)
    base = os.environ.get("FP4_CACHE_DIR")
    if base is None:
        root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        base = str(Path(root) / "fp4")
    return base


def _check_options(target: str, **options: tuple[str, object]) -> None:
    """Refuses what another target's code is said to be compiled with."""
    for name, (of, value) in options.items():
        if value and of != target:
            raise ValueError(f"{name}={value!r} goes with target '{of}', not '{target}'")


def _find_driver(name: str) -> str:
    """The path of the CUDA driver. The simulated one is what only this name stands for."""
    return str(Path(__file__).parent / "sim" / "libcuda.so.1") if name == "sim" else name


def compile(
    module: str | HasText,
    target: str = "cpu",
    *,
    entry: str = "forward",
    params: Mapping[str, Any] | None = None,
    name: str = "<module>",
    cpu: str = "",
    features: str = "",
    cache: bool | str | os.PathLike[str] = True,
    chip: str = "",
    cuda_driver: str = "",
    cuda_device: int = 0,
) -> Function:
    """Compiles a function of a module.

    Args:
        module: the text of a module in MLIR's syntax, or a `fp4.Graph`.
        target: "cpu"; "reference", which is slow and by definition right; or "cuda", a GPU, whose
            functions take and give arrays of the host.
        entry: the function.
        params: if given, its parameters, see `Function.bind`.
        name: what the module is called in errors.
        cpu: of target cpu, the CPU to compile for as LLVM calls it, by default this one.
        features: of target cpu, features to add to it, such as "-avx512vnni".
        cache: whether compiled code is kept for other processes, in a folder: `$FP4_CACHE_DIR`,
            or `fp4` in the user's cache folder, or the one that is given. Code of this folder is
            executed: it must be as safe as the package itself. Of target cuda nothing is kept.
        chip: of target cuda, what to compile for, such as "sm_100a", by default what fits the GPU.
        cuda_driver: of target cuda, the path of the CUDA driver, by default libcuda.so.1, or
            "sim", the package's own, whose device is simulated. A process has one.
        cuda_device: of target cuda, the number of the GPU.

    Raises:
        fp4.Error: with MLIR's diagnostics, if the module is wrong or cannot be lowered; if there is
            no driver or no such GPU, or a chip's code does not run on it.
        ValueError: for an unknown target, or an option of another.
    """
    if target not in TARGETS:
        raise ValueError(f"target '{target}' is not known; there are {', '.join(TARGETS)}")
    _check_options(
        target,
        cpu=("cpu", cpu),
        features=("cpu", features),
        chip=("cuda", chip),
        cuda_driver=("cuda", cuda_driver),
        cuda_device=("cuda", cuda_device),
    )
    native = _native.Function(
        _text(module),
        name,
        entry,
        target,
        cpu,
        features,
        _cache_folder(cache),
        _find_driver(cuda_driver),
        cuda_device,
        chip,
    )
    if native.diagnostics:
        warnings.warn(native.diagnostics.rstrip(), stacklevel=2)
    function = Function(native)
    return function if params is None else function.bind(params)


def lower(module: str | HasText, pipeline: str, *, name: str = "<module>") -> str:
    """The module after a pipeline of passes.

    Args:
        module: the text of a module in MLIR's syntax, or a `fp4.Graph`.
        pipeline: passes and their options, such as "fp4-lower-to-cpu" or "canonicalize,cse".
        name: what the module is called in errors.

    Raises:
        fp4.Error: with MLIR's diagnostics.
    """
    return _native.run_passes(_text(module), name, pipeline, True)[-1][1]


def stages(
    module: str | HasText, pipeline: str, *, name: str = "<module>"
) -> list[tuple[str, str]]:
    """The module's text after each pass of a pipeline that changed it, behind the pass's name.

    Args:
        module, pipeline, name: as in `lower`.

    Raises:
        fp4.Error: with MLIR's diagnostics.
    """
    return _native.run_passes(_text(module), name, pipeline, False)
