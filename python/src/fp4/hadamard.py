"""Normalized Hadamard matrices, of each order that Sylvester's and Paley's constructions reach."""

from __future__ import annotations

from functools import cache

import numpy as np

from fp4.formats import Array


def hadamard(order: int) -> Array:
    """An orthogonal matrix whose entries all have the magnitude 1 / sqrt(order).

    Orders are products of powers of two (Sylvester) and of q + 1 or 2 (q + 1) for odd primes q
    (Paley): 1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 60, 64, 384, 1536, ... Where
    a power of two serves, the matrix is Sylvester's, which is symmetric.

    Returns:
      f64 of shape (order, order), its own copy.

    Raises:
      ValueError: neither construction reaches the order.
    """
    signs = _signs(order)
    if signs is None:
        raise ValueError(
            f"order: expected a power of two, or one times q + 1 or 2 (q + 1) for an odd prime q "
            f"(such as 12, 20, 24, 28, 36), got {order!r}"
        )
    return signs / np.sqrt(order)


def is_hadamard_order(order: int) -> bool:
    """Whether `hadamard` has a matrix of this order."""
    return _signs(order) is not None


@cache
def _signs(order: int) -> Array | None:
    if order == 1:
        return np.ones((1, 1))
    if order < 1 or (order != 2 and order % 4):
        return None
    # The larger part Sylvester's doubling makes, the cheaper a fast transform is: halve first.
    half = _signs(order // 2)
    if half is not None:
        return np.block([[half, half], [half, -half]])
    return _paley(order)


def _paley(order: int) -> Array | None:
    """Paley's matrix of order q + 1 for a prime q = 3 (mod 4), or 2 (q + 1) for q = 1 (mod 4)."""
    q = order - 1
    if q % 4 == 3 and _is_prime(q):
        return np.eye(order) + _bordered(q, -1)
    q = order // 2 - 1
    if q % 4 == 1 and _is_prime(q):
        conference, identity = _bordered(q, 1), np.eye(order // 2)
        both = conference + identity
        return np.block([[both, conference - identity], [conference - identity, -both]])
    return None


def _bordered(q: int, corner: int) -> Array:
    """The matrix of quadratic residues, chi(i - j), with a border of ones and of `corner`."""
    residue = np.full(q, -1.0)
    residue[np.arange(q) ** 2 % q] = 1
    residue[0] = 0
    index = np.arange(q)
    bordered = np.zeros((q + 1, q + 1))
    bordered[0, 1:] = 1
    bordered[1:, 0] = corner
    bordered[1:, 1:] = residue[(index[:, np.newaxis] - index) % q]
    return bordered


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % divisor for divisor in range(2, int(n**0.5) + 1))
