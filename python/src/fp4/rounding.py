"""Rounding weights to FP4: the scales with the least error, and error feedback.

The functions take an f32 weight (N, K) as it will be stored, in the transformed space, and give
what `fp4.formats.quantize` gives: any codes and scales are a valid layer, these only err less.
"""

from __future__ import annotations

import numpy as np

from fp4.formats import (
    F32,
    Array,
    Format,
    Quantized,
    Scalar,
    as_scalar,
    decode_e2m1,
    decode_scale,
    default_global_scale,
    encode_e2m1,
    encode_scale,
    group_amax,
    pack,
)


def search_global_scale(weight: Array, format: Format) -> np.float32:
    """The `gs` that leaves a search room above the usual scale: for `nv` 1.75 times the usual.

    The scale of the largest group is 256 then, not 448, and one that is larger by half can be
    stored as well.

    Args:
      weight: bf16, f16 or f32 of any shape.
      format: a `Format`.

    Raises:
      ValueError: `nv`, and the weight holds a NaN or an infinity.
    """
    usual = default_global_scale(weight, format)
    return usual if format.name == "mx" else np.float32(usual * np.float32(1.75))


def search_scales(
    weight: Array, format: Format, global_scale: Scalar, importance: Array | None = None
) -> Array:
    """The scale of each group, among those near the usual one, with the least squared error.

    For `mx` the candidates are the usual power of two and the one below, which saturates the
    largest elements; the one above has coarser steps and no more range than is used. For `nv`
    they are the e4m3 values from 3 steps below to 5 above the usual one, that is those which
    map the largest element of a group to a value from about 4 to 8. They include both scales of
    "four over six".

    Args:
      weight: f32 (N, K).
      format: the format; G divides K.
      global_scale: `gs`, positive.
      importance: (K,), what a squared error counts in each column; if absent, 1.

    Returns:
      Scales (N, K/G) of the format's dtype. Where candidates tie, the usual one stays.
    """
    gs = as_scalar("global_scale", global_scale)
    values = weight.reshape(*weight.shape[:-1], -1, format.group_size)
    counts: Array = np.ones(1, F32)
    if importance is not None:
        counts = importance.astype(F32).reshape(-1, format.group_size)
    with np.errstate(all="ignore"):
        amax = group_amax(weight, format.group_size)
        best = encode_scale(amax / np.float32(format.scale_scale * gs), format)
    usual = best.view(np.uint8).astype(np.int16)
    least = _squared_error(values, best, gs, counts)
    steps = (-1,) if format.name == "mx" else (-3, -2, -1, 1, 2, 3, 4, 5)
    lowest, highest = (0, 254) if format.name == "mx" else (1, 0x7E)
    for step in steps:
        candidate = np.clip(usual + step, lowest, highest).astype(np.uint8).view(best.dtype)
        error = _squared_error(values, candidate, gs, counts)
        better = error < least
        best[better] = candidate[better]
        least[better] = error[better]
    return best


def _squared_error(values: Array, scales: Array, gs: np.float32, counts: Array) -> Array:
    with np.errstate(all="ignore"):
        s = (decode_scale(scales) * gs)[..., np.newaxis]
        error = decode_e2m1(encode_e2m1(values / s)) * s - values
        return np.sum(error * error * counts, axis=-1)


def error_feedback(
    weight: Array,
    gram: Array,
    format: Format,
    global_scale: Scalar,
    *,
    damping: float = 0.1,
    search: bool = True,
) -> Quantized:
    """Rounds column by column, each time moving what follows to make up for the error (GPTQ).

    For activations with second moment M = E[x x^T] the error of the layer's output is
    tr((W - Q) M (W - Q)^T). When a column is rounded with an error e, the columns that are still
    to come have their optimum elsewhere: it moves by -e times a row of the inverse of their part
    of M. All these rows are at hand in the upper Cholesky factor of M^-1 (Frantar et al., "GPTQ",
    arXiv 2210.17323).

    The scales of a group are chosen when its first column is reached, from the values that it has
    by then. Groups are taken in the order of their energy in M, largest first, while the most
    columns are left to make up for them; codes and scales are stored in the layer's own order.

    Args:
      weight: f32 (N, K).
      gram: M, (K, K), any float type, positive semi-definite.
      format: the format; G divides K.
      global_scale: `gs`, positive.
      damping: how much of the mean diagonal entry is added to the diagonal of M; positive.
      search: whether scales are searched (`search_scales`) or the usual ones.

    Returns:
      Packed codes and scales.

    Raises:
      ValueError: shapes that do not fit, or a damping so small that M is not positive definite.
    """
    gs = as_scalar("global_scale", global_scale)
    n, k = weight.shape
    group = format.group_size
    if gram.shape != (k, k):
        raise ValueError(f"gram: expected shape ({k}, {k}) as K = {k}, got shape {gram.shape}")
    moment = gram.astype(np.float64)
    moment[np.diag_indices(k)] += damping * max(float(np.trace(moment)) / k, np.finfo(F32).tiny)
    energy = np.diagonal(moment).reshape(-1, group).sum(axis=1)
    order = np.argsort(-energy, kind="stable")
    columns = (order[:, np.newaxis] * group + np.arange(group)).reshape(-1)
    factor = _inverse_factor(moment[np.ix_(columns, columns)])
    rest = np.ascontiguousarray(weight.T[columns], F32)  # (K, N): a column is contiguous
    codes = np.empty((k, n), np.uint8)
    scales = np.empty((n, k // group), format.scale_dtype)
    for index, target in enumerate(order):
        at = slice(index * group, (index + 1) * group)
        block, local = rest[at], factor[at, at]
        chosen = _group_scales(np.ascontiguousarray(block.T), format, gs, local, search)
        scales[:, target] = chosen
        with np.errstate(all="ignore"):
            s = decode_scale(chosen) * gs
            errors = np.empty_like(block)
            for column in range(group):
                values = block[column]
                code = encode_e2m1(values / s)
                codes[target * group + column] = code
                error = np.nan_to_num(values - decode_e2m1(code) * s) / local[column, column]
                errors[column] = error
                block[column + 1 :] -= local[column, column + 1 :, np.newaxis] * error
            rest[at.stop :] -= factor[at, at.stop :].T @ errors
    return Quantized(pack(np.ascontiguousarray(codes.T)), scales)


def _group_scales(
    values: Array, format: Format, gs: np.float32, factor: Array, search: bool
) -> Array:
    """Scales (N,) of one group (N, G)."""
    if search:
        # The error of a column costs what is left after the later ones have made up for it.
        importance = 1 / np.diagonal(factor) ** 2
        return search_scales(values, format, gs, importance)[:, 0]
    with np.errstate(all="ignore"):
        amax = group_amax(values, format.group_size)
        return encode_scale(amax / np.float32(format.scale_scale * gs), format)[:, 0]


def _inverse_factor(moment: Array) -> Array:
    """Upper triangular U with U^T U = M^-1, in f32 (K, K)."""
    try:
        # M = R R^T with R upper triangular, by Cholesky from the last row up: U is R^-1.
        lower = np.linalg.cholesky(moment[::-1, ::-1])
    except np.linalg.LinAlgError:
        raise ValueError(
            "gram: expected a positive semi-definite matrix, found one that is not even after "
            "damping"
        ) from None
    upper = lower[::-1, ::-1]
    return np.ascontiguousarray(np.linalg.inv(upper), F32)
