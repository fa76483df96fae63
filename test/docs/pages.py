"""What the pages of the documentation are made of, for the scripts that run it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 300

_FENCE = re.compile(r"^```(\w*)[ \t]*([^`\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


class Failure(Exception):
    """Something in the documentation is not so."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `info` is what follows the language, which is not displayed."""

    page: str
    line: int
    language: str
    info: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file_name(self) -> str | None:
        """The name in a first line such as "// mlp.mlir"."""
        match = re.match(r"(?://|#) ([\w.-]+\.\w+)\n", self.text)
        return match.group(1) if match else None

    @property
    def is_session(self) -> bool:
        """Whether it is Python that is run, and not written to a file."""
        return self.language == "python" and not self.file_name


def read_pages(source: Path) -> Iterator[tuple[str, str]]:
    """The name and the text of README.md and of each page under docs."""
    for path in [source / "README.md", *sorted((source / "docs").rglob("*.md"))]:
        if path.exists():
            yield path.relative_to(source).as_posix(), path.read_text()


def read_blocks(page: str, text: str) -> Iterator[Block]:
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page, line, match.group(1), match.group(2).strip(), match.group(3))


# ---- output -----------------------------------------------------------------------------------------


def matches(expected: list[str], actual: str) -> bool:
    """Whether a text is what was expected: "..." stands for anything, "<seconds>" for a number."""
    return _match(expected, actual, _as_pattern) is not None


def matches_within(expected: list[str], actual: str, tolerance: float) -> bool:
    """The same, but each number may differ by this part of the larger of the two.

    How many spaces there are does not count: where numbers differ, so does what aligns them.
    """

    def as_pattern(text: str) -> str:
        parts = re.split(f"({_NUMBER})", " ".join(text.split()))
        return "".join(
            f"({_NUMBER})" if i % 2 else _as_pattern(part) for i, part in enumerate(parts)
        )

    squeezed = "".join(" ".join(line.split()) + "\n" for line in actual.splitlines())
    match = _match(expected, squeezed, as_pattern)
    if match is None:
        return False
    shown = [number for line in expected for number in re.findall(_NUMBER, line)]
    pairs = [(float(a), float(b)) for a, b in zip(shown, match.groups(), strict=True)]
    return all(a == b or abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in pairs)


def _as_pattern(text: str) -> str:
    quoted = re.escape(text).replace(re.escape("..."), ".*")
    return quoted.replace(re.escape("<seconds>"), r"[-+.\de]+")


def _match(
    expected: list[str], actual: str, as_pattern: Callable[[str], str]
) -> re.Match[str] | None:
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else as_pattern(line) + r"\n" for line in expected
    )
    lines = [line.rstrip() for line in actual.splitlines()]
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines))


# ---- transcripts ------------------------------------------------------------------------------------


@dataclass
class Command:
    """A line of a ```console block that starts with "$ ", and what it should print."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list)


def read_commands(block: Block) -> list[Command]:
    commands: list[Command] = []
    continued = False
    for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if continued:
            commands[-1].text += "\n" + line
        elif line.startswith("$ "):
            commands.append(Command(number, line[2:]))
        elif commands:
            commands[-1].expected.append(line.rstrip())
        else:
            raise Failure(f"{block.page}:{number}: output without a command")
        continued = commands[-1].text.endswith("\\") and not commands[-1].expected
    return commands


def run_command(folder: Path, page: str, command: Command) -> None:
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    place = f"{page}:{command.line}: $ {command.text}"
    if done.returncode:
        raise Failure(f"{place}\nexits with {done.returncode}\n{done.stdout}{done.stderr}")
    if not matches(command.expected, done.stdout):
        expected = "\n".join(command.expected)
        raise Failure(f"{place}\nexpected:\n{expected}\nbut got:\n{done.stdout}{done.stderr}")
