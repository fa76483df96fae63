"""Malformed files are refused with the reason; nothing is read that is not there."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import save
from fp4.convert import ConversionError
from fp4.convert.safetensors_file import open_safetensors

ENTRY = {"dtype": "U8", "shape": [2, 2], "data_offsets": [0, 4]}


def write(path: Path, header: object, data: bytes = b"\1\2\3\4") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def changed(**fields: Any) -> dict[str, Any]:
    return {"a": {k: v for k, v in {**ENTRY, **fields}.items() if v is not None}}


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    scales = np.array([1, 2], np.uint8)
    values = np.array([[1.5, -2]], np.float32)
    save(
        path, {"s": ("F8_E8M0", scales), "v": values, "e": np.zeros((0, 3), np.float32)}, {"k": "v"}
    )
    file = open_safetensors(path)
    assert file.metadata == {"k": "v"}
    np.testing.assert_array_equal(file.tensors["s"].array(), scales)
    np.testing.assert_array_equal(file.tensors["v"].array(), values)  # at an odd offset
    assert file.tensors["e"].array().shape == (0, 3)
    file.mapped.release()
    np.testing.assert_array_equal(file.tensors["v"].array(), values)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{", "header: not JSON"),
        (b"[" * 100_000, "header: not JSON"),
        ([], r"expected an object, found \[\]"),
        (b'{"a": 1, "a": 2}', "'a' is there twice"),
        ({"a": 1}, "tensor 'a': expected dtype, shape and data_offsets, found 1"),
        (changed(shape=None), "expected dtype, shape and data_offsets"),
        (changed(extra=1), "expected dtype, shape and data_offsets"),
        (changed(dtype="FLOAT"), 'unknown dtype "FLOAT"'),
        (changed(shape=[-1]), r"shape of non-negative integers, found \[-1\]"),
        (changed(shape=[2.0, 2]), r"found \[2.0, 2\]"),
        (changed(shape=[2**62, 2**62]), "needs 2126764793"),
        (changed(data_offsets=[4, 0]), r"expected data_offsets \[begin, end\], found \[4, 0\]"),
        (changed(data_offsets=[0, 5]), "reach beyond the 4 bytes of data"),
        (changed(data_offsets=[0, 3]), r"hold 3 bytes, but U8 \(2, 2\) needs 4"),
        (changed(dtype="F4", shape=[3], data_offsets=[0, 1]), "a fraction of one"),
        (changed(shape=[3], data_offsets=[0, 3]), "end at offset 3, but there are 4 bytes"),
        (changed(shape=[3], data_offsets=[1, 4]), "leave a hole"),
        ({"a": ENTRY, "b": ENTRY}, "overlap the tensor before"),
        ({"a": ENTRY, "__metadata__": {"k": 1}}, "expected an object of strings"),
    ],
)
def test_malformed_headers(tmp_path: Path, header: object, words: str) -> None:
    path = write(tmp_path / "bad.safetensors", header)
    with pytest.raises(ConversionError, match=words) as caught:
        open_safetensors(path)
    assert "bad.safetensors" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\0" * 7, struct.pack("<Q", 2**63), b"\xff" * 64])
def test_what_is_no_safetensors_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(ConversionError, match="bad.safetensors"):
        open_safetensors(path)


def test_every_truncation_is_found(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.safetensors", {"a": ENTRY}).read_bytes()
    path = tmp_path / "cut.safetensors"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ConversionError, match="cut.safetensors"):
            open_safetensors(path)
