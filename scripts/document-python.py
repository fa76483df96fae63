#!/usr/bin/env python3
"""Writes a page in Markdown for each public module of the Python package.

    document-python.py --package=python/src/fp4 --numerics=docs/numerics.md --output=DIR

What a page says is what the sources say: signatures and docstrings are read, nothing is imported.
A docstring is a summary, text, and sections such as "Args:", which all have indented items. Labels
such as [Q4] become links to the rules of numerics.md. A public name without a docstring is an
error.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# The pages, and the modules whose public names are on each: those of `__all__`, or all that do not
# begin with an underscore. A name is on the first page that has it.
PAGES = {
    "fp4.torch": ["fp4.torch"],
    "fp4.convert": ["fp4.convert"],
    "fp4.report": ["fp4.report"],
    "fp4": ["fp4"],
    "fp4.formats": ["fp4.formats"],
    "fp4.transforms": ["fp4.transforms"],
    "fp4.rounding": ["fp4.rounding"],
    "fp4.storage": ["fp4.storage"],
}
# What public functions take or return without exporting it.
ALSO = {"fp4": ["fp4.compiler.Value", "fp4.graph.Tensor", "fp4.formats.Quantized"]}

WIDTH = 96
Definition = ast.FunctionDef | ast.ClassDef


class Undocumented(Exception):
    """A public name that says nothing of itself."""


# ---- sources ----------------------------------------------------------------------------------


class Package:
    """The modules of a package, as syntax trees."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules: dict[str, ast.Module] = {}

    def module(self, name: str) -> ast.Module:
        if name not in self.modules:
            path = self.root.parent.joinpath(*name.split("."))
            for file in (path / "__init__.py", path.with_suffix(".py"), path.with_suffix(".pyi")):
                if file.exists():
                    self.modules[name] = ast.parse(file.read_text(), str(file))
                    break
            else:
                raise Undocumented(f"there is no module {name} in {self.root.parent}")
        return self.modules[name]

    def _is_package(self, name: str) -> bool:
        return self.root.parent.joinpath(*name.split("."), "__init__.py").exists()

    def _source(self, module: str, node: ast.ImportFrom) -> str:
        """What is imported from, where it may be relative."""
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        package = parts[: len(parts) - node.level + self._is_package(module)]
        return ".".join([*package, *([node.module] if node.module else [])])

    def public_names(self, module: str) -> list[str]:
        tree = self.module(module)
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names: list[str] = ast.literal_eval(node.value)
                return names
        return [
            node.name
            for node in tree.body
            if isinstance(node, Definition) and not node.name.startswith("_")
        ]

    def find(self, module: str, name: str) -> tuple[str, Definition]:
        """Where a name is defined, which a module may have from another."""
        for node in ast.walk(self.module(module)):
            if isinstance(node, Definition) and node.name == name:
                return module, node
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return self.find(self._source(module, node), alias.name)
        raise Undocumented(f"{module} has no {name}")


# ---- docstrings -------------------------------------------------------------------------------

_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Example):$")


def make_text(text: str) -> Iterator[str]:
    """A docstring as Markdown."""
    lines = inspect.cleandoc(text).splitlines()
    start = next((i for i, line in enumerate(lines) if _SECTION.match(line)), len(lines))
    yield from "\n".join(lines[:start]).rstrip().splitlines()
    while start < len(lines):
        end = start + 1
        while end < len(lines) and not _SECTION.match(lines[end]):
            end += 1
        # The text of a section is indented.
        body = inspect.cleandoc("\n" + "\n".join(lines[start + 1 : end])).splitlines()
        title = lines[start].removesuffix(":")
        yield from ("", f"**{title}**", "")
        if title == "Example":
            # As a ```python block it is run with the other pages.
            code = [line[4:] for line in body if line.startswith((">>>", "..."))]
            yield from ("```python", *code, "```")
        else:
            items = body if title == "Returns" else _make_items(body)
            yield from "\n".join(items).rstrip().splitlines()
        start = end


def _make_items(body: list[str]) -> Iterator[str]:
    """ "name: text" with indented lines behind it as items of a list."""
    for line in body:
        item = re.match(r"(\w[\w., ]*): (.*)", line)
        if item:
            names = ", ".join(f"`{name}`" for name in item.group(1).split(", "))
            yield f"- {names}: {item.group(2)}"
        else:
            yield "  " + line.strip() if line else ""


def docstring(node: Definition, name: str) -> str:
    text = ast.get_docstring(node, clean=False)
    if not text:
        raise Undocumented(f"{name} has no docstring")
    return text


# ---- signatures -------------------------------------------------------------------------------


def is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(d) in ("property", "cached_property") for d in node.decorator_list)


def is_dataclass(node: ast.ClassDef) -> bool:
    return any(ast.unparse(d).split("(")[0].endswith("dataclass") for d in node.decorator_list)


def make_signature(name: str, node: ast.FunctionDef, prefix: str = "") -> str:
    """As the source has it, without `self`; an argument on each line if it is long."""
    arguments = node.args
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    parts: list[str] = []
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    pairs = list(zip(positional, defaults, strict=True))
    if prefix and not static:
        pairs = pairs[1:]
    parts += [_argument(a, d) for a, d in pairs]
    if arguments.vararg:
        parts.append("*" + _argument(arguments.vararg, None))
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [
        _argument(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        parts.append("**" + _argument(arguments.kwarg, None))
    result = f" -> {ast.unparse(node.returns)}" if node.returns and name != "__init__" else ""
    return _fold(prefix.removesuffix(".") if name == "__init__" else prefix + name, parts, result)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    text = argument.arg
    if argument.annotation:
        text += f": {ast.unparse(argument.annotation)}"
    if default is not None:
        text += f"{' = ' if argument.annotation else '='}{ast.unparse(default)}"
    return text


def _fold(name: str, parts: list[str], result: str) -> str:
    parts = [re.sub(r"'([^'\"\\]*)'", r'"\1"', part) for part in parts]
    line = f"{name}({', '.join(parts)}){result}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){result}"])


def make_constructor(node: ast.ClassDef) -> str:
    """How an object is made, or only the name where that is not for users."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            signature = make_signature("__init__", member, node.name + ".")
            # What takes something of the native module is not made by users.
            return f"class {node.name}" if "_native." in signature else signature
    bases = [ast.unparse(base) for base in node.bases]
    if is_dataclass(node) or "NamedTuple" in bases:
        fields = [ast.unparse(m) for m in node.body if isinstance(m, ast.AnnAssign)]
        return _fold(node.name, fields, "")
    return f"class {node.name}({', '.join(bases)})" if bases else f"class {node.name}"


# ---- pages ------------------------------------------------------------------------------------


def make_function(name: str, node: ast.FunctionDef, full: str) -> Iterator[str]:
    yield from (f"## {name}", "", "```py", make_signature(name, node), "```", "")
    yield from make_text(docstring(node, full))


def make_class(name: str, node: ast.ClassDef, full: str) -> Iterator[str]:
    yield from (f"## {name}", "", "```py", make_constructor(node), "```", "")
    yield from make_text(docstring(node, full))
    for member in node.body:
        if not isinstance(member, ast.FunctionDef):
            continue
        if member.name == "__init__":
            text = ast.get_docstring(member, clean=False)
            if text:
                yield from ("", *make_text(text))
            continue
        if member.name.startswith("_") and member.name != "__call__":
            continue
        text = docstring(member, f"{full}.{member.name}") if not _overrides(member, node) else ""
        if not text:
            continue
        yield from ("", f"### {name}.{member.name}", "", "```py")
        if is_property(member):
            assert member.returns
            yield f"{name}.{member.name}: {ast.unparse(member.returns)}"
        else:
            yield make_signature(member.name, member, f"{name}.")
        yield from ("```", "", *make_text(text))


def _overrides(member: ast.FunctionDef, node: ast.ClassDef) -> bool:
    """Whether a base class says what it does."""
    return bool(node.bases) and ast.get_docstring(member) is None


def read_labels(numerics: str) -> dict[str, str]:
    """The section of each rule of numerics.md, as an anchor."""
    labels: dict[str, str] = {}
    anchor = ""
    for line in numerics.splitlines():
        if heading := re.match(r"#+ (.*)", line):
            anchor = re.sub(r"[^\w -]", "", heading.group(1).lower()).replace(" ", "-")
        for label in re.findall(r"^\s*(?:- )?\*\*\[([A-Z]\d+)\]", line):
            labels[label] = anchor
    return labels


def link_labels(text: str, labels: dict[str, str]) -> str:
    """Definitions of the labels that a page uses."""
    used = sorted(set(re.findall(r"\[([A-Z]\d+)\]", text)), key=lambda s: (s[0], int(s[1:])))
    missing = [label for label in used if label not in labels]
    if missing:
        raise Undocumented(f"numerics.md has no rule {', '.join(missing)}")
    return "".join(f"[{label}]: ../../numerics.md#{labels[label]}\n" for label in used)


def make_pages(package: Package, labels: dict[str, str]) -> dict[str, str]:
    pages: dict[str, str] = {}
    seen: dict[tuple[str, str], str] = {}
    for page, modules in PAGES.items():
        lines = [f"# {page}", ""]
        text = ast.get_docstring(package.module(modules[0]), clean=False)
        if not text:
            raise Undocumented(f"{page} has no docstring")
        lines += make_text(text)
        exported = [(module, name) for module in modules for name in package.public_names(module)]
        extra = [tuple(path.rsplit(".", 1)) for path in ALSO.get(page, [])]
        for module, name in [*exported, *extra]:
            source, node = package.find(module, name)
            full = f"{module}.{name}"
            lines.append("")
            if (source, node.name) in seen:
                other = seen[source, node.name]
                lines += [f"## {name}", "", f"See [{other}]({other}.md#{name.lower()})."]
                continue
            seen[source, node.name] = page
            if isinstance(node, ast.FunctionDef):
                lines += make_function(name, node, full)
            else:
                lines += make_class(name, node, full)
        body = "\n".join(line.rstrip() for line in lines) + "\n"
        definitions = link_labels(body, labels)
        pages[page] = body + ("\n" + definitions if definitions else "")
    return pages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--numerics", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        labels = read_labels(arguments.numerics.read_text())
        pages = make_pages(Package(arguments.package), labels)
    except Undocumented as error:
        print(f"document-python: error: {error}", file=sys.stderr)
        return 1
    arguments.output.mkdir(parents=True, exist_ok=True)
    for old in arguments.output.glob("*.md"):
        old.unlink()
    for name, text in pages.items():
        (arguments.output / f"{name}.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
