"""The simulator's descriptors and layouts as functions: talks to FP4SimulatorDescribe."""

from __future__ import annotations

import struct
import subprocess
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Refused(Exception):
    """An answer that is an error."""


class Describer:
    """One process that answers all requests."""

    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, request: str, arguments: bytes = b"") -> Array:
        """The words of the answer. Raises Refused."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(request.encode() + b"\n" + arguments)
        self.process.stdin.flush()
        head = self.process.stdout.read(8)
        if len(head) != 8:
            raise SystemExit(f"no answer to: {request}")
        is_error, size = struct.unpack("<II", head)
        answer = self.process.stdout.read(size)
        if is_error:
            raise Refused(answer.decode())
        return np.frombuffer(answer, dtype=np.uint32).astype(np.int64)

    def refuses(self, request: str, arguments: bytes = b"") -> bool:
        try:
            self(request, arguments)
        except Refused:
            return True
        return False


def require(condition: bool, what: str) -> None:
    if not condition:
        raise SystemExit(f"not so: {what}")


def require_equal(got: Array, expected: Array, what: str) -> None:
    if got.shape != expected.shape:
        raise SystemExit(f"{what}: expected {expected.shape} words, but got {got.shape}")
    different = np.argwhere(got != expected)
    if len(different):
        at = tuple(int(i) for i in different[0])
        raise SystemExit(f"{what}, at {at}: expected {expected[at]}, but got {got[at]}")
