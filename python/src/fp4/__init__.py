"""Compiles FP4 linear layers, and runs them.

`compile` makes a callable of a module of fp4 IR, `Graph` writes such modules, `lower` and `stages`
show what a pipeline of passes makes of one. `quantize` makes a layer of a trained weight, `report`
says what that did to it. `fp4.torch` has the layer for PyTorch, and quantizes models.
"""

from fp4._native import Error, version
from fp4.calibration import Calibration
from fp4.compiler import Function, compile, lower, stages
from fp4.formats import Format
from fp4.graph import Graph
from fp4.layer import QuantizedLayer

# These functions have the names of their modules: imported here, the names are the functions'.
from fp4.quantize import quantize
from fp4.report import Report, report

__version__: str = version
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
