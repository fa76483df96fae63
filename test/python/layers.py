"""Layers for tests: the recorded ones, as the package and the oracle take them."""

from __future__ import annotations

from pathlib import Path

import fp4
import fp4_oracle as o

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
NAMES = sorted(path.name for path in VECTORS.iterdir())
FORMATS = {o.E8M0: "mx", o.E4M3: "nv"}


def make_graph(layer: o.Layer, dtype: str, rank: int = 2) -> fp4.Graph:
    """@forward of a layer, without a prefix of its keys."""
    graph = fp4.Graph()
    n, half = layer.e2m1.shape
    matrix = layer.transform
    transform = None if matrix is None else (matrix.dtype.name, matrix.shape)
    y = graph.quant_linear(
        "",
        graph.input("x", dtype, (*[None] * (rank - 1), 2 * half)),
        features=n,
        format=FORMATS[layer.scale_type],
        group_size=layer.group,
        transform=transform,
    )
    graph.output("y", y)
    return graph


def parameters(layer: o.Layer) -> dict[str, object]:
    """All of a layer's state, defaults resolved."""
    state = {name: value for name, value in vars(layer).items() if value is not None}
    return {name: float(v) if v.shape == () else v for name, v in state.items()}
