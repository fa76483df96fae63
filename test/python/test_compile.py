"""fp4.compile, fp4.lower and fp4.stages."""

from __future__ import annotations

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


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No test takes code that an earlier one has left."""
    monkeypatch.setenv("FP4_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def load(name: str) -> tuple[o.Layer, o.Array]:
    folder = layers.VECTORS / name
    layer = o.Layer.from_state(o.load(folder / "layer.safetensors"))
    return layer, o.load(folder / "in.safetensors")["x"]


def compile_vector(name: str, target: str = "cpu") -> tuple[o.Layer, o.Array, fp4.Function]:
    layer, x = load(name)
    graph = layers.make_graph(layer, x.dtype.name, x.ndim)
    return layer, x, fp4.compile(graph, target, params=layers.parameters(layer))


@pytest.mark.parametrize("target", ["cpu", "reference"])
@pytest.mark.parametrize("name", ["mx_edge", "mx_oddk", "nv_edge", "nv_perblock"])
def test_recorded_layers(name: str, target: str) -> None:
    layer, x, forward = compile_vector(name, target)
    y = forward(x)
    assert isinstance(y, np.ndarray)
    # Where there is no transform, the quantized activation is the oracle's.
    if layer.transform is None:
        check_layer.check_output(y, layer.matmul(*layer.quantize(x)), x.dtype)
    else:
        want = layer.matmul(*layer.quantize(x)).value
        error = np.linalg.norm(y.astype(np.float64) - want) / np.linalg.norm(want)
        assert error < 2e-2


def test_halves_of_a_layer_are_the_layer() -> None:
    layer, x, forward = compile_vector("nv_none")
    n, half = layer.e2m1.shape
    graph = fp4.Graph("quantize")
    codes, scales = graph.quantize("", graph.input("x", "bfloat16", (None, 2 * half)), format="nv")
    graph.output("e2m1", codes)
    graph.output("scale_quant", scales)
    parameters = layers.parameters(layer)
    quantized = fp4.compile(graph, entry="quantize", params=parameters)(x)
    check_layer.check_quantized(layer, x, quantized)

    graph = fp4.Graph("multiply")
    a = graph.input("a", "float4_e2m1fn", (None, 2 * half))
    sa = graph.input("sa", "float8_e4m3fn", (None, half // 8))
    alpha = graph.input("alpha", "float32", None)
    y = graph.scaled_matmul("", a, sa, alpha, features=n, format="nv", dtype="bfloat16")
    graph.output("y", y)
    product = fp4.compile(graph, entry="multiply", params=parameters)
    scale = np.float32(layer.activation_global_scale * layer.weight_global_scale)
    y = product(*quantized, alpha=scale)
    assert y.tobytes() == forward(x).tobytes()


def test_inputs_by_name_and_no_rows() -> None:
    _, x, forward = compile_vector("mx_none")
    assert forward(x=x).tobytes() == forward(x).tobytes()
    assert forward(x[:0]).shape == (0, forward(x).shape[1])


def test_dlpack_and_strides() -> None:
    layer, x = load("mx_none")
    forward = fp4.compile(layers.make_graph(layer, "float32"), params=layers.parameters(layer))
    x = x.astype(np.float32)
    want = forward(x)

    class Speaks:
        def __dlpack__(self, **options: Any) -> object:
            return x.__dlpack__(**options)

        def __dlpack_device__(self) -> tuple[int, int]:
            return x.__dlpack_device__()

    assert forward(Speaks()).tobytes() == want.tobytes()
    assert forward(np.asfortranarray(x)).tobytes() == want.tobytes()


def test_parameters_are_independent() -> None:
    layer, x, forward = compile_vector("mx_none")
    other = dict(layers.parameters(layer), weight_global_scale=0.0)
    zero = forward.bind(other)
    before = forward(x)
    assert not zero(x).astype(np.float32).any()
    assert forward(x).tobytes() == before.tobytes()


def test_threads_at_once() -> None:
    _, x, forward = compile_vector("nv_shared")
    want = forward(x).tobytes()
    wrong = []

    def call() -> None:
        for _ in range(20):
            if forward(x).tobytes() != want:
                wrong.append(1)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("target", ["cpu", "reference"])
def test_rows_in_memory_of_the_caller(target: str) -> None:
    layer, x = load("nv_shared")
    x = np.ascontiguousarray(x.reshape(-1, x.shape[-1]))
    forward = fp4.compile(
        layers.make_graph(layer, x.dtype.name), target, params=layers.parameters(layer)
    )
    for rows in (1, len(x), 0):
        want = forward(x[:rows])
        y = np.zeros((rows + 1, *want.shape[1:]), want.dtype)
        forward.run_rows(rows, x.ctypes.data, y.ctypes.data)
        assert y[:rows].tobytes() == want.tobytes()
        assert not y[rows:].astype(np.float32).any()


def test_rows_of_a_function_that_has_none() -> None:
    layer, _, _ = compile_vector("mx_none")
    graph = fp4.Graph()
    x = graph.input("x", "bfloat16", (None, 64))
    codes, scales = graph.quantize("", x, format="mx")
    graph.output("e2m1", codes)
    graph.output("scale_quant", scales)
    scalars = {"activation_global_scale": 1.0, "activation_scale_scale": 4.0}
    params = {name: np.array(value, np.float32) for name, value in scalars.items()}
    unbound = fp4.compile(layers.make_graph(layer, "bfloat16"))
    for function in (unbound, fp4.compile(graph, params=params)):
        with pytest.raises(fp4.Error, match="@forward is no function of one input and one result"):
            function.run_rows(1, 0, 0)


def test_errors_are_exceptions_with_a_location() -> None:
    with pytest.raises(fp4.Error, match=r"layer\.mlir:2:3: error: custom op 'nonsense'"):
        fp4.compile("func.func @forward() {\n  nonsense\n}", name="layer.mlir")
    with pytest.raises(fp4.Error, match="no function @backward"):
        fp4.compile("func.func @forward() {\n  return\n}", entry="backward")
    with pytest.raises(
        ValueError, match="target 'rocm' is not known; there are cpu, reference, cuda"
    ):
        fp4.compile("", "rocm")
    with pytest.raises(fp4.Error, match="'nonsense' does not refer to a registered pass"):
        fp4.lower("func.func @forward() {\n  return\n}", "nonsense")
    with pytest.raises(fp4.Error, match="'pentium5' is not a CPU of"):
        fp4.compile("func.func @forward() {\n  return\n}", cpu="pentium5")


def test_arguments_that_do_not_fit() -> None:
    layer, x, forward = compile_vector("mx_none")
    with pytest.raises(TypeError, match="input 'x' is missing"):
        forward()
    with pytest.raises(TypeError, match="has no input 'z'; its inputs are x"):
        forward(x, z=x)
    with pytest.raises(TypeError, match="input 'x' is given twice"):
        forward(x, x=x)
    with pytest.raises(TypeError, match="expects 1 inputs, but got 2"):
        forward(x, x)
    with pytest.raises(TypeError, match="'x' is a str, but an array is expected"):
        forward("x")
    with pytest.raises(TypeError, match="'x' is of dtype complex64, which fp4 does not know"):
        forward(x.astype(np.complex64))
    with pytest.raises(fp4.Error, match=r"'x' expects BF16 \(\?, \d+\), but the array holds F32"):
        forward(x.astype(np.float32))
    with pytest.raises(fp4.Error, match=r"'x' expects BF16 \(\?, \d+\), but the array holds BF16"):
        forward(x[:, :-1])
    unbound = fp4.compile(layers.make_graph(layer, "bfloat16"))
    with pytest.raises(fp4.Error, match="parameter 'e2m1' is not bound"):
        unbound(x)
    with pytest.raises(KeyError, match="parameter 'e2m1' is missing"):
        unbound.bind({})
    with pytest.raises(fp4.Error, match=r"'e2m1' expects U8"):
        unbound.bind(dict(layers.parameters(layer), e2m1=layer.e2m1[:, :-1]))


def test_a_check_that_fails_is_an_exception() -> None:
    add = fp4.compile(
        """
        func.func @forward(%a: tensor<?xf32> {fp4.name = "a"}, %b: tensor<?xf32> {fp4.name = "b"})
            -> (tensor<?xf32> {fp4.name = "c"}) {
          %c0 = arith.constant 0 : index
          %n = tensor.dim %a, %c0 : tensor<?xf32>
          %0 = tensor.empty(%n) : tensor<?xf32>
          %c = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%0 : tensor<?xf32>)
              -> tensor<?xf32>
          return %c : tensor<?xf32>
        }"""
    )
    a = np.arange(3, dtype=np.float32)
    for _ in range(3):
        with pytest.raises(fp4.Error, match="ERROR: Runtime op verification failed"):
            add(a, a[:2])
        assert add(a, a).tolist() == [0, 2, 4]


def test_fallbacks_are_warned_of() -> None:
    graph = fp4.Graph()
    x = graph.input("x", "float32", (None, 8))
    layer = graph.quant_linear(
        "", x, features=4, format="mx", group_size=4, quantize_strategy="vector"
    )
    graph.output("y", layer)
    with pytest.warns(UserWarning, match="'vector' cannot be taken: .*; taking 'reference'"):
        fp4.compile(graph)


def test_stages() -> None:
    layer, _ = load("mx_none")
    graph = layers.make_graph(layer, "bfloat16")
    stages = fp4.stages(graph, "fp4-lower-to-cpu")
    names = [name for name, _ in stages]
    assert names.index("fp4-decompose-quant-linear") < names.index("convert-fp4-to-vector")
    decomposed = dict(stages)["fp4-decompose-quant-linear"]
    assert "fp4.scaled_matmul" in decomposed and "fp4.quant_linear" not in decomposed
    assert stages[-1][1] == fp4.lower(graph, "fp4-lower-to-cpu")
    assert fp4.lower(graph, "fp4-decompose-quant-linear").count("fp4.scaled_matmul") == 1


def test_graphs_say_what_does_not_fit() -> None:
    graph = fp4.Graph()
    x = graph.input("x", "float32", (None, 100))
    with pytest.raises(ValueError, match="no multiple of a group of 32"):
        graph.quant_linear("", x, features=4, format="mx")
    with pytest.raises(ValueError, match="format 'int4' is not known"):
        graph.quant_linear("", x, features=4, format="int4")
    with pytest.raises(ValueError, match="rounding 'odd' is not known"):
        graph.quant_linear("", x, features=4, format="mx", rounding="odd")
    with pytest.raises(ValueError, match="dtype 'int4' is not known"):
        graph.input("z", "int4", (1,))
    with pytest.raises(ValueError, match="the graph has no output"):
        fp4.compile(graph)


RUN = """
import sys, numpy as np, fp4
graph = fp4.Graph()
x = graph.input("x", "float32", (None, 32))
graph.output("y", graph.quant_linear("", x, features=4, format="mx"))
codes = np.full((4, 16), 0x22, np.uint8)
import ml_dtypes
scales = np.ones((4, 1), ml_dtypes.float8_e8m0fnu)
ones = {name + "_scale": 1.0 for name in ("weight_global", "activation_global")}
forward = fp4.compile(graph, params=dict(e2m1=codes, scale_quant=scales,
                                         activation_scale_scale=4.0, **ones))
print(forward(np.full((2, 32), 1.0, np.float32)).tolist())
"""


def test_processes_share_a_cache(cache: Path) -> None:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", RUN],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish(process: subprocess.Popen[str]) -> None:
        text, _ = process.communicate()
        assert process.returncode == 0
        # 32 times 1 times 1.
        assert text == f"{[[32.0] * 4] * 2}\n"

    for process in [start() for _ in range(3)]:
        finish(process)
    kept = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert kept
    finish(start())
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == kept


def test_a_cache_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(fp4.Error, match=f"cannot use '{file}' to keep compiled code"):
        layer, _ = load("mx_none")
        fp4.compile(layers.make_graph(layer, "bfloat16"), cache=file)


def test_names_may_be_any_text() -> None:
    name = 'x é "\\ \n'
    graph = fp4.Graph()
    x = graph.input(name, "float32", (None, 32))
    graph.output("y", graph.quant_linear("", x, features=4, format="mx"))
    assert fp4.compile(graph).inputs[0].name == name
