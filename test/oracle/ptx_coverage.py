"""Every form of an instruction that the simulator knows is executed by a test.

The forms are what `fp4-sim --instructions` prints; the instructions are those of the kernels in the given
files and of the cases in ptx_*.py. Forms that other suites execute are named on the command line by their
first word.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ptx_floats
import ptx_integers
import ptx_memory
import ptx_warps

TYPE = re.compile(r"(pred|[bsu]f?\d+|[usb]?f?\d+x\d|b?f\d+(x2)?|tf32|u?e\d+m\d+(x2)?)$")


def opcodes(text: str) -> Iterator[list[str]]:
    """The root and modifiers of each instruction of PTX text."""
    text = re.sub(r"//[^\n]*", "", text)
    for statement in re.split(r"[;{}\n]", text):
        match = re.match(
            r"\s*(?:[\w$]+:\s*)*(?:@!?[%\w]+\s+)?([a-z][a-z0-9_]*(?:[.:]+[\w]+)*)", statement
        )
        if match:
            yield match.group(1).replace("::", "\0").split(".")


def matches(form: str, opcode: list[str]) -> bool:
    """As the simulator does it: each modifier takes the first free group that has it; types in order."""
    root, *groups = form.split(" ")
    if root != opcode[0]:
        return False
    taken = [False] * len(groups)
    after = 0
    for modifier in opcode[1:]:
        word = modifier.replace("\0", "::")
        is_type = TYPE.match(word) is not None
        for i in range(after if is_type else 0, len(groups)):
            if not taken[i] and word in groups[i].strip("[]").split("|"):
                taken[i] = True
                after = i + 1 if is_type else after
                break
        else:
            return False
    return all(t or g.startswith("[") for t, g in zip(taken, groups, strict=True))


def texts() -> Iterator[str]:
    for module, names in (
        (
            ptx_integers,
            ("plain", "packed", "carries", "dots", "bits", "fields", "moves", "comparisons"),
        ),
        (ptx_floats, ("arithmetic", "mixed", "signs", "comparisons", "integer_conversions")),
        (ptx_floats, ("float_conversions", "packed_conversions", "functions")),
        (ptx_memory, ("accesses", "atomics", "addresses")),
        (ptx_warps, ("shuffles", "votes", "matches", "reductions", "barriers")),
    ):
        for name in names:
            for case in getattr(module, name)():
                yield case.text
    # What the harness itself executes.
    yield "selp.b32 x; setp.ne.u32 x; ld.param.u64 x; mul.wide.u32 x;"


def main() -> None:
    simulator, folder, *others = sys.argv[1:]
    forms: set[str] = set()
    for chip in ("sm_80", "sm_100a", "sm_103a"):
        command = [simulator, "--instructions", f"--chip={chip}"]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        forms |= set(run.stdout.splitlines())
    executed = {tuple(o) for text in texts() for o in opcodes(text)}
    for path in sorted(Path(folder).glob("*.ptx")):
        if path.name != "refused.ptx":
            executed |= {tuple(o) for o in opcodes(path.read_text())}
    missing = [
        form
        for form in sorted(forms)
        if form.split(" ")[0] not in others and not any(matches(form, list(o)) for o in executed)
    ]
    if missing:
        sys.exit("no test executes:\n  " + "\n  ".join(missing))
    print(f"{len(forms)} forms are executed")


if __name__ == "__main__":
    main()
