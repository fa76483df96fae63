"""Compiles FP4 linear layers, and runs them.

`compile` makes a callable of a module of fp4 IR, `Graph` writes such modules, `lower` and `stages`
show what a pipeline of passes makes of one. `fp4.torch` has the layer for PyTorch.
"""

from fp4._native import Error, version
from fp4.compiler import Function, compile, lower, stages
from fp4.graph import Graph

__version__: str = version
__all__ = ["Error", "Function", "Graph", "compile", "lower", "stages"]
