"""Runs what the documentation shows.

    run-examples.py --source=REPOSITORY --bin=BIN --work=DIR
    run-examples.py --bin=BIN --work=DIR --self-test

In README.md and the pages under docs:

- every function with a body in a ```mlir block is run on random inputs by fp4-runner, and its results
  must have their shapes and hold no NaN;
- every command of a ```console block, a line that starts with "$ ", is run, and must exit with 0 and
  print what follows it: "..." stands for anything, "<seconds>" for a number (those that follow a
  ```python block that has no file name are left to run-python-examples.py);
- every relative link must lead to a file.

The commands of a page run in one folder, in order. It holds the files in INPUTS, and each block of the
page whose first line is a comment with a file name, such as "// mlp.mlir" or "# make.py".
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "oracle"))
import fp4_oracle as o
from pages import TIMEOUT, Block, Failure, read_blocks, read_commands, read_pages, run_command

# What the transcripts of each page start from, relative to the repository.
INPUTS = {
    name: f"test/vectors/mx_none/{name}"
    for name in ("layer.safetensors", "in.safetensors", "expect.safetensors")
}
MIN_EXAMPLES = 8
DYNAMIC = 3  # the size of every dimension that a type leaves open

ELEMENT_TYPES: dict[str, o.DType] = {
    "f4E2M1FN": np.dtype(np.uint8),
    "f8E8M0FNU": o.E8M0,
    "f8E4M3FN": o.E4M3,
    "bf16": o.BF16,
    "f16": o.F16,
    "f32": o.F32,
    "f64": o.F64,
    "i8": np.dtype(np.uint8),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "index": np.dtype(np.int64),
}


# ---- links ------------------------------------------------------------------------------------------


def find_dead_links(source: Path, page: str, text: str) -> list[str]:
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [
        f"{page}: the link to {target} leads nowhere"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_code)
        if "://" not in target and not (source / page).parent.joinpath(target).exists()
    ]


# ---- functions --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Value:
    """An argument or a result of a function."""

    name: str
    is_parameter: bool
    type: str

    def make_type(self) -> tuple[tuple[int, ...], o.DType]:
        """The shape and dtype that it has in a file."""
        match = re.fullmatch(r"tensor<((?:(?:\?|\d+)x)*)(\w+)>", self.type)
        sizes, element = match.groups() if match else ("", self.type)
        if element not in ELEMENT_TYPES:
            raise Failure(f"'{self.name}' has the type {self.type}, for which no values are made")
        shape = [DYNAMIC if size == "?" else int(size) for size in sizes.split("x")[:-1]]
        if element == "f4E2M1FN":
            shape[-1] //= 2
        return tuple(shape), ELEMENT_TYPES[element]

    def random(self, rng: np.random.Generator) -> o.Array:
        """Finite values of an ordinary size."""
        shape, dtype = self.make_type()
        if dtype == o.E8M0:
            return np.asarray(rng.integers(120, 131, shape), np.uint8).view(dtype)
        if dtype == o.E4M3:
            return np.asarray(rng.integers(0x28, 0x48, shape), np.uint8).view(dtype)
        if dtype == np.uint8:
            return np.asarray(rng.integers(0, 256, shape), np.uint8)
        if np.issubdtype(dtype, np.integer):
            return np.full(shape, DYNAMIC, dtype)
        values = rng.standard_normal(shape) if shape else rng.uniform(0.1, 1.0)
        return np.asarray(values).astype(dtype)


@dataclass(frozen=True)
class Function:
    name: str
    arguments: list[Value]
    results: list[Value]


def closing(text: str, start: int) -> int:
    """The index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        arrow = text[index] == ">" and text[index - 1] == "-"
        if text[index] in "([{<":
            depth += 1
        elif text[index] in ")]}>" and not arrow:
            depth -= 1
            if depth == 0:
                return index
    raise Failure(f"nothing closes '{text[start : start + 20]}'")


def split_list(text: str) -> list[str]:
    """The parts between the commas that no bracket holds."""
    parts, start, index = [], 0, 0
    while index < len(text):
        if text[index] in "([{<":
            index = closing(text, index)
        elif text[index] == ",":
            parts.append(text[start:index])
            start = index + 1
        index += 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def make_value(text: str, default_name: str) -> Value:
    """From "tensor<4xf32> {fp4.name = "x"}"."""
    value_type = text.split("{")[0].strip()
    attribute = re.search(r'fp4\.(param|name)\s*=\s*"([^"]*)"', text)
    if not attribute:
        return Value(default_name, False, value_type)
    return Value(attribute.group(2), attribute.group(1) == "param", value_type)


def read_functions(block: Block) -> Iterator[Function]:
    """The public functions of a block that have a body."""
    text = re.sub(r"//.*", "", block.text)
    for match in re.finditer(r"func\.func\s+@([\w.]+)\s*\(", text):
        end = closing(text, match.end() - 1)
        arguments = split_list(text[match.end() : end])
        rest = text[end + 1 :].lstrip()
        results: list[str] = []
        if rest.startswith("->"):
            rest = rest[2:].lstrip()
            if rest.startswith("("):
                end = closing(rest, 0)
                results, rest = split_list(rest[1:end]), rest[end + 1 :]
            else:
                result = re.match(r"\S+", rest)
                assert result
                results, rest = [result.group()], rest[result.end() :]
        rest = rest.lstrip()
        if rest.startswith("attributes"):
            rest = rest[closing(rest, rest.index("{")) + 1 :].lstrip()
        if rest.startswith("{"):
            yield Function(
                match.group(1),
                [make_value(a.split(":", 1)[1], f"arg{i}") for i, a in enumerate(arguments)],
                [make_value(r, f"result{i}") for i, r in enumerate(results)],
            )


def run_function(work: Path, block: Block, function: Function, index: int) -> None:
    """Runs a function on random inputs and looks at the shapes of its results."""
    folder = work / f"{Path(block.page).stem}-{block.line}-{function.name}"
    folder.mkdir(parents=True)
    (folder / "module.mlir").write_text(block.text)
    rng = np.random.default_rng(index)
    # What is laid out in tiles is for a CPU only.
    tiled = "fp4.pack" in block.text
    target = "cpu" if tiled else "reference"
    command = ["fp4-runner", "module.mlir", f"--target={target}", f"--entry={function.name}"]
    for option, is_parameter in (("params", True), ("input", False)):
        tensors = {
            value.name: value.random(rng)
            for value in function.arguments
            if value.is_parameter == is_parameter
        }
        if tensors:
            o.save(folder / f"{option}.safetensors", tensors)
            command.append(f"--{option}={option}.safetensors")
    command.append("--output=out.safetensors")
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=TIMEOUT
    )
    if done.returncode:
        raise Failure(f"fp4-runner exits with {done.returncode}: {done.stderr.strip()}")
    written = o.load(folder / "out.safetensors")
    for result in function.results:
        shape, dtype = result.make_type()
        actual = written[result.name]
        if actual.shape != shape or actual.dtype != dtype:
            raise Failure(
                f"'{result.name}' is {actual.dtype} {actual.shape}, but expected is {dtype} {shape}"
            )
        if actual.dtype in o.FLOAT_TYPES.values() and np.isnan(actual.astype(np.float64)).any():
            raise Failure(f"'{result.name}' holds NaN")


# ---- everything -------------------------------------------------------------------------------------


@dataclass
class Counts:
    functions: int = 0
    commands: int = 0


def run_page(work: Path, source: Path, page: str, text: str, counts: Counts) -> list[str]:
    """Runs a page; returns what failed."""
    failures = find_dead_links(source, page, text)
    folder = work / ("transcripts-" + page.replace("/", "-"))
    folder.mkdir(parents=True)
    for name, path in INPUTS.items():
        if (source / path).exists():
            shutil.copyfile(source / path, folder / name)
    blocks = list(read_blocks(page, text))
    for block in blocks:
        if block.file_name:
            (folder / block.file_name).write_text(block.text)
        try:
            functions = list(read_functions(block)) if block.language == "mlir" else []
        except Failure as failure:
            failures.append(f"{block.place}: {failure}")
            continue
        for function in functions:
            counts.functions += 1
            try:
                run_function(work, block, function, counts.functions)
            except Failure as failure:
                failures.append(f"{block.place}: @{function.name}: {failure}")
    try:
        # From the first Python on, run-python-examples.py runs what is left.
        for block in takewhile(lambda block: not block.is_session, blocks):
            if block.language == "console":
                for command in read_commands(block):
                    counts.commands += 1
                    run_command(folder, page, command)
    except Failure as failure:
        failures.append(str(failure))
    return failures


def run_pages(work: Path, source: Path) -> int:
    counts, failures = Counts(), []
    for page, text in read_pages(source):
        failures += run_page(work, source, page, text, counts)
    if counts.functions < MIN_EXAMPLES:
        failures.append(f"only {counts.functions} examples, but there are {MIN_EXAMPLES} at least")
    print(f"{counts.functions} functions and {counts.commands} commands run")
    print(*failures, sep="\n", end="", file=sys.stderr)
    return 1 if failures else 0


GOOD = """
```mlir
// f.mlir
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}
```

```console
$ grep -c return f.mlir
1
$ printf 'took 0.25 s\\nand\\nmore\\n'
took <seconds> s
...
$ echo a long line
a ... line
```

[a link](f.md#part)
"""

BAD = {
    "does not parse": ("return %x : tensor<?x4xf32>", "return %y : tensor<?x4xf32>"),
    "cannot be bound": ("tensor<?x4xf32>", "vector<4xf32>"),
    "lying transcript": ("\n1\n", "\n2\n"),
    "missing output": ("\n...\n", "\n"),
    "no number": ("<seconds> s", "<seconds> m"),
    "failing command": ("grep -c return", "grep -c absent"),
    "dead link": ("f.md#part", "g.md"),
}


def self_test(work: Path) -> int:
    """Pages that are right pass, and pages that are wrong in one way fail."""
    wrong = []
    pages = {"right": GOOD} | {case: GOOD.replace(*pair) for case, pair in BAD.items()}
    for case, text in pages.items():
        source = work / case.replace(" ", "-")
        source.mkdir(parents=True)
        (source / "f.md").touch()
        failures = run_page(source / "work", source, "page.md", text, Counts())
        if bool(failures) != (case != "right"):
            wrong.append(f"{case}: {failures or 'nothing failed'}")
    few = work / "few"
    few.mkdir()
    (few / "README.md").write_text(GOOD.replace("f.md#part", "README.md"))
    if run_pages(few / "work", few) != 1:
        wrong.append("one example is accepted")
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if not arguments.self_test and not arguments.source:
        parser.error("--source is required")
    # The tools, and the Python that has what the examples import.
    path = [str(arguments.bin.resolve()), str(Path(sys.executable).parent), os.environ["PATH"]]
    os.environ["PATH"] = os.pathsep.join(path)
    if arguments.source:
        os.environ["PYTHONPATH"] = str(arguments.source.resolve() / "python" / "src")
    shutil.rmtree(arguments.work, ignore_errors=True)
    work = arguments.work.resolve()
    return self_test(work) if arguments.self_test else run_pages(work, arguments.source.resolve())


if __name__ == "__main__":
    sys.exit(main())
