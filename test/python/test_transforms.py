"""fp4.hadamard and fp4.transforms: their defining properties."""

from __future__ import annotations

from typing import Any

import fp4_oracle as oracle
import numpy as np
import pytest
from fp4.formats import BF16
from fp4.hadamard import hadamard, is_hadamard_order
from fp4.transforms import (
    check_transform,
    random_orthogonal,
    transform_activation,
    transform_gram,
    transform_weight,
    wush,
)


def correlated(rows: int, k: int, seed: int) -> np.ndarray:
    """Rows with outlying and correlated columns."""
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((rows, k)) @ rng.standard_normal((k, k))
    return (mixed * np.exp(rng.standard_normal(k))).astype(np.float32)


X, W = correlated(500, 96, 0), correlated(40, 96, 1)
GRAM = X.T.astype(np.float64) @ X / len(X)


@pytest.mark.parametrize(
    "order", [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 60, 64, 96, 128, 384]
)
def test_hadamard_is_orthogonal_and_flat(order: int) -> None:
    h = hadamard(order)
    assert np.abs(h @ h.T - np.eye(order)).max() < 1e-13
    assert np.allclose(np.abs(h) * np.sqrt(order), 1, rtol=1e-14, atol=0)


def test_hadamard_of_powers_of_two_is_sylvesters() -> None:
    ones = np.array([[(i & j).bit_count() for j in range(64)] for i in range(64)])
    assert np.array_equal(hadamard(64) * 8, 1.0 - 2 * (ones % 2))


def test_hadamard_matrices_have_orders_1_2_and_multiples_of_4() -> None:
    reached = [order for order in range(1, 129) if is_hadamard_order(order)]
    missing = set(range(4, 129, 4)) - set(reached)
    assert set(reached) <= {1, 2, *range(4, 129, 4)}
    # No prime q has q + 1 or 2 (q + 1) times a power of two here; 92 and 116 took computers.
    assert missing == {52, 92, 100, 116}
    for order in (0, -4, 3, 6, 52):
        with pytest.raises(ValueError, match="order: expected a power of two"):
            hadamard(order)


def test_random_orthogonal_follows_the_seed() -> None:
    q = random_orthogonal(48, 5)
    assert np.abs(q @ q.T - np.eye(48)).max() < 1e-13
    assert np.array_equal(q, random_orthogonal(48, 5))
    assert np.abs(q - random_orthogonal(48, 6)).max() > 0.1


TRANSFORMS: dict[str, Any] = {
    "hadamard": hadamard(32),
    "random": random_orthogonal(16, 1),
    "hadamard 12": hadamard(12),
    "wush": wush(W, GRAM, 32),
    "wush of one block": wush(W, GRAM, 96),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("dtype", [np.dtype(np.float32), BF16])
def test_the_product_stays_what_it_was(name: str, dtype: Any) -> None:
    transform = TRANSFORMS[name].astype(dtype)
    y = X.astype(np.float64) @ W.astype(np.float64).T
    product = transform_activation(X, transform) @ transform_weight(W, transform).T
    assert np.linalg.norm(product - y) < 2e-6 * np.linalg.norm(y)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_activations_are_transformed_as_the_oracle_does(name: str) -> None:
    transform = TRANSFORMS[name].astype(np.float32)
    expected = oracle.block_transform(X, transform)
    assert np.all(np.abs(transform_activation(X, transform) - expected.exact) <= expected.bound)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_second_moment_of_transformed_activations(name: str) -> None:
    transformed = oracle.block_transform(X, TRANSFORMS[name]).exact
    expected = transformed.T @ transformed / len(X)
    assert np.allclose(transform_gram(GRAM, TRANSFORMS[name]), expected, rtol=1e-9, atol=1e-7)


def block_moments(transform: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """(T C T^T, T^-T A T^-1) of each block, from samples."""
    x = oracle.block_transform(X, transform).exact
    size = transform.shape[-1]
    moments = []
    for block, matrix in enumerate(transform):
        at = slice(block * size, (block + 1) * size)
        w = np.linalg.solve(matrix.T, W[:, at].T.astype(np.float64)).T
        moments.append((x[:, at].T @ x[:, at] / len(x), w.T @ w / len(w)))
    return moments


def test_wush_gives_weight_and_activation_the_same_flat_moment() -> None:
    for c, a in block_moments(wush(W, GRAM, 32, damping=1e-9)):
        ratio = np.trace(c) / np.trace(a)
        assert np.allclose(c, ratio * a, rtol=0, atol=1e-4 * np.abs(c).max())
        assert np.allclose(np.diagonal(c), np.trace(c) / 32, rtol=1e-4)


def test_wush_has_the_least_product_of_energies() -> None:
    """It attains the bound of its derivation: the squared sum of the singular values of X W^T."""
    rng = np.random.default_rng(3)
    best = wush(W, GRAM, 32, damping=1e-9)
    for block, (c, a) in enumerate(block_moments(best)):
        at = slice(block * 32, (block + 1) * 32)
        nuclear = np.linalg.svd(X[:, at].astype(np.float64) @ W[:, at].T, compute_uv=False).sum()
        least = nuclear**2 / (len(X) * len(W))
        assert np.trace(c) * np.trace(a) == pytest.approx(least, rel=1e-4)
    for other in (np.eye(32), hadamard(32), best[0] + 0.2 * rng.standard_normal((32, 32))):
        c, a = block_moments(np.stack([other] * 3))[0]
        first = block_moments(best)[0]
        assert np.trace(c) * np.trace(a) > 1.0001 * np.trace(first[0]) * np.trace(first[1])


def test_wush_keeps_the_energy_of_the_activation() -> None:
    x = oracle.block_transform(X, wush(W, GRAM, 32, damping=1e-6)).exact
    assert np.sum(x**2) == pytest.approx(np.sum(X.astype(np.float64) ** 2), rel=1e-4)


@pytest.mark.parametrize("damping", [0.1, 0.01, 1e-4])
def test_damping_bounds_the_condition_of_wush(damping: float) -> None:
    # Rank one in both: without damping there is no such transform.
    w, x = np.outer(W[:, 0], W[0]), np.outer(X[:, 0], X[0])
    for matrix in wush(w, x.T @ x / len(x), 32, damping):
        assert np.linalg.cond(matrix) <= 1.0001 * np.sqrt((32 + damping) / damping)


def test_wush_of_zeros_is_hadamard() -> None:
    weight = W.copy()
    weight[:, :32] = 0
    transform = wush(weight, GRAM, 32)
    assert np.array_equal(transform[0], hadamard(32))
    assert not np.array_equal(transform[1], hadamard(32))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wush(W, GRAM[:32, :32], 32), r"gram: expected shape \(96, 96\)"),
        (lambda: wush(W, GRAM, 64), "block_size: expected a divisor of K = 96, got 64"),
        (lambda: wush(W, GRAM, 32, 0), "damping: expected a positive number, got 0"),
        (lambda: wush(W * np.nan, GRAM, 32), "expected finite weights"),
        (lambda: transform_weight(W, np.zeros((32, 32))), "transform: .* a singular one"),
        (lambda: transform_weight(W[0], None), r"weight: expected shape \(N, K\)"),
        (lambda: check_transform(np.zeros((2, 32, 32)), 96), r"transform: .* \(2, 32, 32\)"),
        (lambda: random_orthogonal(0), "order: expected a positive number"),
    ],
)
def test_errors_name_the_argument(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
