"""Compiles FP4 linear layers, and runs them; makes them of weights and of checkpoints.

`compile` makes a callable of a module of fp4 IR, `Graph` writes such modules, `lower` and `stages`
show what a pipeline of passes makes of one. `fp4.torch` has the layer for PyTorch, and
`python -m fp4.convert` reads the checkpoints of others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fp4._native import Error
    from fp4.compiler import Function, compile, lower, stages
    from fp4.graph import Graph

__all__ = ["Error", "Function", "Graph", "compile", "lower", "stages"]

# What is not used is not loaded: the compiler is a large library.
_HOME = {
    "Error": "_native",
    "Function": "compiler",
    "Graph": "graph",
    "compile": "compiler",
    "lower": "compiler",
    "stages": "compiler",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("fp4._native").version
    if name not in _HOME:
        raise AttributeError(f"module 'fp4' has no attribute '{name}'")
    return getattr(importlib.import_module(f"fp4.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, "__version__"])
