"""Writes the safetensors files, of zeros, that a test lists in itself.

make_files.py TEST DIR

A line `FILE name NAME:DTYPE[:SHAPE]...` becomes DIR/name.safetensors with these tensors, such as
e2m1:U8:6x32 or weight_global_scale:F32, which is a scalar.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "oracle"))
import fp4_oracle as oracle


def parse(tensor: str) -> tuple[str, oracle.Array]:
    name, dtype, *shape = tensor.split(":")
    sizes = [int(size) for size in shape[0].split("x")] if shape else []
    return name, np.zeros(sizes, oracle.SAFETENSORS_TYPES[dtype])


def main(test: Path, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for line in test.read_text().splitlines():
        if line.startswith("FILE "):
            _, name, *tensors = line.split()
            oracle.save(directory / f"{name}.safetensors", dict(map(parse, tensors)))


main(Path(sys.argv[1]), Path(sys.argv[2]))
