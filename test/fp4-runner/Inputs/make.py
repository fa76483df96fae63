"""Writes the parameters, an input, and expected results, right and wrong, of graph.mlir."""

import sys
from pathlib import Path

import ml_dtypes
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "oracle"))
import fp4_oracle as o

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
bf16 = ml_dtypes.bfloat16

# Rows of the weight: all 1 (code 2) under scales 1, 2, 4 and 8.
codes = np.full((4, 16), 0x22, np.uint8)
scales = np.array([[127], [128], [129], [130]], np.uint8).view(ml_dtypes.float8_e8m0fnu)
parameters = {
    "layer.e2m1": codes,
    "layer.scale_quant": scales,
    "layer.weight_global_scale": np.float32(1).reshape(1),
}
o.save(folder / "params.safetensors", parameters)
one = dict(list(parameters.items())[:1])
rest = dict(list(parameters.items())[1:])
o.save(folder / "one.safetensors", one)
o.save(folder / "rest.safetensors", rest)

# Rows of 1 and of -2: scales 1 and 2, codes of +-1: y = 32 * x * weight.
x = np.stack([np.full(32, 1, np.float32), np.full(32, -2, np.float32)])
o.save(folder / "in.safetensors", {"x": x})
# The same, with the data at an odd address in the file.
contents = (folder / "in.safetensors").read_bytes()
length = int.from_bytes(contents[:8], "little")
odd = (length + 1).to_bytes(8, "little") + contents[8 : 8 + length] + b" " + contents[8 + length :]
(folder / "odd.safetensors").write_bytes(odd)
y = np.array([[32, 64, 128, 256], [-64, -128, -256, -512]], np.float64)
o.save(folder / "right.safetensors", {"y": y})
o.save(folder / "right-bf16.safetensors", {"y": y.astype(bf16)})
near = y.copy()
near[0, 2] = 129  # one unit in the last place of bf16
o.save(folder / "near.safetensors", {"y": near.astype(bf16)})
wrong = near.copy()
wrong[1, 1] = -130
o.save(folder / "wrong.safetensors", {"y": wrong.astype(bf16)})
o.save(folder / "shape.safetensors", {"y": y[:1]})
