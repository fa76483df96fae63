"""Converts FP4 checkpoints of other projects into this project's form.

    python -m fp4.convert CHECKPOINT -o DIR

docs/checkpoints.md says which formats there are, what becomes of each tensor, and what is refused.
Needs numpy and ml_dtypes; the package gguf for GGUF files.
"""

from .conversion import Conversion, convert, plan_conversion, run_conversion
from .errors import ConversionError
from .options import Options

__all__ = [
    "Conversion",
    "ConversionError",
    "Options",
    "convert",
    "plan_conversion",
    "run_conversion",
]
