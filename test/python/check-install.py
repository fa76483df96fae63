"""Installs the package into a new virtual environment, and looks at what is there.

    check-install.py --source=REPOSITORY --work=DIR [-- PIP ARGUMENT...]

It installs from a copy of the repository, which is away afterwards: what is installed has to stand
alone. numpy and ml_dtypes come with it, PyTorch does not. Then it imports the package, runs the tools,
looks for paths of the build in what was built, and runs the tests of this folder on what is installed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOOLS = ("fp4-bench", "fp4-opt", "fp4-runner", "fp4-sim", "fp4-translate")
FILES = ("py.typed", "_native.pyi", "torch/__init__.py", "convert/sources/gguf.py")
LAYER = "test/vectors/mx_none"


class Failure(Exception):
    """Something is not as it should be."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise Failure(what)


class Environment:
    """A virtual environment that was just made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        path = [str(folder / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
        dropped = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
        self.variables = {name: value for name, value in os.environ.items() if name not in dropped}
        self.variables |= {"PATH": os.pathsep.join(path), "FP4_CACHE_DIR": str(folder / "cache")}
        # What --cuda-driver=sim has: plain kernels will do.
        self.variables["FP4_SIM_CHIP"] = "sm_80"

    def run(self, *command: object, check: bool = True) -> str:
        """What a program says, run in the environment and away from the repository."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=self.variables,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if (done.returncode == 0) != check:
            line = " ".join(str(word) for word in command)
            raise Failure(f"$ {line}\nexits with {done.returncode}\n{done.stdout}")
        return done.stdout

    def python(self, program: str, check: bool = True) -> str:
        return self.run("python", "-c", program, check=check)


def check_package(environment: Environment) -> None:
    where = environment.python("import fp4; print(fp4.__file__)").strip()
    package = Path(where).parent
    expect(package.is_relative_to(environment.folder), f"fp4 is imported from {where}")
    for name in FILES:
        expect((package / name).is_file(), f"{name} is not installed")
    imported = environment.python("import fp4, sys; print(*sorted(sys.modules))").split()
    expect("torch" not in imported and "fp4._native" not in imported, "import fp4 imports too much")
    expect(environment.python("import fp4; print(fp4.__version__)").strip() == "0.1.0", "version")
    said = environment.python("import fp4.torch", check=False)
    expect("ImportError: fp4.torch needs PyTorch: pip install torch" in said, said)


def check_tools(environment: Environment, source: Path) -> None:
    for tool in TOOLS:
        expect("LLVM version 22" in environment.run(tool, "--version"), f"{tool} --version")
    vectors = source / LAYER
    layer = vectors / "layer.safetensors"
    types = ("--activation-type=bf16", "--result-type=f32", "--rank=2")
    environment.run("fp4-translate", "--import-safetensors", layer, *types, "-o", "layer.mlir")
    files = (f"--params={layer}", f"--input={vectors / 'in.safetensors'}", "--compare=reference")
    for target in (["--target=cpu"], ["--target=cuda", "--cuda-driver=sim"]):
        said = environment.run("fp4-runner", "layer.mlir", *files, *target)
        expect(re.search(r"^y: 0 of \d+ elements differ", said, re.MULTILINE), f"{target}: {said}")
    said = environment.run("fp4-bench", "--quick", "--format=mx", "--filter=torch-dense")
    expect(
        "No module named 'torch'" in said, f"fp4-bench does not say that torch is missing: {said}"
    )


def check_binaries(environment: Environment, copy: Path) -> None:
    """Nothing refers to where it was built, which is away."""
    tools = [environment.folder / "bin" / tool for tool in TOOLS]
    driver = environment.folder / "lib/fp4/sim/libcuda.so.1"
    module = list(environment.folder.glob("lib/python*/site-packages/fp4/_native.*.so"))
    expect(len(module) == 1, f"expected a native module, found {module}")
    for path in [*tools, driver, *module]:
        content = path.read_bytes()
        found = re.search(re.escape(os.fsencode(copy)) + rb"[^\0]*", content)
        expect(not found, f"{path} refers to {found and found.group()!r}")
        dynamic = environment.run("readelf", "-d", path)
        for paths in re.findall(r"R(?:UN)?PATH\).*\[(.*)\]", dynamic):
            for folder in paths.split(":"):
                inside = Path(folder).is_relative_to(environment.folder.parent)
                expect(Path(folder).is_dir() and not inside, f"{path} looks in {folder}")


def check_tests(environment: Environment, source: Path) -> str:
    environment.run("pip", "install", "--quiet", "-r", source / "test" / "requirements.txt")
    flags = ("-q", "-p", "no:cacheprovider")
    said = environment.run("python", "-m", "pytest", *flags, source / "test" / "python")
    return said.strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("pip", nargs="*", help="arguments for pip install")
    arguments = parser.parse_args()
    source, work = arguments.source.resolve(), arguments.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    copy = work / "source"
    ignored = shutil.ignore_patterns("build*", ".git", "__pycache__", ".*_cache")
    shutil.copytree(source, copy, symlinks=True, ignore=ignored)
    try:
        environment = Environment(work / "venv")
        environment.run("pip", "install", copy / "python", *arguments.pip)
        shutil.rmtree(copy)
        check_package(environment)
        check_tools(environment, source)
        check_binaries(environment, copy)
        print(check_tests(environment, source))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
