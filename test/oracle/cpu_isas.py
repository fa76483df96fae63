"""The instruction sets that the CPU lowering makes different code for, as options of fp4-runner."""

from __future__ import annotations

import platform
from typing import Final

# Features are masked one after the other: what a CPU lacks, it lacks all the same.
_X86: Final[dict[str, list[str]]] = {
    "host": [],
    "avxvnni": ["--features=-avx512vnni"],
    "avx2": ["--features=-avx512vnni,-avxvnni"],
    "portable": ["--features=-avx512vnni,-avxvnni,-avx2"],
    "x86-64": ["--cpu=x86-64"],
}
_AARCH64: Final[dict[str, list[str]]] = {"host": [], "portable": ["--features=-dotprod"]}

OPTIONS: Final[dict[str, list[str]]] = {
    "x86_64": _X86,
    "aarch64": _AARCH64,
}.get(platform.machine(), {"host": []})
