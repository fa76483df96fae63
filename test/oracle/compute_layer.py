"""Computes a layer with the oracle: what the tools should write, for a look at one or for the tests' tests."""

from __future__ import annotations

import argparse
from pathlib import Path

import fp4_oracle as o


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", type=Path, help="the layer's safetensors file")
    parser.add_argument("input", type=Path, help="safetensors file with x")
    parser.add_argument("--prefix", default="", help="what the layer's keys start with")
    parser.add_argument("--rounding", choices=o.ROUNDINGS, default="even")
    parser.add_argument("--quantized", type=Path, help="where to write e2m1 and scale_quant")
    for name in o.FLOAT_TYPES:
        parser.add_argument(f"--{name}", type=Path, help=f"where to write y as {name}")
    arguments = parser.parse_args()

    layer = o.Layer.from_state(o.load(arguments.layer), arguments.prefix)
    packed, scales = layer.quantize(o.load(arguments.input)["x"], arguments.rounding)
    if arguments.quantized:
        o.save(arguments.quantized, {"e2m1": packed, "scale_quant": scales})
    y = o.to_f32(layer.matmul(packed, scales).value)
    for name, dtype in o.FLOAT_TYPES.items():
        if path := getattr(arguments, name):
            o.save(path, {"y": o.round_to(y, dtype)})


if __name__ == "__main__":
    main()
