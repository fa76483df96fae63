"""fp4.quantize, fp4.rounding and fp4.calibration: what is chosen, and that it errs less."""

from __future__ import annotations

import itertools
from typing import Any

import fp4_oracle as oracle
import numpy as np
import pytest
from fp4.calibration import SAMPLE_ROWS, Calibration
from fp4.formats import BF16, Format, dequantize
from fp4.quantize import quantize
from fp4.rounding import error_feedback, search_global_scale, search_scales
from fp4.transforms import hadamard

FORMATS = [Format("mx", 32), Format("nv", 16), Format("nv", 64), Format("mx", 8)]


def correlated(rows: int, k: int, seed: int) -> np.ndarray:
    """Activations with a few directions and columns that hold most of the energy."""
    mix = np.random.default_rng(99)
    basis, scale = mix.standard_normal((k // 4, k)), np.exp(mix.standard_normal(k))
    rng = np.random.default_rng(seed)
    noise = 0.3 * rng.standard_normal((rows, k))
    return ((rng.standard_normal((rows, k // 4)) @ basis + noise) * scale).astype(np.float32)


X, HELD_OUT = correlated(3000, 128, 0), correlated(500, 128, 1)
W = np.random.default_rng(2).standard_normal((48, 128)).astype(np.float32)


def output_error(weight: np.ndarray) -> float:
    """Of the layer's output on rows that calibration has not seen."""
    y = HELD_OUT @ W.T
    return float(np.linalg.norm(HELD_OUT @ weight.T - y) / np.linalg.norm(y))


def layer_error(layer: Any) -> float:
    y = HELD_OUT @ W.T
    return float(np.linalg.norm(layer(HELD_OUT) - y) / np.linalg.norm(y))


# ---- rounding ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_searched_scales_are_the_best_of_their_neighbours(format: Format) -> None:
    gs = search_global_scale(W, format)
    found = search_scales(W, format, gs)
    usual = oracle.encode_amax(
        oracle.group_amax(W, format.group_size), gs, format.scale_scale, format.scale_dtype
    )
    steps = (-1, 0) if format.name == "mx" else range(-3, 6)

    def errors(scales: np.ndarray) -> np.ndarray:
        codes = oracle.pack(oracle.quantize_with_scales(W, scales, gs))
        error = oracle.dequantize(codes, scales, gs, oracle.F32).astype(np.float64) - W
        return np.sum(oracle.split(error, format.group_size) ** 2, axis=-1)

    stored = usual.view(np.uint8).astype(np.int16)
    candidates = [(stored + step).astype(np.uint8).view(format.scale_dtype) for step in steps]
    least = np.min([errors(candidate) for candidate in candidates], axis=0)
    assert np.allclose(errors(found), least, rtol=1e-5)
    assert np.mean(errors(found)) < 0.99 * np.mean(errors(usual))


def test_the_search_finds_four_over_six() -> None:
    # With its largest element as 4 this group is exact, and as 6 it is not.
    weight = np.tile(np.array([4, 3, 2, 1.5, 1, 0.5, -4, -3] * 2, np.float32), (1, 2))
    scales = search_scales(weight, Format("nv", 16), 1.0)
    assert scales.astype(np.float32).tolist() == [[1, 1]]


def test_zeros_stay_zeros() -> None:
    weight = W.copy()
    weight[3] = 0
    for format in FORMATS:
        for method in ("nearest", "feedback"):
            layer = quantize(weight, format, calibration=X, method=method)  # type: ignore[arg-type]
            assert not layer.dequantize()[3].any()


def test_error_feedback_of_uncorrelated_columns_is_rounding_to_nearest() -> None:
    for format in FORMATS:
        gs = np.float32(0.01 if format.name == "nv" else 1 / 3)
        got = error_feedback(W, np.eye(128), format, gs, search=False)
        packed, scales = oracle.quantize_pack(
            W, gs, format.scale_scale, format.group_size, format.scale_dtype
        )
        assert np.array_equal(got.e2m1, packed)
        assert np.array_equal(got.scale_quant.view(np.uint8), scales.view(np.uint8))


def test_error_feedback_of_two_columns_is_the_best_second_code() -> None:
    """For K = 2 the last code is free: it must be the optimum given the first."""
    rng = np.random.default_rng(4)
    weight = rng.uniform(-4, 4, (200, 2)).astype(np.float32)
    weight[:, 0] = np.sign(weight[:, 0]) * 6  # makes every scale 1
    moment = np.array([[4.0, 1.5], [1.5, 1.0]])
    format = Format("nv", 2)
    got = dequantize(*error_feedback(weight, moment, format, 1.0, search=False, damping=1e-9), 1)
    values = oracle.decode_e2m1(np.arange(16, dtype=np.uint8))
    for row, rounded in zip(weight.astype(np.float64), got, strict=True):
        costs = [(row - [rounded[0], v]) @ moment @ (row - [rounded[0], v]) for v in values]
        cost = (row - rounded) @ moment @ (row - rounded)
        assert cost <= min(costs) + 1e-5


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_error_feedback_and_the_search_err_less(format: Format) -> None:
    def error(method: Any, search: bool) -> float:
        layer = quantize(W, format, calibration=X, method=method, scale_search=search)
        return output_error(layer.dequantize())

    plain, searched = error("nearest", False), error("nearest", True)
    feedback, both = error("feedback", False), error("feedback", True)
    assert searched < 1.02 * plain
    assert feedback < 0.8 * plain
    assert both < (1 if format.name == "mx" else 0.95) * feedback


# ---- layers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mx", "nv"])
def test_a_plain_layer_is_quantize_pack(name: Any) -> None:
    layer = quantize(W, name, scale_search=False)
    format = Format.of(name)
    gs = np.float32(1 / 3) if name == "mx" else np.float32(np.abs(W).max() / np.float32(2688))
    packed, scales = oracle.quantize_pack(
        W, gs, format.scale_scale, format.group_size, format.scale_dtype
    )
    assert np.array_equal(layer.e2m1, packed)
    assert np.array_equal(layer.scale_quant.view(np.uint8), scales.view(np.uint8))
    assert layer.weight_global_scale == gs
    assert layer.activation_global_scale == np.float32(1 / 3 if name == "mx" else 0.1)
    assert layer.activation_scale_scale == (4 if name == "mx" else 6)


def test_a_transformed_layer_is_quantize_pack_of_the_transformed_weight() -> None:
    layer = quantize(W, "mx", transform="hadamard", scale_search=False)
    assert layer.transform is not None and layer.transform.dtype == BF16
    stored = layer.transform.astype(np.float64)
    assert np.array_equal(layer.transform, hadamard(32).astype(BF16))
    inverse = np.linalg.inv(stored)
    transformed = oracle.split(W.astype(np.float64), 32) @ inverse
    packed, _ = oracle.quantize_pack(
        transformed.reshape(W.shape).astype(np.float32),
        np.float32(1 / 3),
        np.float32(4),
        32,
        oracle.E8M0,
    )
    assert np.mean(layer.e2m1 == packed) > 0.999
    back = oracle.split(layer.dequantize(transformed=True), 32).astype(np.float64) @ stored
    assert np.allclose(layer.dequantize(), back.reshape(W.shape), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "transform"), list(itertools.product(["mx", "nv"], [None, "wush"]))
)
def test_calling_a_layer_is_the_oracles_layer(name: Any, transform: Any) -> None:
    layer = quantize(W, name, transform=transform, calibration=X)
    reference = oracle.Layer.from_state(layer.tensors())
    packed, scales = layer.quantize_activation(HELD_OUT)
    expected = reference.matmul(packed, scales).value
    y = layer(HELD_OUT)
    assert np.linalg.norm(y - expected) < 1e-6 * np.linalg.norm(expected)
    assert np.mean(reference.quantize(HELD_OUT)[0] == packed) > 0.999


@pytest.mark.parametrize("name", ["mx", "nv"])
def test_wush_pays(name: Any) -> None:
    errors = [
        layer_error(quantize(W, name, transform=transform, calibration=X, method="nearest"))
        for transform in ("none", "hadamard", "random", "wush")
    ]
    assert errors[3] < 0.8 * min(errors[:3])


def test_the_same_arguments_give_the_same_layer() -> None:
    for transform in ("random", "wush"):
        first, second = (
            quantize(W, "nv", transform=transform, calibration=X, seed=3)  # type: ignore[arg-type]
            for _ in range(2)
        )
        for name, tensor in first.tensors().items():
            assert tensor.tobytes() == second.tensors()[name].tobytes()


def test_the_activation_scale_has_room_for_twice_of_what_was_seen() -> None:
    layer = quantize(W, "nv", calibration=X[:1000])
    expected = np.float32(2) * np.float32(np.abs(X[:1000]).max() / np.float32(2688))
    assert layer.activation_global_scale == expected
    _, scales = layer.quantize_activation(2 * X[:1000])
    assert scales.astype(np.float32).max() == 448


# ---- calibration ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 1000, 5000])
def test_statistics_of_batches(batch: int) -> None:
    x = correlated(5000, 16, 5)
    calibration = Calibration(16)
    for begin in range(0, len(x), batch):
        calibration.add(x[begin : begin + batch].reshape(1, -1, 16))
    assert calibration.rows == 5000
    expected = x.T.astype(np.float64) @ x / 5000
    assert np.allclose(calibration.gram, expected, rtol=1e-4, atol=1e-5 * expected.max())
    # 5000 rows need every eighth to be at most 1024; a row's number is not its batch's.
    assert len(calibration.sample) == 625 <= SAMPLE_ROWS
    assert np.array_equal(calibration.sample, x[::8])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: quantize(W, "int4"), ValueError, "format: expected 'mx' or 'nv', got 'int4'"),
        (
            lambda: quantize(W[:, :40]),
            ValueError,
            r"weight: .* group size 32, got shape \(48, 40\)",
        ),
        (lambda: quantize(W * np.nan), ValueError, "weight: expected finite values"),
        (lambda: quantize(W.tolist()), TypeError, "weight: expected a numpy array .* got list"),
        (lambda: quantize(W.astype(np.int8)), TypeError, "weight: expected floats, got dtype int8"),
        (lambda: quantize(W, transform="wush"), ValueError, "calibration: expected activations"),
        (lambda: quantize(W, transform="dct"), ValueError, "transform: .* got 'dct'"),  # type: ignore
        (lambda: quantize(W, transform=3), TypeError, "transform: .* got int"),  # type: ignore
        (lambda: quantize(W, method="gptq"), ValueError, "method: .* got 'gptq'"),  # type: ignore
        (lambda: quantize(W, damping=0), ValueError, "damping: expected a positive number"),
        (lambda: quantize(W, transform_dtype="f8"), TypeError, "transform_dtype: .* float64"),
        (
            lambda: quantize(W, transform="hadamard", transform_size=48),
            ValueError,
            "transform_size: expected a divisor of K = 128, got 48",
        ),
        (
            lambda: quantize(W, calibration=X[:, :64]),
            ValueError,
            "calibration: expected 128 columns",
        ),
        (lambda: Calibration(4).gram, ValueError, "calibration: expected rows"),
        (lambda: Calibration(4).add(X), ValueError, r"x: expected shape \(..., 4\)"),
        (lambda: Calibration(0), ValueError, "in_features: expected a positive number"),
        (
            lambda: error_feedback(W, -np.eye(128), Format("mx", 32), 1.0),
            ValueError,
            "gram: expected a positive semi-definite matrix",
        ),
    ],
)
def test_errors_name_the_argument(call: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
