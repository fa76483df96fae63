"""Fixtures of the converter's tests."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

# The package of the source tree, and what these tests share.
sys.path[:0] = [
    str(Path(__file__).parents[3] / "python" / "src"),
    str(Path(__file__).parent),
]


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
