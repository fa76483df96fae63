"""Times what takes the place of a quantized layer in PyTorch, on the CPU.

    torch_linear.py [--threads=N] [--rounds=N] [--seconds=S] KIND:MxNxK...

KIND is `mx` or `nv`: both operands are dequantized to bf16 and multiplied, which is what the original
module computes where it has no kernel. Or it is `dense`: a linear layer on bf16.

Prints one JSON object a line: {"torch": version, "threads": N}, then {"name": KIND:MxNxK, "seconds":
median} for each argument, in their order. Without torch, {"missing": why}.

fp4-bench runs this. It measures the same shapes with the compiler's own code.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

Tensor = Any  # torch need not be there for the static checks

# The group size, bytes of usual scales, and both global scales multiplied.
FORMATS = {
    "mx": (32, (127, 129), (120, 124), 1 / 9),
    "nv": (16, (0x44, 0x4C), (0x14, 0x1C), 0.01),
}
E2M1 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]


def random_operand(
    torch: Any, rows: int, k: int, group: int, scales: tuple[int, int], kind: str
) -> tuple[Tensor, Tensor]:
    """Codes, two in each byte, and scales."""
    codes = torch.randint(0, 256, (rows, k // 2), dtype=torch.uint8)
    low, high = scales
    dtype = torch.float8_e8m0fnu if kind == "mx" else torch.float8_e4m3fn
    return codes, torch.randint(low, high + 1, (rows, k // group), dtype=torch.uint8).view(dtype)


def dequantize(torch: Any, pairs: Tensor, codes: Tensor, scales: Tensor) -> Tensor:
    """The values of an operand in bf16, without its global scale. A byte is looked up as two values."""
    rows, groups = scales.shape
    values = torch.nn.functional.embedding(codes.int(), pairs).view(rows, groups, -1)
    values.mul_(scales.to(torch.bfloat16).unsqueeze(-1))
    return values.view(rows, -1)


def make_call(torch: Any, kind: str, m: int, n: int, k: int) -> Callable[[], Tensor]:
    """The function that is timed."""
    if kind == "dense":
        x = torch.randn(m, k).to(torch.bfloat16)
        weight = torch.randn(n, k).to(torch.bfloat16)
        return lambda: torch.nn.functional.linear(x, weight)

    group, x_range, w_range, alpha = FORMATS[kind]
    values = torch.tensor(E2M1 + [-value for value in E2M1], dtype=torch.bfloat16)
    byte = torch.arange(256)
    pairs = torch.stack([values[byte & 15], values[byte >> 4]], dim=-1)
    x_codes, x_scales = random_operand(torch, m, k, group, x_range, kind)
    w_codes, w_scales = random_operand(torch, n, k, group, w_range, kind)

    def call() -> Tensor:
        a = dequantize(torch, pairs, x_codes, x_scales)
        b = dequantize(torch, pairs, w_codes, w_scales)
        return torch.nn.functional.linear(a, b) * alpha

    return call


def measure(call: Callable[[], Any], rounds: int, seconds: float) -> float:
    """The median over the rounds of the median call of a round."""
    call()
    medians = []
    for _ in range(rounds):
        times: list[float] = []
        while sum(times) < seconds or not times:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        medians.append(statistics.median(times))
    return statistics.median(medians)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("names", nargs="+", metavar="KIND:MxNxK")
    args = parser.parse_args()
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    if args.threads:
        torch.set_num_threads(args.threads)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    torch.manual_seed(0)
    with torch.inference_mode():
        for name in args.names:
            kind, shape = name.split(":")
            m, n, k = map(int, shape.split("x"))
            call = make_call(torch, kind, m, n, k)
            seconds = measure(call, args.rounds, args.seconds)
            print(json.dumps({"name": name, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
