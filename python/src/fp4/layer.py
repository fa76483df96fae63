"""A quantized layer: the state of docs/numerics.md [L6], saved, loaded, and as an f32 layer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fp4.formats import (
    BF16,
    F16,
    F32,
    Array,
    Format,
    Quantized,
    as_scalar,
    dequantize,
    quantize,
)
from fp4.storage import TensorFile, write_tensors
from fp4.transforms import apply_blocks, check_transform, transform_activation


@dataclass(frozen=True, eq=False)
class QuantizedLayer:
    """A linear layer with an FP4 weight of N rows and K columns, and how it quantizes its input.

    Attributes:
      e2m1: codes of the transformed weight, uint8 (N, K/2), packed.
      scale_quant: its scales, float8_e8m0fnu (mx) or float8_e4m3fn (nv), (N, K/G).
      weight_global_scale: `gs` of the weight.
      activation_global_scale: `gs` of the activation.
      activation_scale_scale: `ss` of the activation.
      transform: bf16, f16 or f32 of shape (B, B) or (K/B, B, B), or None.

    Raises:
      TypeError, ValueError: tensors that do not make a layer.
    """

    e2m1: Array
    scale_quant: Array
    weight_global_scale: np.float32
    activation_global_scale: np.float32
    activation_scale_scale: np.float32
    transform: Array | None = None

    def __post_init__(self) -> None:
        if self.e2m1.ndim != 2:
            raise ValueError(f"e2m1: expected shape (N, K/2), got shape {self.e2m1.shape}")
        Format.of_tensors(self.e2m1, self.scale_quant)
        if self.transform is not None:
            if self.transform.dtype not in (BF16, F16, F32):
                raise TypeError(
                    "transform: expected dtype bfloat16, float16 or float32, "
                    f"got {self.transform.dtype}"
                )
            check_transform(self.transform, self.in_features)

    @property
    def format(self) -> Format:
        """The format, which the scales tell."""
        return Format.of_tensors(self.e2m1, self.scale_quant)

    @property
    def in_features(self) -> int:
        """K."""
        return 2 * int(self.e2m1.shape[1])

    @property
    def out_features(self) -> int:
        """N."""
        return int(self.e2m1.shape[0])

    def tensors(self, prefix: str = "") -> dict[str, Array]:
        """The tensors under the names and with the dtypes that they are stored with ([L6]).

        Args:
          prefix: goes before each name, such as "up.".
        """
        tensors: dict[str, Array] = {
            "e2m1": self.e2m1,
            "scale_quant": self.scale_quant,
            "weight_global_scale": np.asarray(self.weight_global_scale, F32),
            "activation_global_scale": np.asarray(self.activation_global_scale, F32),
            "activation_scale_scale": np.asarray(self.activation_scale_scale, F32),
        }
        if self.transform is not None:
            tensors["transform"] = self.transform
        return {prefix + name: tensor for name, tensor in tensors.items()}

    @staticmethod
    def from_tensors(tensors: Mapping[str, Array], prefix: str = "") -> QuantizedLayer:
        """The layer whose tensors have these names; what may be absent gets its default.

        Args:
          tensors: the tensors of [L6], others among them.
          prefix: goes before each name, such as "up.".

        Raises:
          KeyError: a tensor that a layer must have is not there.
          TypeError, ValueError: tensors that do not make a layer.
        """
        for name in ("e2m1", "scale_quant", "weight_global_scale"):
            if prefix + name not in tensors:
                raise KeyError(f"no tensor '{prefix}{name}', which a layer must have")

        def scalar(name: str, default: np.float32) -> np.float32:
            value = tensors.get(prefix + name)
            return default if value is None else as_scalar(prefix + name, value)

        weight_global_scale = scalar("weight_global_scale", np.float32(1))
        return QuantizedLayer(
            e2m1=tensors[prefix + "e2m1"],
            scale_quant=tensors[prefix + "scale_quant"],
            weight_global_scale=weight_global_scale,
            activation_global_scale=scalar("activation_global_scale", weight_global_scale),
            activation_scale_scale=scalar("activation_scale_scale", np.float32(1)),
            transform=tensors.get(prefix + "transform"),
        )

    def save(self, path: str | os.PathLike[str], prefix: str = "") -> None:
        """Writes a safetensors file with this layer, as `fp4-translate --import-safetensors` reads.

        Args:
          path: of the file, which is replaced if it is there.
          prefix: goes before each name, such as "model.layers.0.mlp.up_proj.".

        Raises:
          OSError: the file cannot be written.
        """
        write_tensors(path, self.tensors(prefix))

    @staticmethod
    def load(path: str | os.PathLike[str], prefix: str = "") -> QuantizedLayer:
        """Reads what `save` wrote. Tensors are views of the file.

        Args:
          path: of the file, which may hold other tensors as well.
          prefix: goes before each name.

        Raises:
          OSError, ValueError: the file cannot be read, or is no safetensors file.
          KeyError, TypeError: it does not hold such a layer.
        """
        return QuantizedLayer.from_tensors(TensorFile(path), prefix)

    def dequantize(self, *, transformed: bool = False) -> Array:
        """The weight in f32, (N, K): what `x @ weight.T` would need to be the layer.

        Args:
          transformed: whether to leave it in the space that it is stored in, which is that of
            the transformed activation. It is taken back, w = w' T, otherwise.
        """
        weight = dequantize(self.e2m1, self.scale_quant, self.weight_global_scale)
        if transformed or self.transform is None:
            return weight
        return apply_blocks(weight, self.transform)

    def quantize_activation(self, x: Array) -> Quantized:
        """Codes and scales of the transformed x ([L1]).

        Args:
          x: bf16, f16 or f32 of shape (..., K).

        Raises:
          TypeError: x is of another dtype.
          ValueError: another K.
        """
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(f"x: expected shape (..., {self.in_features}), got shape {x.shape}")
        return quantize(
            transform_activation(x, self.transform),
            self.format,
            self.activation_global_scale,
            self.activation_scale_scale,
        )

    def __call__(self, x: Array) -> Array:
        """The layer of docs/numerics.md [L1] on x, in numpy: to look at, and not fast.

        Operands are dequantized and multiplied in f32, so that results are near the exact ones
        ([M1]) and not those of a compiled layer to the bit.

        Args:
          x: bf16, f16 or f32 of shape (..., K).

        Returns:
          An array of x's dtype, (..., N).

        Raises:
          TypeError: x is of another dtype.
          ValueError: another K.
        """
        activation = dequantize(*self.quantize_activation(x), self.activation_global_scale)
        return (activation @ self.dequantize(transformed=True).T).astype(x.dtype)
