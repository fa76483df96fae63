"""Figures of layers as one HTML page, plots inside."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from fp4.formats import E2M1_VALUES
from fp4.report.statistics import LayerStatistics
from fp4.report.table import HEADINGS, make_rows, summarize

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
th { position: sticky; top: 0; background: #fff; }
img { max-width: 100%; }
"""


def make_page(layers: Sequence[LayerStatistics]) -> str:
    """The page as text: a table, and plots if matplotlib is installed."""
    heads = "".join(
        f'<th title="{html.escape(meaning)}">{html.escape(heading)}</th>'
        for heading, meaning in HEADINGS.items()
    )
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in make_rows(layers)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>FP4 layers</title><style>{_STYLE}</style></head>
<body>
<h1>FP4 layers</h1>
<p>{html.escape(summarize(layers))}.</p>
{_make_plots(layers)}
<table><thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table>
</body>
</html>
"""


def _make_plots(layers: Sequence[LayerStatistics]) -> str:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return "<p>There are plots here if matplotlib is installed: pip install matplotlib.</p>"
    plots = [("The part of the groups whose scale has each power of two", _plot_scales)]
    plots.append(("The part of the weights that each code stands for", _plot_codes))
    if any(layer.error is not None for layer in layers):
        plots.insert(0, ("The relative error of each layer's weight", _plot_errors))
    parts = []
    for title, plot in plots:
        # Not by pyplot: that keeps figures, and needs a display on some systems.
        figure = Figure(figsize=(11, 3.2), layout="constrained")
        plot(figure, layers)
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=110)
        data = base64.b64encode(image.getvalue()).decode()
        parts.append(f'<h2>{title}</h2>\n<img alt="{title}" src="data:image/png;base64,{data}">')
    return "\n".join(parts)


def _plot_errors(figure: Any, layers: Sequence[LayerStatistics]) -> None:
    axes = figure.subplots()
    errors = [np.nan if layer.error is None else layer.error for layer in layers]
    axes.bar(range(len(layers)), errors)
    axes.set_xlabel("layer, in the order of the table")
    axes.set_ylabel("relative L2 error")


def _plot_scales(figure: Any, layers: Sequence[LayerStatistics]) -> None:
    axes = figure.subplots()
    used = [layer.scale_exponents for layer in layers if layer.scale_exponents.size]
    low, high = (min(map(min, used)), max(map(max, used))) if used else (0, 0)
    image = np.zeros((high - low + 1, len(layers)))
    for column, layer in enumerate(layers):
        total = max(1, int(layer.scale_counts.sum()))
        image[layer.scale_exponents - low, column] = layer.scale_counts / total
    _show(figure, axes, image, (-0.5, len(layers) - 0.5, low - 0.5, high + 0.5))
    axes.set_ylabel("log2 of the scale")


def _plot_codes(figure: Any, layers: Sequence[LayerStatistics]) -> None:
    axes = figure.subplots()
    order = [15, 14, 13, 12, 11, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7]
    image = np.stack([layer.codes / max(1, int(layer.codes.sum())) for layer in layers], axis=1)
    _show(figure, axes, image[order], (-0.5, len(layers) - 0.5, -0.5, 15.5))
    axes.set_yticks(range(16), [f"{E2M1_VALUES[code]:g}" for code in order], fontsize=7)
    axes.set_ylabel("value of the code")


def _show(figure: Any, axes: Any, image: Any, extent: tuple[float, float, float, float]) -> None:
    shown = axes.imshow(
        image, origin="lower", aspect="auto", extent=extent, interpolation="nearest", cmap="viridis"
    )
    figure.colorbar(shown, ax=axes)
    axes.set_xlabel("layer, in the order of the table")
