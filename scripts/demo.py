"""Makes the input of the demo, and checks its result against f64 in numpy."""

import argparse
import json
import sys
from pathlib import Path

import ml_dtypes
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "test" / "oracle"))
import fp4_oracle as oracle

M, N, K = 64, 4096, 4096


def make(work: Path) -> None:
    """A weight with the spread of a trained one, and activations with a few outliers."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((N, K)) * 0.02
    x = rng.standard_normal((M, K))
    x[:, rng.integers(0, K, 16)] *= 30
    oracle.save(work / "weight.safetensors", {"weight": weight.astype(ml_dtypes.bfloat16)})
    oracle.save(work / "in.safetensors", {"x": x.astype(ml_dtypes.bfloat16)})


def times(path: Path) -> dict[str, float]:
    return json.loads(path.read_text())


def check(work: Path, name: str) -> None:
    """Holds y to the f64 product of the same operands, and says what quantization cost."""
    layer = oracle.load(work / f"{name}.safetensors")
    quantized = oracle.load(work / f"{name}-quantize.safetensors")
    y = oracle.load(work / f"{name}-forward.safetensors")["y"]
    group = K // layer["scale_quant"].shape[1]
    alpha = np.float32(layer["activation_global_scale"] * layer["weight_global_scale"])

    def values(state: dict[str, oracle.Array]) -> oracle.Array:
        scales = oracle.decode_scale(state["scale_quant"]).astype(np.float64)
        codes = oracle.decode_e2m1(oracle.unpack(state["e2m1"])).astype(np.float64)
        return codes * np.repeat(scales, group, axis=1)

    expected = np.float64(alpha) * (values(quantized) @ values(layer).T)
    x = oracle.load(work / "in.safetensors")["x"].astype(np.float64)
    weight = oracle.load(work / "weight.safetensors")["weight"].astype(np.float64)
    full = x @ weight.T

    def relative(a: oracle.Array, b: oracle.Array) -> float:
        return float(np.linalg.norm(a - b) / np.linalg.norm(b))

    error = np.abs(y.astype(np.float64) - expected)
    worst = float((error / oracle.ulp(expected, oracle.BF16)).max())
    run = times(work / f"{name}-forward.json")
    print(
        f"   x ({M}, {K}) bf16, weight ({N}, {K}) in {layer['e2m1'].nbytes / 2**20:.0f} MiB of "
        f"codes and {layer['scale_quant'].nbytes / 2**10:.0f} KiB of {layer['scale_quant'].dtype}\n"
        f"   y against f64 on the same codes and scales: worst {worst:.2f} ulp of bf16, "
        f"rel_l2 {relative(y.astype(np.float64), expected):.1e}\n"
        f"   y against f64 without quantization: rel_l2 {relative(y.astype(np.float64), full):.3f}\n"
        f"   reference, one thread: {run['median']:.2f} s, compiled in {run['compile']:.2f} s"
    )
    if not worst <= 1:
        sys.exit(f"{name}: y is more than one unit in the last place from the f64 result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["make", "check"])
    parser.add_argument("work", type=Path)
    parser.add_argument("format", nargs="?", choices=["mx", "nv"])
    arguments = parser.parse_args()
    if arguments.command == "make":
        make(arguments.work)
    else:
        check(arguments.work, arguments.format)


if __name__ == "__main__":
    main()
