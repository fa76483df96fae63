"""What of an interrupted conversion is done.

One line of JSON for the conversion itself, then one for each file that is complete. A line is
written after its file has its name, and both are on the disk before the next file is begun.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .checkpoint import Checkpoint
from .errors import ConversionError
from .options import Options
from .result import Shard, package_version

NAME = ".fp4-convert.jsonl"
_PIECE = 1 << 24


def fingerprint(checkpoint: Checkpoint, options: Options, shards: list[Shard]) -> str:
    """A digest of the source files and of what is made of them: another one, another result."""
    digest = hashlib.sha256(f"{package_version()} {options}".encode())
    for file in checkpoint.files:
        stat = file.stat()
        digest.update(json.dumps([file.name, stat.st_size, stat.st_mtime_ns]).encode())
    for shard in shards:
        digest.update(shard.name.encode())
        digest.update(shard.header())
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


class Journal:
    """The journal of a directory."""

    def __init__(self, folder: Path, conversion: str) -> None:
        """Opens the journal of a directory, or begins one.

        Args:
          folder: where the result goes. It must be empty or hold a part of the same conversion.
          conversion: the fingerprint.

        Raises:
          ConversionError: the directory holds something else.
        """
        self._path = folder / NAME
        self._done: dict[str, dict[str, Any]] = {}
        lines = self._read_lines()
        if lines:
            if lines[0].get("conversion") != conversion:
                raise ConversionError(
                    f"{folder}: holds a part of another conversion: of other files, with other "
                    f"options or by another version; expected an empty directory"
                )
            self._done = {line["file"]: line for line in lines[1:]}
        elif any(path.name != NAME for path in folder.iterdir()):
            raise ConversionError(
                f"{folder}: expected an empty directory or a part of this conversion, found "
                f"{', '.join(sorted(path.name for path in folder.iterdir())[:5])}"
            )
        self._file = self._path.open("w", encoding="utf-8")
        self._append({"conversion": conversion})
        for line in self._done.values():
            self._append(line)

    def _read_lines(self) -> list[dict[str, Any]]:
        """The lines up to the first that was not written to its end."""
        lines: list[dict[str, Any]] = []
        if self._path.exists():
            for text in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    lines.append(json.loads(text))
                except ValueError:
                    break
        return lines

    def _append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def is_done(self, file: Path) -> bool:
        """Whether a file is complete, its size and its digest as they were."""
        line = self._done.get(file.name)
        return (
            line is not None
            and file.is_file()
            and file.stat().st_size == line["size"]
            and hash_file(file) == line["sha256"]
        )

    def add(self, file: Path, sha256: str) -> None:
        """Notes a file that is complete."""
        line = {"file": file.name, "size": file.stat().st_size, "sha256": sha256}
        self._append(line)
        self._done[file.name] = line

    def close(self) -> None:
        """Ends writing. The journal stays, if it has a file to remember."""
        self._file.close()
        if not self._done:
            self._path.unlink(missing_ok=True)

    def remove(self) -> None:
        """The conversion is complete."""
        self.close()
        self._path.unlink(missing_ok=True)
