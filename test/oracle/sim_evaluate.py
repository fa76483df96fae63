"""The simulator's arithmetic as functions on arrays: talks to FP4SimulatorEvaluate."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Simulator:
    """One process that answers all requests."""

    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request: str, arguments: bytes, answer_bytes: int) -> bytes:
        """Sends a line and its binary arguments, and reads the binary answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(request.encode() + b"\n" + arguments)
        self.process.stdin.flush()
        answer = self.process.stdout.read(answer_bytes)
        if len(answer) != answer_bytes:
            raise SystemExit(f"no answer to: {request}")
        return answer

    def convert(
        self,
        to: str,
        source: str,
        values: Array,
        rounding: str = "rn",
        satfinite: bool = False,
        relu: bool = False,
        packed: bool = False,
    ) -> Array:
        """cvt.<to>.<source>, or of packed registers with two elements."""
        name = "packed" if packed else "convert"
        request = f"{name} {to} {source} {rounding} {satfinite:d} {relu:d} {len(values)}"
        answer = self.ask(request, values.astype(np.uint64).tobytes(), 8 * len(values))
        return np.frombuffer(answer, dtype=np.uint64)

    def multiply(
        self,
        model: str,
        a: Array,
        b: Array,
        d: Array,
        scales_a: Array | None = None,
        scales_b: Array | None = None,
        negate: tuple[bool, bool] = (False, False),
        read_d: bool = True,
    ) -> Array:
        """D of uint32 words, from rows of bytes of A and of B (its columns) and from bytes of scales."""
        m, n = d.shape
        parts = [a, scales_a, b, scales_b, d.astype(np.uint32)]
        request = f"mma {model} {m} {n} {negate[0]:d} {negate[1]:d} {read_d:d}"
        arguments = b"".join(part.tobytes() for part in parts if part is not None)
        answer = self.ask(request, arguments, 4 * m * n)
        return np.frombuffer(answer, dtype=np.uint32).reshape(m, n)
