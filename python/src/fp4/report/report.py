"""Reports: measured layers, as text and as a page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fp4.formats import Array
from fp4.report.checkpoint import Reference, Source, find_layers, find_weight
from fp4.report.modules import get_module_weights, is_module
from fp4.report.page import make_page
from fp4.report.statistics import LayerStatistics, measure
from fp4.report.table import make_table
from fp4.storage import Tensors


@dataclass(frozen=True, eq=False)
class Report:
    """Figures of layers. `str` of it is a table.

    Attributes:
      layers: one entry for each, in the order of the source.
    """

    layers: list[LayerStatistics]

    def __str__(self) -> str:
        return make_table(self.layers)

    def save_html(self, path: str | os.PathLike[str]) -> None:
        """Writes the table and plots as one page, which refers to no other file.

        Without matplotlib the page has no plots, and says so.
        """
        Path(path).write_text(make_page(self.layers), encoding="utf-8")


def report(layers: Source, reference: Reference | Array | None = None) -> Report:
    """Measures quantized layers.

    Memory is bounded by one layer, whatever the checkpoint: tensors are read from their files
    when their layer is measured.

    Args:
      layers: a `QuantizedLayer`, a mapping from names to them, a `fp4.torch.QuantLinear` or a model
        that has some, or the path of a safetensors file or of a folder of such. There a layer is
        what has a tensor `<layer>.e2m1`.
      reference: the weights before quantization, which errors and saturation need: the array
        (N, K) for a single layer, a mapping from `<layer>.weight` or `<layer>`, the model as it was,
        or the path of a safetensors file or folder that has these.

    Returns:
      The report.

    Raises:
      ValueError: no layers, tensors that do not make layers, or a weight of another shape.
      TypeError: an argument of another type.
      OSError: a file cannot be read.
    """
    weights: Mapping[str, Array]
    if reference is None:
        weights = {}
    elif isinstance(reference, np.ndarray):
        weights = {"weight": reference}
    elif isinstance(reference, Mapping):
        weights = reference
    elif is_module(reference):
        weights = get_module_weights(reference)
    else:
        weights = Tensors(reference)
    return Report(
        [measure(name, layer, find_weight(weights, name)) for name, layer in find_layers(layers)]
    )
