"""Checkpoints of several files, results of several files, and conversions that are interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import Array, decode, load, random_codes, random_e4m3, save
from fp4.convert import (
    ConversionError,
    Options,
    conversion,
    convert,
    plan_conversion,
    run_conversion,
)
from fp4.convert.__main__ import main
from fp4.convert.journal import NAME as JOURNAL

N, K = 16, 64
LAYERS = 6
# Processes import what the tests import.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def make_layers(rng: np.random.Generator, first: int, last: int) -> dict[str, Any]:
    tensors: dict[str, Any] = {}
    for i in range(first, last):
        tensors[f"l.{i}.weight_packed"] = random_codes(rng, N, K // 2)
        tensors[f"l.{i}.weight_scale"] = ("F8_E4M3", random_e4m3(rng, N, K // 16))
        tensors[f"l.{i}.weight_global_scale"] = np.array([8], np.float32)
        tensors[f"n.{i}.weight"] = rng.normal(size=K).astype(np.float32)
    return tensors


@pytest.fixture
def sharded(rng: np.random.Generator, source: Path) -> Path:
    """Six layers in two files with an index; a layer's scales are not in the file of its codes."""
    files = {"a.safetensors": make_layers(rng, 0, 3), "b.safetensors": make_layers(rng, 3, LAYERS)}
    moved = "l.0.weight_scale"
    files["b.safetensors"][moved] = files["a.safetensors"].pop(moved)
    for name, tensors in files.items():
        save(source / name, tensors)
    weight_map = {tensor: name for name, tensors in files.items() for tensor in tensors}
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    save(source / "consolidated.safetensors", {"x": np.zeros(2, np.float32)})  # not in the index
    (source / "tokenizer.json").write_text("{}")
    (source / "config.json").write_text('{"hidden_size": 64}')
    return source


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_bounded_and_layers_stay_together(sharded: Path, result: Path) -> None:
    shards = convert(sharded, result, Options(shard_bytes=1500)).shards
    files = sorted(path.name for path in result.glob("*.safetensors"))
    count = len(shards)
    assert count > 3
    assert files == [f"model-{i:05}-of-{count:05}.safetensors" for i in range(1, count + 1)]
    index = json.loads((result / "model.safetensors.index.json").read_text())
    written = load(result)
    assert index["metadata"]["total_size"] == sum(array.nbytes for _, array in written.values())
    for i in range(LAYERS):
        parts = [name for name in written if name.startswith(f"l.{i}.")]
        assert len(parts) == 5
        assert len({index["weight_map"][name] for name in parts}) == 1
    assert all(shard.nbytes <= 1500 for shard in shards)
    assert (result / "tokenizer.json").read_text() == "{}"
    assert json.loads((result / "config.json").read_text())["hidden_size"] == 64
    assert "x" not in written
    names = {path.name for path in result.iterdir()}
    assert names == {*files, "config.json", "model.safetensors.index.json", "tokenizer.json"}


def test_data_are_aligned(sharded: Path, result: Path) -> None:
    convert(sharded, result)
    data = (result / "model-00001-of-00001.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    assert size % 8 == 0
    header = json.loads(data[8 : 8 + size])
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            assert entry["data_offsets"][0] % 4 == 0


def fail_after(files: int, error: BaseException) -> Callable[..., str]:
    """write_shard, but in the middle of a file it fails."""
    original = conversion.write_shard
    written: list[str] = []

    def write(shard: Any, path: Path, progress: Any, release: Any) -> str:
        def stop(size: int) -> None:
            if len(written) == files:
                raise error

        digest: str = original(shard, path, stop, release)
        written.append(path.name)
        return digest

    return write


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_run_resumes(
    sharded: Path,
    tmp_path: Path,
    result: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    options = Options(shard_bytes=1500)
    convert(sharded, tmp_path / "whole", options)
    with monkeypatch.context() as patched:
        patched.setattr(conversion, "write_shard", fail_after(2, error))
        with pytest.raises(type(error)):
            convert(sharded, result, options)
    begun = read_all(result)
    assert len(begun) == 3  # two files and the journal: no half of a third, no config.json
    assert JOURNAL in begun

    rewritten = []
    original = conversion.write_shard

    def write(shard: Any, path: Path, *others: Any) -> str:
        rewritten.append(path.name)
        digest: str = original(shard, path, *others)
        return digest

    with monkeypatch.context() as patched:
        patched.setattr(conversion, "write_shard", write)
        convert(sharded, result, options)
    assert not set(rewritten) & set(begun)
    assert read_all(result) == read_all(tmp_path / "whole")


# Ends itself while it writes the third file.
END = """
import os, runpy, signal, sys
from fp4.convert import conversion
original, files = conversion.write_shard, []
def write_shard(shard, path, progress, release):
    files.append(path)
    def advance(size):
        if len(files) == 3:
            os.kill(os.getpid(), NUMBER)
    return original(shard, path, advance, release)
conversion.write_shard = write_shard
runpy.run_module("fp4.convert", run_name="__main__")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_ended_resumes(
    sharded: Path, tmp_path: Path, result: Path, number: signal.Signals
) -> None:
    arguments = [str(sharded), "-o", str(result), "--shard-size=1500"]
    program = END.replace("NUMBER", str(int(number)))
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=ENVIRONMENT,
        check=False,
        capture_output=True,
        # In the background of a shell it would be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    killed = number == signal.SIGKILL
    assert done.returncode == (-number if killed else 128 + number)
    left = read_all(result)
    half = {name for name in left if name.endswith(".partial")}
    assert len(half) == (1 if killed else 0)
    assert len(left) - len(half) == 3
    assert main([*arguments, "--quiet"]) == 0
    convert(sharded, tmp_path / "whole", Options(shard_bytes=1500))
    assert read_all(result) == read_all(tmp_path / "whole")


def interrupted(sharded: Path, result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(conversion, "write_shard", fail_after(2, OSError()))
        with pytest.raises(OSError):
            convert(sharded, result, Options(shard_bytes=1500))


def test_a_damaged_file_is_written_again(
    sharded: Path, tmp_path: Path, result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(sharded, result, monkeypatch)
    first, second = sorted(result.glob("*.safetensors"))
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    first.write_bytes(data)
    second.unlink()
    with (result / JOURNAL).open("a") as journal:
        journal.write('{"file": "model-0')  # a line that was cut
    convert(sharded, result, Options(shard_bytes=1500))
    convert(sharded, tmp_path / "whole", Options(shard_bytes=1500))
    assert read_all(result) == read_all(tmp_path / "whole")


def test_another_conversion_is_not_mixed_in(
    sharded: Path, result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(sharded, result, monkeypatch)
    gs = np.float32(0.25)
    for options in (Options(shard_bytes=2500), Options(False, gs, shard_bytes=1500)):
        with pytest.raises(ConversionError, match="part of another conversion"):
            convert(sharded, result, options)
    tensors = {"n.0.weight": np.zeros(2, np.float32)}
    (sharded / "model.safetensors.index.json").unlink()
    (sharded / "consolidated.safetensors").unlink()
    save(sharded / "c.safetensors", tensors)
    with pytest.raises(ConversionError, match=r"c\.safetensors: tensor 'n.0.weight': is also in"):
        convert(sharded, result, Options(shard_bytes=1500))


def test_directories_that_hold_something(sharded: Path, result: Path) -> None:
    convert(sharded, result)
    before = read_all(result)
    with pytest.raises(ConversionError, match="expected an empty directory.*config.json"):
        convert(sharded, result)
    with pytest.raises(ConversionError, match="is the checkpoint"):
        convert(sharded, sharded)
    assert read_all(result) == before


def test_patterns(sharded: Path, result: Path) -> None:
    convert(sharded, result, only=["*.1.*", "*.2.*"], exclude=["n.2.*"])
    written = load(result)
    assert "l.1.e2m1" in written and "l.2.e2m1" in written and "n.1.weight" in written
    assert len(written) == 11
    with pytest.raises(ConversionError, match="no tensor matches 'q.'"):
        plan_conversion(sharded, only=["q."])
    with pytest.raises(ConversionError, match="module 'l.1': expected weight_packed, weight_scale"):
        plan_conversion(sharded, exclude=["l.1.weight_scale"])


def test_what_is_not_recognised(source: Path) -> None:
    save(source / "a.safetensors", {"w": np.zeros((2, 2), np.float32)})
    with pytest.raises(ConversionError, match="no quantization_config.*found 1 F32"):
        plan_conversion(source)
    (source / "config.json").write_text('{"quantization_config": {"quant_method": "gptq"}}')
    with pytest.raises(ConversionError, match="expected compressed-tensors, .*found 'gptq'"):
        plan_conversion(source)
    (source / "config.json").write_text('{"quantization_config": {"quant_method": "mxfp4"}}')
    with pytest.raises(ConversionError, match="expected gpt-oss MXFP4 tensors.*none among 1"):
        plan_conversion(source)


def test_two_formats_without_a_configuration(rng: np.random.Generator, source: Path) -> None:
    blocks = {"e.down_proj_blocks": np.zeros((1, 2, 1, 16), np.uint8)}
    save(source / "a.safetensors", {**make_layers(rng, 0, 1), **blocks})
    with pytest.raises(ConversionError, match="those of compressed-tensors, gpt-oss MXFP4"):
        plan_conversion(source)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.json", "{", "config.json: not JSON"),
        ("config.json", "[]", "config.json: expected an object, found list"),
        ("config.json", '{"quantization_config": 3}', "quantization_config: expected an object"),
        (
            "model.safetensors.index.json",
            '{"weight_map": {"w": "../x.safetensors"}}',
            "expected names of files beside it",
        ),
        (
            "model.safetensors.index.json",
            '{"weight_map": {"w": "x.safetensors"}}',
            "x.safetensors of model.safetensors.index.json is not there",
        ),
        (
            "model.safetensors.index.json",
            '{"weight_map": {"w": "a.safetensors"}}',
            "tensor 'w' is not in a.safetensors",
        ),
    ],
)
def test_malformed_directories(
    rng: np.random.Generator, source: Path, name: str, text: str, words: str
) -> None:
    save(source / "a.safetensors", make_layers(rng, 0, 1))
    (source / name).write_text(text)
    with pytest.raises(ConversionError, match=words):
        plan_conversion(source)


def test_names_that_would_collide(rng: np.random.Generator, source: Path) -> None:
    tensors = {
        "e.down_proj_blocks": np.zeros((1, 2, 1, 16), np.uint8),
        "e.down_proj_scales": np.zeros((1, 2, 1), np.uint8),
        "e.0.down_proj.e2m1": np.zeros(3, np.float32),
    }
    save(source / "a.safetensors", tensors)
    with pytest.raises(ConversionError, match="'e.0.down_proj.e2m1': of e.down_proj_blocks and of"):
        plan_conversion(source)


MEASURE = r"""
import re, sys
from pathlib import Path
from fp4.convert import Options, convert
def peak():
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text()).group(1))
before = peak()
convert(Path(sys.argv[1]), Path(sys.argv[2]), Options(shard_bytes=1 << 40))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_that_of_one_tensor(source: Path, result: Path) -> None:
    experts, rows, groups = 2, 512, 32
    tensors: dict[str, Array] = {}
    for i in range(48):  # 48 times 1 MiB of codes
        tensors[f"l.{i}.gate_up_proj_blocks"] = np.full(
            (experts, rows, groups * 2, 16), i, np.uint8
        )
        tensors[f"l.{i}.gate_up_proj_scales"] = np.full((experts, rows, groups * 2), 127, np.uint8)
    save(source / "a.safetensors", tensors)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, source, result],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 16 * 1024, "KiB more than before, of 51 MiB"
    assert decode(load(result), "l.47.1.up_proj").shape == (rows // 2, groups * 64)
    run_conversion(plan_conversion(source, only=["l.0.*"]), result / "again")
