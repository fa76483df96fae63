"""Layouts as CuTe and the PTX ISA write them: "((T,8,m),(8,k)):((1,T,LBO),(8T,SBO))".

A mode is a number or a tuple of modes. An index into a mode counts its first leaf fastest; a layout maps
one index per outer mode to the sum of all leaves' coordinates times their strides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# A leaf, or a tuple of modes.
Mode = object


def _parse(text: str, names: dict[str, int]) -> Mode:
    # "8T" is a product, and "_8" the constant 8.
    text = re.sub(r"_(\d)", r"\1", text)
    text = re.sub(r"(\d)([A-Za-z])", r"\1*\2", text)
    if not re.fullmatch(r"[\w\s(),*/]+", text):
        raise ValueError(f"not a mode: {text}")
    return eval(text.replace("/", "//"), {"__builtins__": {}}, dict(names))


def _leaves(mode: Mode) -> list[int]:
    if isinstance(mode, tuple):
        return [leaf for part in mode for leaf in _leaves(part)]
    assert isinstance(mode, int)
    return [mode]


class Layout:
    def __init__(self, text: str, **names: int) -> None:
        shape, stride = (_parse(part, names) for part in text.split(":"))
        assert isinstance(shape, tuple) and isinstance(stride, tuple)
        assert len(shape) == len(stride)
        self.modes = [(_leaves(s), _leaves(d)) for s, d in zip(shape, stride, strict=True)]

    def __call__(self, *index: int) -> int:
        assert len(index) == len(self.modes)
        return sum(self._offset(i, *mode) for i, mode in zip(index, self.modes, strict=True))

    @staticmethod
    def _offset(index: int, shape: Sequence[int], stride: Sequence[int]) -> int:
        offset = 0
        for extent, step in zip(shape, stride, strict=True):
            offset += index % extent * step
            index //= extent
        assert index == 0, "an index is out of bounds"
        return offset


def swizzle(bits: int, base: int, shift: int, offset: int) -> int:
    """Swizzle<bits, base, shift>: the bits from base + shift on change those from base on."""
    return offset ^ ((offset >> shift) & (((1 << bits) - 1) << base))
