"""How far a conversion is, on standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self


def format_bytes(size: float) -> str:
    """A size for people: "4.7 GiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


class Progress:
    """A bar, if tqdm is installed and somebody looks; else a line for each file."""

    def __init__(self, total: int, files: int, quiet: bool) -> None:
        """Args: the bytes and files to write; `quiet` says nothing at all."""
        self._quiet = quiet
        self._files = files
        self._number = 0
        self._bar = None if quiet or not sys.stderr.isatty() else _make_bar(total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def file(self, name: str, size: int, done: bool) -> None:
        """A file is begun, or is there already."""
        self._number += 1
        if self._bar is not None:
            self._bar.set_postfix_str(name)
            if done:
                self._bar.update(size)
        elif not self._quiet:
            print(
                f"{self._number} of {self._files}: {name}, {format_bytes(size)}"
                f"{', complete since an earlier run' if done else ''}",
                file=sys.stderr,
            )

    def advance(self, size: int) -> None:
        """Some bytes were written."""
        if self._bar is not None:
            self._bar.update(size)


def _make_bar(total: int) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024)
