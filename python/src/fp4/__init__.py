"""Compiles FP4 linear layers, and runs them.

`compile` makes a callable of a module of fp4 IR, `Graph` writes such modules, `lower` and `stages`
show what a pipeline of passes makes of one. `quantize` makes a layer of a trained weight, `report`
says what that did to it. `fp4.torch` has the layer for PyTorch, and quantizes models; `python -m
fp4.convert` reads the checkpoints of others.

In what follows an `Array` is a numpy array, N are the outputs of a layer and K its inputs, and G is
the size of a group, whose elements share a scale. bf16 and 8-bit floats are the dtypes of
ml_dtypes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fp4.calibration import Calibration
from fp4.formats import Format
from fp4.graph import Graph
from fp4.layer import QuantizedLayer

# These functions have the names of their modules: imported here, the names are the functions'.
from fp4.quantize import quantize
from fp4.report import Report, report

if TYPE_CHECKING:
    from fp4._native import Error
    from fp4.compiler import Function, compile, lower, stages

__all__ = [
    "Calibration",
    "Error",
    "Format",
    "Function",
    "Graph",
    "QuantizedLayer",
    "Report",
    "compile",
    "lower",
    "quantize",
    "report",
    "stages",
]

# The compiler is a large library: who does not use it does not load it.
_COMPILER = {
    "Error": "_native",
    "Function": "compiler",
    "compile": "compiler",
    "lower": "compiler",
    "stages": "compiler",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("fp4._native").version
    if name not in _COMPILER:
        raise AttributeError(f"module 'fp4' has no attribute '{name}'")
    return getattr(importlib.import_module(f"fp4.{_COMPILER[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_COMPILER, "__version__"])
