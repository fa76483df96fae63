"""Fixtures of the converter's tests."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # what these tests share


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
