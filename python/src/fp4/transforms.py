"""Block transforms of layers: what is stored, and how weights and activations go through them.

A transform T is (B, B), the same for all blocks of K, or (K/B, B, B), one for each. A layer
applies it to its activation, x' = x T^T in each block ([T1] of docs/numerics.md), and stores its
weight in the transformed space ([L4]): w' = w T^-1. Then x' w'^T = x T^T T^-T w^T = x w^T, so
that before anything is rounded the layer is what it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fp4.formats import F32, FLOAT_TYPES, Array
from fp4.hadamard import hadamard

__all__ = [
    "apply_blocks",
    "check_transform",
    "hadamard",
    "random_orthogonal",
    "transform_activation",
    "transform_gram",
    "transform_weight",
    "wush",
]


def random_orthogonal(order: int, seed: int = 0) -> Array:
    """An orthogonal matrix drawn uniformly (by Haar's measure): f64 of shape (order, order).

    The same seed gives the same matrix.

    Raises:
      ValueError: an order below 1.
    """
    if order < 1:
        raise ValueError(f"order: expected a positive number, got {order!r}")
    gauss = np.random.default_rng(seed).standard_normal((order, order))
    q, r = np.linalg.qr(gauss)
    # Without this the signs are LAPACK's choice, and the distribution is not uniform.
    return np.asarray(q * np.where(np.diagonal(r) < 0, -1.0, 1.0))


def wush(weight: Array, gram: Array, block_size: int, damping: float = 0.1) -> Array:
    """The transform of each block that balances a weight with the activations it meets.

    This is WUSH of "WUSH: Near-Optimal Adaptive Transforms for LLM Quantization" (Chen,
    Egiazarian, Castro, Hoefler, Alistarh; arXiv 2512.00956), derived here again.

    In one block of B elements along K let C be the second moment E[x x^T] of the activation and A
    the mean of w w^T over the weight's rows. FP4 with a scale for each group rounds with an error
    that is relative to the group: an element's has, to first order, a variance of c times the
    mean square of its vector, and is independent of it. In y = x' . w' the errors of both
    operands then add

        E[dy^2] = c/B (E|x'|^2 E|w'|^2 + E|x'|^2 E|w'|^2) = 2c/B tr(T C T^T) tr(T^-T A T^-1).

    With S = T^T T that is tr(S C) tr(S^-1 A), which has a minimum by Cauchy and Schwarz: for a
    factor A = L L^T, tr(S C) = |S^1/2 C^1/2|^2 and tr(S^-1 A) = |S^-1/2 L|^2, so that their
    product is at least |C^1/2 L|_*^2, the square of the sum D of the singular values of C^1/2 L.
    It is attained where S C S = A. The solutions are T = Q D^-1/2 U^T L^T with

        L^T C L = U D^2 U^T        (an eigen-decomposition; D is diagonal and positive)

    and any orthogonal Q, for then

        T C T^T = Q D^-1/2 U^T (L^T C L) U D^-1/2 Q^T = Q D Q^T,
        T^-1 = L^-T U D^1/2 Q^T  and  T^-T A T^-1 = Q D^1/2 U^T U D^1/2 Q^T = Q D Q^T:

    activation and weight get the same second moment. Q is a normalized Hadamard matrix H. All
    diagonal entries of H D H^T are tr(D)/B: the energy is spread evenly over the elements, which
    is what makes the error above relative to the vector and not to its largest element. A last
    factor, the same for all of the block, gives x' the energy of x, so that what is known of the
    range of x holds for x'.

    A and C are damped first: a multiple `damping` of their mean diagonal entry is added to the
    diagonal. Their condition is then at most (B + damping) / damping, and the condition of T at
    most the square root of that. It also bounds what a direction that calibration has not seen
    may be amplified by. A block whose weight or activation is zero gets H.

    Args:
      weight: (N, K), any float type.
      gram: E[x x^T] of calibration, (K, K), any float type. Only its diagonal blocks count.
      block_size: B, which divides K, an order of `hadamard`.
      damping: positive.

    Returns:
      f64 of shape (K/B, B, B).

    Raises:
      ValueError: shapes that do not fit, values that are not finite, damping not positive.
    """
    n, k = _check_weight(weight)
    if gram.shape != (k, k):
        raise ValueError(f"gram: expected shape ({k}, {k}) as K = {k}, got shape {gram.shape}")
    if not damping > 0:
        raise ValueError(f"damping: expected a positive number, got {damping!r}")
    if block_size < 1 or k % block_size:
        raise ValueError(f"block_size: expected a divisor of K = {k}, got {block_size!r}")
    h = hadamard(block_size)
    transform = np.empty((k // block_size, block_size, block_size))
    for block in range(k // block_size):
        at = slice(block * block_size, (block + 1) * block_size)
        rows = weight[:, at].astype(np.float64)
        second_moment = np.asarray(gram[at, at], np.float64)
        transform[block] = _wush_block(rows.T @ rows / n, second_moment, h, damping)
    return transform


def _wush_block(a: Array, c: Array, h: Array, damping: float) -> Array:
    if not (np.isfinite(a).all() and np.isfinite(c).all()):
        raise ValueError("wush: expected finite weights and activations, found others")
    if np.trace(a) <= 0 or np.trace(c) <= 0:
        return h
    size = len(h)
    a = a + damping * np.trace(a) / size * np.eye(size)
    damped = c + damping * np.trace(c) / size * np.eye(size)
    factor = np.linalg.cholesky(a)
    squares, u = np.linalg.eigh(factor.T @ damped @ factor)
    # Eigenvalues below the rounding of the largest may come out as negative.
    d = np.sqrt(np.maximum(squares, np.finfo(np.float64).eps * squares[-1]))
    t = u.T @ factor.T / np.sqrt(d)[:, np.newaxis]
    # The signs of eigenvectors are LAPACK's choice. Here the first entry of a row is not negative.
    t = h @ (t * np.where(t[:, :1] < 0, -1.0, 1.0))
    energy = np.trace(t @ damped @ t.T)
    return np.asarray(t * np.sqrt(np.trace(damped) / energy))


def check_transform(transform: Array, k: int) -> None:
    """Raises ValueError unless this is a transform of K elements: (B, B) or (K/B, B, B)."""
    shape = transform.shape
    square = transform.ndim in (2, 3) and shape[-1] == shape[-2] > 0
    if not square or k % shape[-1] or (transform.ndim == 3 and shape[0] != k // shape[-1]):
        raise ValueError(
            f"transform: expected shape (B, B) or (K/B, B, B) with a B that divides K = {k}, "
            f"got shape {shape}"
        )


def transform_activation(x: Array, transform: Array | None) -> Array:
    """x T^T in each block, rounded to x's type ([T1], [T2]).

    Args:
      x: bf16, f16 or f32 of shape (..., K).
      transform: (B, B), (K/B, B, B), or None, which leaves x as it is.

    Returns:
      An array of x's shape and dtype.

    Raises:
      TypeError: x is of another dtype.
      ValueError: a transform that does not fit K.
    """
    if transform is None:
        return x
    check_transform(transform, x.shape[-1])
    if x.dtype not in FLOAT_TYPES:
        raise TypeError(f"x: expected dtype bfloat16, float16 or float32, got {x.dtype}")
    return apply_blocks(x.astype(F32), _swapped(transform)).astype(x.dtype)


def apply_blocks(x: Array, matrices: Array) -> Array:
    """x M in each block, in f32.

    Args:
      x: f32 of shape (..., K).
      matrices: M, (B, B) for all blocks or (K/B, B, B), one for each.

    Returns:
      f32 of x's shape.
    """
    return _unblocked(_blocks(x, matrices) @ matrices.astype(F32), x.shape)


def transform_weight(weight: Array, transform: Array | None) -> Array:
    """w T^-1 in each block, in f64, rounded to f32 once.

    The inverse is of T as it is given: pass the stored, rounded T, and what its rounding changed
    is undone in the weight.

    Args:
      weight: (N, K), any float type.
      transform: (B, B), (K/B, B, B), or None, which only converts.

    Returns:
      f32 of shape (N, K).

    Raises:
      ValueError: the shapes do not fit, or T has no inverse.
    """
    _check_weight(weight)
    if transform is None:
        return weight.astype(F32)
    check_transform(transform, weight.shape[1])
    try:
        inverse = np.linalg.inv(transform.astype(np.float64))
    except np.linalg.LinAlgError:
        raise ValueError(
            "transform: expected matrices with an inverse, found a singular one"
        ) from None
    return _unblocked(_blocks(weight.astype(np.float64), transform) @ inverse, weight.shape).astype(
        F32
    )


def transform_gram(gram: Array, transform: Array | None) -> Array:
    """E[x' x'^T] of x' = x T^T from E[x x^T].

    Args:
      gram: E[x x^T], (K, K), any float type.
      transform: (B, B), (K/B, B, B), or None, which only converts.

    Returns:
      f64 of shape (K, K).

    Raises:
      ValueError: a transform that does not fit K.
    """
    gram = gram.astype(np.float64)
    if transform is None:
        return gram
    check_transform(transform, len(gram))
    t = _swapped(transform.astype(np.float64))
    half = _unblocked(_blocks(gram, transform) @ t, gram.shape)
    return _unblocked(_blocks(half.T, transform) @ t, gram.shape).T


def _blocks(x: Array, transform: Array) -> Array:
    """(..., K) to (K/B, rows, B): a batch of matrices, which is what BLAS is fast at."""
    size = transform.shape[-1]
    return np.moveaxis(x.reshape(-1, x.shape[-1] // size, size), 1, 0)


def _unblocked(blocks: Array, shape: tuple[int, ...]) -> Array:
    return np.moveaxis(blocks, 0, 1).reshape(shape)


def _swapped(matrices: Array) -> Array:
    return np.swapaxes(matrices, -1, -2)


def _check_weight(weight: Any) -> tuple[int, int]:
    if getattr(weight, "ndim", 0) != 2 or 0 in weight.shape:
        found = getattr(weight, "shape", type(weight).__name__)
        raise ValueError(f"weight: expected shape (N, K), neither of them 0, got {found}")
    return int(weight.shape[0]), int(weight.shape[1])
