"""fp4.compile for a GPU, on the simulated one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import check_layer
import fp4
import fp4_oracle as o
import layers
import numpy as np
import pytest
import sim_layers

EMPTY = "func.func @forward() {\n  return\n}"


@pytest.fixture(scope="module", autouse=True)
def stats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What kernels executed. The driver reads its environment once, when it is opened."""
    path = tmp_path_factory.mktemp("stats") / "stats.json"
    os.environ.update(FP4_SIM_STATS=str(path), FP4_SIM_PEDANTIC="1", FP4_SIM_CHIP="sm_100a")
    return path


@pytest.fixture(autouse=True)
def no_statistics(stats: Path) -> None:
    stats.unlink(missing_ok=True)


def used_tensor_cores(stats: Path) -> bool:
    lines = [json.loads(line) for line in stats.read_text().splitlines()]
    assert lines, "nothing was launched"
    return any(line["tensor_flop"] for line in lines)


def make_layer(format: str, n: int, k: int, seed: int = 0) -> o.Layer:
    rng = np.random.default_rng((0xC0DA, seed))
    group, dtype, low, high = (32, o.E8M0, 120, 125) if format == "mx" else (16, o.E4M3, 0x14, 0x1C)
    return o.Layer(
        e2m1=rng.integers(0, 256, (n, k // 2), dtype=np.uint8),
        scale_quant=rng.integers(low, high, (n, k // group), dtype=np.uint8).view(dtype),
        transform=None,
        weight_global_scale=np.float32(1 / 3),
        activation_global_scale=np.float32(0.1),
        activation_scale_scale=np.float32(4 if format == "mx" else 6),
    )


def make_input(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> o.Array:
    return np.random.default_rng((1, seed)).normal(size=shape).astype(dtype)


def compile_layer(layer: o.Layer, x: o.Array, target: str = "cuda", chip: str = "") -> fp4.Function:
    graph = layers.make_graph(layer, x.dtype.name, x.ndim)
    driver = "sim" if target == "cuda" else ""
    return fp4.compile(
        graph, target, params=layers.parameters(layer), chip=chip, cuda_driver=driver
    )


SHAPES = [(1, 7, 1), (5, 130, 3), (129, 48, 9), (2, 257, 5)]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, o.BF16])
@pytest.mark.parametrize(("m", "n", "groups"), SHAPES)
@pytest.mark.parametrize("format", ["mx", "nv"])
def test_tensor_cores(format: str, m: int, n: int, groups: int, dtype: Any, stats: Path) -> None:
    k = groups * (32 if format == "mx" else 16)
    layer, x = make_layer(format, n, k), make_input((m, k), dtype)
    y = compile_layer(layer, x)(x)
    assert used_tensor_cores(stats)
    assert isinstance(y, np.ndarray) and y.dtype == x.dtype
    sim_layers.check_truncated(y, layer.matmul(*layer.quantize(x)), k, x.dtype)


@pytest.mark.filterwarnings("ignore:.*'tcgen05' cannot be taken")
@pytest.mark.parametrize(("m", "n", "groups"), SHAPES)
@pytest.mark.parametrize("format", ["mx", "nv"])
def test_plain_code(format: str, m: int, n: int, groups: int, stats: Path) -> None:
    k = groups * (32 if format == "mx" else 16)
    layer, x = make_layer(format, n, k), make_input((m, k), o.BF16)
    y = compile_layer(layer, x, chip="sm_80")(x)
    assert not used_tensor_cores(stats)
    assert y.tobytes() == compile_layer(layer, x, "reference")(x).tobytes()
    check_layer.check_output(y, layer.matmul(*layer.quantize(x)), x.dtype)


@pytest.mark.parametrize("name", ["mx_perblock", "nv_shared"])
def test_recorded_layers(name: str) -> None:
    folder = layers.VECTORS / name
    layer = o.Layer.from_state(o.load(folder / "layer.safetensors"))
    x = o.load(folder / "in.safetensors")["x"]
    y = compile_layer(layer, x)(x)
    want = layer.matmul(*layer.quantize(x)).value
    assert np.linalg.norm(y.astype(np.float64) - want) < 2e-2 * np.linalg.norm(want)


def test_calls_of_other_sizes() -> None:
    layer, x = make_layer("nv", 20, 48), make_input((6, 48), np.float32)
    forward = compile_layer(layer, x)
    want = forward(x)
    assert forward(x[2:3]).tobytes() == want[2:3].tobytes()
    assert forward(x[:0]).shape == (0, 20)
    assert forward(x=np.asfortranarray(x)).tobytes() == want.tobytes()


def test_rows_at_addresses_are_for_the_host() -> None:
    layer = make_layer("mx", 16, 32)
    x = make_input((1, 32), np.float32)
    with pytest.raises(fp4.Error, match="rows are run on the host only"):
        compile_layer(layer, x).run_rows(0, 0, 0)


def test_parameters_are_on_the_device_once() -> None:
    layer, x = make_layer("mx", 20, 64), make_input((3, 64), np.float32)
    graph = layers.make_graph(layer, "float32")
    code = fp4.compile(graph, "cuda", cuda_driver="sim")
    with pytest.raises(fp4.Error, match="parameter '.*' is not bound"):
        code(x)
    first = code.bind(layers.parameters(layer))
    want = first(x)
    other = make_layer("mx", 20, 64, seed=1)
    second = code.bind(layers.parameters(other))
    assert second(x).tobytes() == compile_layer(other, x)(x).tobytes() != want.tobytes()
    layer.e2m1[:] = 0
    assert first(x).tobytes() == want.tobytes()


def test_threads_at_once() -> None:
    layer, x = make_layer("nv", 20, 48), make_input((6, 48), np.float32)
    forward = compile_layer(layer, x)
    want = [forward(x[:rows]).tobytes() for rows in range(1, 5)]
    wrong = []

    def call(rows: int) -> None:
        for _ in range(5):
            if forward(x[:rows]).tobytes() != want[rows - 1]:
                wrong.append(rows)

    threads = [threading.Thread(target=call, args=(rows,)) for rows in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_torch() -> None:
    torch = pytest.importorskip("torch", reason="results as tensors need PyTorch")
    layer, x = make_layer("mx", 20, 64), make_input((3, 64), np.float32)
    forward = compile_layer(layer, x)
    y = forward(torch.from_numpy(x))
    assert y.device.type == "cpu" and y.numpy().tobytes() == forward(x).tobytes()
    with pytest.raises(ValueError, match="'x' is on meta, but expected on the CPU"):
        forward(torch.from_numpy(x).to("meta"))


def test_arrays_on_a_device_are_refused() -> None:
    layer, x = make_layer("mx", 20, 64), make_input((3, 64), np.float32)
    forward = compile_layer(layer, x)

    class OnDevice:
        def __dlpack__(self, **options: Any) -> object:
            raise AssertionError("it is asked for its device first")

        def __dlpack_device__(self) -> tuple[int, int]:
            return 2, 1

    with pytest.raises(ValueError, match="'x' is on cuda:1, but expected on the CPU"):
        forward(OnDevice())


def test_what_cannot_be_compiled() -> None:
    def compile(**options: Any) -> None:
        fp4.compile(EMPTY, "cuda", **{"cuda_driver": "sim", **options})

    with pytest.raises(fp4.Error, match="unknown chip 'sm_1', expects one of sm_80"):
        compile(chip="sm_1")
    with pytest.raises(
        fp4.Error, match=r"\(sm_100a\), has compute capability 10\.0 and cannot .* sm_120a"
    ):
        compile(chip="sm_120a")
    with pytest.raises(fp4.Error, match=r"<module>:2:3: error: custom op 'nonsense'"):
        fp4.compile("func.func @forward() {\n  nonsense\n}", "cuda", cuda_driver="sim")
    compile()
    with pytest.raises(fp4.Error, match="the runtime is already open for device 0 of .*/sim/"):
        compile(cuda_driver="/other/libcuda.so.1")
    with pytest.raises(fp4.Error, match="the runtime is already open for device 0 of .*/sim/"):
        compile(cuda_device=1)
    compile()


@pytest.mark.parametrize(
    ("target", "options", "of"),
    [
        ("cpu", {"chip": "sm_100a"}, "cuda"),
        ("cpu", {"cuda_driver": "sim"}, "cuda"),
        ("reference", {"cuda_device": 1}, "cuda"),
        ("cuda", {"cpu": "znver4"}, "cpu"),
        ("reference", {"features": "-avx2"}, "cpu"),
    ],
)
def test_options_of_other_targets(target: str, options: dict[str, Any], of: str) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=f"{name}=.* goes with target '{of}', not '{target}'"):
        fp4.compile(EMPTY, target, **options)


def run(script: str, **env: str) -> str:
    """In a process of its own, which has opened no driver."""
    kept = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    done = subprocess.run(
        [sys.executable, "-c", f"import fp4\nEMPTY = {EMPTY!r}\n{script}"],
        check=True,
        capture_output=True,
        text=True,
        env={**kept, **env},
    )
    return done.stdout


COMPILE = """
try:
    fp4.compile(EMPTY, "cuda", cuda_driver={!r}, cuda_device={})
except fp4.Error as error:
    print(error)
"""


def test_no_driver_and_no_device() -> None:
    absent = "/absent/libcuda.so.1"
    printed = run(COMPILE.format(absent, 0))
    assert printed.startswith(f"no CUDA driver: {absent}: cannot open shared object file")
    printed = run(COMPILE.format("sim", 2))
    assert printed == "device 2: no such device, the CUDA driver reports 1\n"
    printed = run(COMPILE.format("sim", 0), FP4_SIM_CHIP="sm_1", FP4_SIM_QUIET="1")
    assert printed == "the CUDA driver reports no device\n"


def test_the_simulated_driver_is_not_taken_unasked() -> None:
    # Whether there is a driver is another process's to say: to this one, the simulated driver is
    # libcuda.so.1 by now.
    find = "import ctypes\ntry:\n  ctypes.CDLL('libcuda.so.1')\nexcept OSError:\n  print('none')"
    maps = "print('fp4/sim' in open('/proc/self/maps').read())"
    lines = run(COMPILE.format("", 0) + maps).splitlines()
    assert lines[-1] == "False"
    if run(find) == "none\n":
        assert lines[0].startswith("no CUDA driver: libcuda.so.1: cannot open")
    assert run(COMPILE.format("sim", 0) + maps) == "True\n"
