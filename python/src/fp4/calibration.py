"""What is kept of the activations that a layer meets: second moments and a few rows."""

from __future__ import annotations

import numpy as np

from fp4.formats import F32, Array

SAMPLE_ROWS = 1024
_BATCH_ROWS = 512


class Calibration:
    """Statistics of a layer's input, gathered batch by batch.

    Memory does not grow with the number of rows: K * K numbers for the second moment, and up to
    1024 rows, evenly spaced over all that were added, for what a moment does not tell. Small
    batches wait until there are 512 rows.

    Attributes:
      in_features: K.
      rows: how many rows were added.
    """

    def __init__(self, in_features: int) -> None:
        """Starts without rows.

        Raises:
          ValueError: `in_features` is not positive.
        """
        if in_features < 1:
            raise ValueError(f"in_features: expected a positive number, got {in_features!r}")
        self.in_features = in_features
        self.rows = 0
        self._sum = np.zeros((in_features, in_features))
        self._pending: list[Array] = []
        self._pending_rows = 0
        self._sample = np.empty((SAMPLE_ROWS, in_features), F32)
        self._kept = 0
        self._stride = 1

    @staticmethod
    def of(x: Array) -> Calibration:
        """The statistics of one array.

        Args:
          x: floats of shape (..., K).

        Raises:
          ValueError: values that are not finite.
        """
        calibration = Calibration(int(x.shape[-1]))
        calibration.add(x)
        return calibration

    def add(self, x: Array) -> None:
        """Adds rows.

        Args:
          x: floats of shape (..., K).

        Raises:
          ValueError: another K, or values that are not finite.
        """
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(f"x: expected shape (..., {self.in_features}), got shape {x.shape}")
        rows = x.reshape(-1, self.in_features).astype(F32)
        if not np.isfinite(rows).all():
            raise ValueError("x: expected finite values, found others")
        self._keep(rows)
        self.rows += len(rows)
        self._pending.append(rows)
        self._pending_rows += len(rows)
        if self._pending_rows >= _BATCH_ROWS:
            self._multiply()

    def _multiply(self) -> None:
        """Adds the rows that wait. One product for many of them: it costs K * K at least."""
        if self._pending:
            rows = np.concatenate(self._pending)
            # In f32, as the model's own products are; batches add up in f64.
            self._sum += rows.T @ rows
            self._pending, self._pending_rows = [], 0

    def _keep(self, rows: Array) -> None:
        """Keeps each row whose number is a multiple of the stride, which doubles when full."""
        offset = 0
        while offset < len(rows):
            first = offset + -(self.rows + offset) % self._stride
            room = SAMPLE_ROWS - self._kept
            taken = rows[first :: self._stride][:room]
            self._sample[self._kept : self._kept + len(taken)] = taken
            self._kept += len(taken)
            if len(taken) < room:
                return
            offset = first + (len(taken) - 1) * self._stride + 1
            half = SAMPLE_ROWS // 2
            self._sample[:half] = self._sample[::2].copy()
            self._kept, self._stride = half, 2 * self._stride

    @property
    def gram(self) -> Array:
        """The second moment E[x x^T]: f64 (K, K).

        Raises:
          ValueError: no rows were added.
        """
        if self.rows == 0:
            raise ValueError("calibration: expected rows of activations, none were added")
        self._multiply()
        return self._sum / self.rows

    @property
    def sample(self) -> Array:
        """Some of the rows: f32 (R, K), R at most 1024. A view, not to be written to."""
        return self._sample[: self._kept]
