"""Writes the files of a result: each under another name until it is complete."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .plan import Output
from .result import Shard

PARTIAL = ".partial"
_PIECE = 1 << 24


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when all of it is on the disk, and vanishes on any error."""
    partial = path.with_name(path.name + PARTIAL)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes an object, indented."""
    with replacing(path) as file:
        file.write(json.dumps(value, indent=2).encode() + b"\n")


def copy_file(source: Path, path: Path) -> None:
    """Copies a file's content."""
    with source.open("rb") as original, replacing(path) as file:
        shutil.copyfileobj(original, file)


def write_shard(
    shard: Shard, path: Path, progress: Callable[[int], None], release: Callable[[], None]
) -> str:
    """Writes a file, one tensor after the other, and gives its SHA-256.

    Args:
      shard: what to write.
      path: where.
      progress: called with the number of bytes of each piece that was written.
      release: called after each tensor, to give back the memory of what it was made from.

    Raises:
      ConversionError: of what cannot be converted; nothing is left then.
      OSError: the disk is full, or the like.
    """
    digest = hashlib.sha256()
    with replacing(path) as file:
        header = shard.header()
        file.write(header)
        digest.update(header)
        for output in shard.outputs:
            for piece in _pieces(output):
                file.write(piece)
                digest.update(piece)
                progress(len(piece))
            release()
    return digest.hexdigest()


def _pieces(output: Output) -> Iterator[memoryview]:
    array = np.ascontiguousarray(output.content.read()).reshape(-1).view(np.uint8)
    if array.size != output.content.nbytes:
        raise AssertionError(
            f"{output.name}: {array.size} bytes, announced as {output.content.nbytes}"
        )
    view = memoryview(array)  # type: ignore[arg-type]
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]
