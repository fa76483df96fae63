"""Checks the shape of what fp4-bench --quick --json wrote.

check_run.py RUN.json NAMES.txt

NAMES.txt is what --list printed: all of them have a row, but for those of torch where it is missing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RUN_KEYS = ["cpu", "threads", "target", "rounds", "quick", "torch", "torch_missing"]
ROOF_KEYS = ["name", "unit", "variant", "median", "min", "max"]
ROW_KEYS = ["name", "format", "m", "n", "k", "seconds", "rate", "unit"]
ROW_KEYS += [
    "reference",
    "reference_rate",
    "ratio",
    "ratio_min",
    "ratio_max",
    "bar",
    "bar_is",
    "verdict",
]
ROOFS = {"int8-dot": "GOP/s", "bf16-dot": "GOP/s", "read": "GB/s", "copy": "GB/s"}
KNOWN_ANYWHERE = {"read", "copy"}


def check_range(middle: float | None, low: float | None, high: float | None) -> None:
    """All three are known, or none."""
    if middle is None or low is None or high is None:
        assert middle is low is high is None
    else:
        assert 0 < low <= middle <= high


def check_row(row: dict[str, Any], roofs: dict[str, Any]) -> None:
    assert list(row) == ROW_KEYS, row
    assert row["seconds"] > 0 and row["rate"] > 0, row
    check_range(row["ratio"], row["ratio_min"], row["ratio_max"])
    what = row["name"].split("/")[1]
    if row["reference"] in roofs:
        known = roofs[row["reference"]]["median"] is not None
        assert row["unit"] == ROOFS[row["reference"]], row
    else:
        known = row["reference"] != ""
    assert (row["ratio"] is not None) == (row["reference_rate"] is not None) == known, row

    assert (row["bar"] is None) == (row["bar_is"] is None), row
    if row["bar"] is None:
        assert what.startswith("torch") or what in ("odd", "per-token"), row
    if row["bar"] is None or not known:
        assert row["verdict"] is None, row
    elif row["bar_is"] == "at least":
        assert row["verdict"] == ("ok" if row["ratio"] >= row["bar"] else "below"), row
    else:
        assert row["bar_is"] == "at most", row
        assert row["verdict"] == ("ok" if row["ratio"] <= row["bar"] else "above"), row


def main() -> None:
    run = json.loads(Path(sys.argv[1]).read_text())
    names = Path(sys.argv[2]).read_text().split()
    assert list(run) == [*RUN_KEYS, "rooflines", "rows"], list(run)
    assert run["threads"] >= 1 and run["rounds"] == 2 and run["quick"], run

    roofs = {roof["name"]: roof for roof in run["rooflines"]}
    assert {name: roof["unit"] for name, roof in roofs.items()} == ROOFS, roofs
    for name, roof in roofs.items():
        assert list(roof) == ROOF_KEYS, roof
        check_range(roof["median"], roof["min"], roof["max"])
        assert (roof["median"] is not None) == (roof["variant"] != ""), roof
        assert roof["median"] is not None or name not in KNOWN_ANYWHERE, roof

    if run["torch_missing"]:
        names = [name for name in names if "/torch-" not in name]
    assert [row["name"] for row in run["rows"]] == sorted(names, key=lambda name: "/torch-" in name)
    for row in run["rows"]:
        check_row(row, roofs)
    print(f"{len(names)} rows")


if __name__ == "__main__":
    main()
