"""What the tests of the Python package share: where things are, and the oracle of test/oracle."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(ROOT / "test" / "oracle"))
if importlib.util.find_spec("fp4") is None:
    sys.path.insert(0, str(ROOT / "python" / "src"))


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The recorded results of the original module."""
    return ROOT / "test" / "vectors"
