"""What the tests of the Python package share: where things are, and the oracle of test/oracle."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "python" / "src" / "fp4"

for shared in ("oracle", "python", "python/convert"):
    sys.path.insert(0, str(ROOT / "test" / shared))


def has_compiler() -> bool:
    """Whether there is a package with its native part to import."""
    try:
        return importlib.util.find_spec("fp4._native") is not None
    except ImportError:
        return False


collect_ignore: list[str] = []

if not has_compiler():
    # What is numpy alone can be tested alone: a package without what fp4 itself imports.
    sys.modules.pop("fp4", None)
    package = ModuleType("fp4")
    package.__path__ = [str(SOURCE)]
    sys.modules["fp4"] = package
    files = Path(__file__).parent.glob("test_*.py")
    collect_ignore += [file.name for file in files if "\nimport fp4\n" in file.read_text()]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail where a package is missing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and collector.config.getoption("--no-skips"):
        report.outcome = "failed"
    return report


def pytest_report_header() -> str:
    alone = "is not built: only what is numpy and PyTorch alone is tested"
    return f"compiler: {alone if collect_ignore else importlib.util.find_spec('fp4._native')}"


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The recorded results of the original module."""
    return ROOT / "test" / "vectors"


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded: a test is the same each time."""
    return np.random.default_rng(20)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An empty directory for a checkpoint."""
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Where a result goes; it does not exist yet."""
    return tmp_path / "result"
