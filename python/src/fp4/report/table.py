"""Figures of layers as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fp4.report.statistics import LayerStatistics

HEADINGS = {
    "layer": "The name of the layer.",
    "shape": "N x K: outputs and inputs.",
    "format": "Format and group size.",
    "T": "The block size of the transform.",
    "bits": "Stored bits for each weight, with scales and transform.",
    "error": "Relative L2 error of the weight.",
    "SQNR": "Signal to quantization noise of the weight, dB.",
    "saturated": "Elements so far beyond the largest code that cutting errs more than rounding.",
    "at 6": "The part of the codes that are +6 or -6.",
    "scales": "The least and the greatest power of two at or below a scale.",
    "zero": "Groups of zeros.",
    "top": "Groups that have the largest scale there is.",
    "NaN": "Groups that are NaN.",
}


def make_rows(layers: Sequence[LayerStatistics]) -> list[list[str]]:
    """The cells under `HEADINGS`, a row for each layer."""
    return [_cells(layer) for layer in layers]


def make_table(layers: Sequence[LayerStatistics]) -> str:
    """A table for a terminal: numbers are right-aligned, and a line below has what sums up."""
    rows = [list(HEADINGS), *make_rows(layers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, summarize(layers)])


def summarize(layers: Sequence[LayerStatistics]) -> str:
    """One line about all layers."""
    weights = sum(layer.shape[0] * layer.shape[1] for layer in layers)
    bits = sum(layer.bits * layer.shape[0] * layer.shape[1] for layer in layers) / max(1, weights)
    line = f"{len(layers)} layers, {weights / 1e6:.1f} M weights, {bits:.2f} bits each"
    known = [(layer.error, layer.name) for layer in layers if layer.error is not None]
    if known:
        median = float(np.median([error for error, _ in known]))
        worst, name = max(known)
        line += f"; error: median {median:.4f}, worst {worst:.4f}" + (f" of {name}" if name else "")
    return line


def _cells(layer: LayerStatistics) -> list[str]:
    def known(value: float | None, form: Callable[[float], str]) -> str:
        return "-" if value is None else form(value)

    exponents = layer.scale_exponents
    return [
        layer.name or "(layer)",
        f"{layer.shape[0]}x{layer.shape[1]}",
        layer.format,
        known(layer.transform_size, str),
        f"{layer.bits:.2f}",
        known(layer.error, "{:.4f}".format),
        known(layer.sqnr, "{:.1f}".format),
        known(layer.saturated, "{:d}".format),
        f"{layer.at_largest:.2%}",
        f"2^{exponents[0]}..2^{exponents[-1]}" if exponents.size else "-",
        str(layer.zero_scales),
        str(layer.top_scales),
        str(layer.nan_scales),
    ]
