"""The layer for PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fp4.torch.backends import check_backend
from fp4.torch.operator import apply

_GROUP_SIZES = {torch.float8_e8m0fnu: 32, torch.float8_e4m3fn: 16}
_DTYPES = (torch.float32, torch.float16, torch.bfloat16)
_SCALARS = ("weight_global_scale", "activation_global_scale", "activation_scale_scale")
_STATE = ("e2m1", "scale_quant", "transform", *_SCALARS)


def _tracked(tensor: Tensor) -> Tensor:
    """A tensor whose changes are seen, after which code is bound to it anew."""
    if not tensor.is_inference():
        return tensor
    with torch.inference_mode(False):
        return tensor.clone()


class QuantLinear(nn.Module):
    """A linear layer whose weight is FP4, and which quantizes its input in the same format.

    ``y = alpha * (dequant(quant(x @ T^T)) @ dequant(W)^T)``, exactly as docs/numerics.md says.
    Inputs are (..., in_features) of f32, f16 or bf16; the result has the input's dtype and
    (..., out_features).

    Backward gives x a gradient straight through, as if x had not been quantized: what is trained in
    front of the layer, or beside it, learns. The layer itself does not, and nothing is
    differentiated twice.

    A layer made without weights is empty: it takes format and scales from the state dict that it
    loads. ``.to(dtype)`` changes the transform only.

    Args:
        in_features: K.
        out_features: N.
        bias: as nn.Linear has it; accepted, and never stored nor applied.
        device: of the buffers.
        dtype: of the transform, f32, f16 or bf16; by default what it has.
        transform: (B, B) or (K / B, B, B), applied to the input; None for none.
        e2m1: weight codes, (N, K / 2) bytes, the lower K in the low nibble.
        scale_quant: weight scales, (N, K / group_size), whose dtype is the format:
            float8_e8m0fnu (mx) or float8_e4m3fn (nv).
        scale_dtype: that dtype, where scales are given as bytes.
        group_size: by default what the scales' shape says.
        weight_global_scale: f32; by default 1.
        activation_global_scale: f32; by default the weight's.
        activation_scale_scale: f32; by default 1.
        quant_backend: "vector", "reference" or "torch"; by default the fastest that can. One that
            cannot is replaced with a warning.
        matmul_backend: the same for the product, independently.

    Raises:
        ValueError: for sizes, dtypes or backends that do not fit, with what was expected.
    """

    e2m1: Tensor | None
    scale_quant: Tensor | None
    transform: Tensor | None
    weight_global_scale: Tensor | None
    activation_global_scale: Tensor | None
    activation_scale_scale: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        transform: Tensor | None = None,
        e2m1: Tensor | None = None,
        scale_quant: Tensor | None = None,
        scale_dtype: torch.dtype | None = None,
        group_size: int | None = None,
        weight_global_scale: float | Tensor | None = None,
        activation_global_scale: float | Tensor | None = None,
        activation_scale_scale: float | Tensor | None = None,
        quant_backend: str | None = None,
        matmul_backend: str | None = None,
    ) -> None:
        super().__init__()
        check_backend(quant_backend, "quant_backend")
        check_backend(matmul_backend, "matmul_backend")
        self.in_features = in_features
        self.out_features = out_features
        self.quant_backend = quant_backend
        self.matmul_backend = matmul_backend
        if scale_quant is not None and scale_dtype is not None:
            scale_quant = scale_quant.view(scale_dtype)
        if transform is not None and dtype is not None:
            transform = transform.to(dtype)
        state: dict[str, Tensor | None] = {
            "e2m1": e2m1,
            "scale_quant": scale_quant,
            "transform": transform,
        }
        if e2m1 is not None:
            if activation_global_scale is None:
                activation_global_scale = weight_global_scale
            given = (weight_global_scale, activation_global_scale, activation_scale_scale)
            for name, value in zip(_SCALARS, given, strict=True):
                scalar = torch.as_tensor(1.0 if value is None else value, dtype=torch.float32)
                state[name] = scalar.detach().reshape(()).clone()
        for name in _STATE:
            value = state.get(name)
            self.register_buffer(name, None if value is None else value.detach().to(device))
        self.group_size = group_size
        if e2m1 is not None:
            self._check()

    @property
    def scale_dtype(self) -> torch.dtype | None:
        """The format, or None while the layer is empty."""
        return None if self.scale_quant is None else self.scale_quant.dtype

    def _check(self) -> None:
        def fail(what: str, expected: str, found: object) -> None:
            raise ValueError(f"{what}: expected {expected}, but got {found}")

        self._track()
        k, n = self.in_features, self.out_features
        codes, scales = self.e2m1, self.scale_quant
        assert codes is not None
        if codes.dtype != torch.uint8 or tuple(codes.shape) != (n, k // 2) or k % 2:
            fail("e2m1", f"uint8 of ({n}, {k} / 2)", f"{codes.dtype} of {tuple(codes.shape)}")
        if scales is None:
            raise ValueError("scale_quant: expected the scales of e2m1, but got none")
        if scales.dtype not in _GROUP_SIZES:
            fail("scale_quant", "float8_e8m0fnu or float8_e4m3fn", scales.dtype)
        group = self.group_size
        if group is None and scales.dim() == 2 and scales.shape[1] and k % scales.shape[1] == 0:
            group = k // scales.shape[1]
        if group is None:
            group = _GROUP_SIZES[scales.dtype]
        if tuple(scales.shape) != (n, k // group) or k % group:
            fail("scale_quant", f"({n}, {k} / {group})", tuple(scales.shape))
        if group not in (2, 4, 8, 16, 32, 64, 128):
            fail("group_size", "a power of two from 2 to 128", group)
        self.group_size = group
        matrix = self.transform
        if matrix is not None:
            size = matrix.shape[-1]
            allowed = [(size, size), (k // size if size else 0, size, size)]
            if tuple(matrix.shape) not in allowed or not size or k % size:
                fail("transform", f"(B, B) or ({k} / B, B, B)", tuple(matrix.shape))
            if matrix.dtype not in _DTYPES:
                fail("transform", "float32, float16 or bfloat16", matrix.dtype)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> QuantLinear:
        # Bytes and scalars go where the layer goes, and stay what they are.
        kept = {name: self._buffers[name] for name in _STATE if name != "transform"}
        super()._apply(fn, recurse)
        for name, before in kept.items():
            after = self._buffers[name]
            if before is not None and after is not None and after.dtype != before.dtype:
                self._buffers[name] = before.to(after.device)
        self._track()
        return self

    def _track(self) -> None:
        for name in _STATE:
            buffer = self._buffers[name]
            if buffer is not None:
                self._buffers[name] = _tracked(buffer)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        # Formats and shapes are the state's: buffers are made after it, and then filled.
        loaded = [name for name in _STATE if prefix + name in state_dict]
        if "e2m1" in loaded:
            for name in _STATE:
                value = state_dict.get(prefix + name)
                old = self._buffers[name]
                if value is None:
                    self._buffers[name] = None
                    continue
                device = value.device if old is None else old.device
                if old is None or old.shape != value.shape or old.dtype != value.dtype:
                    self._buffers[name] = torch.empty_like(value, device=device)
            self._complete(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        if "e2m1" in loaded:
            self.group_size = None
            try:
                self._check()
            except ValueError as error:
                raise ValueError(f"{prefix}{error}") from None

    def _complete(self, state_dict: dict[str, Any], prefix: str) -> None:
        """Scalars that a state may lack have the values that docs/numerics.md gives them."""
        weight = state_dict.get(prefix + "weight_global_scale", torch.tensor(1.0))
        defaults = (torch.tensor(1.0), weight, torch.tensor(1.0))
        for name, value in zip(_SCALARS, defaults, strict=True):
            if prefix + name not in state_dict:
                state_dict[prefix + name] = value
                self._buffers[name] = torch.empty_like(value)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features).

        Raises:
            RuntimeError: if the layer is empty.
            ValueError: if the last size of x, or its dtype, does not fit.
            TypeError: if x is no tensor.
        """
        # Not as attributes: nn.Module takes longer to find those than all else here takes.
        buffers = self._buffers
        if buffers["e2m1"] is None:
            raise RuntimeError("the layer is empty: load a state dict, or give it a weight")
        shape = x.shape
        if not shape or shape[-1] != self.in_features:
            raise ValueError(f"x: expected (..., {self.in_features}), but got {tuple(shape)}")
        if x.dtype not in _DTYPES:
            if not isinstance(x, Tensor):
                raise TypeError(f"x: expected a tensor of PyTorch, but got {type(x).__name__}")
            raise ValueError(f"x: expected float32, float16 or bfloat16, but got {x.dtype}")
        weights = tuple([buffers[name] for name in _STATE])
        return apply(x, weights, self.quant_backend, self.matmul_backend)

    def extra_repr(self) -> str:
        """What is printed of the layer."""
        format = {None: "empty", torch.float8_e8m0fnu: "mx", torch.float8_e4m3fn: "nv"}
        transform = None if self.transform is None else tuple(self.transform.shape)
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"format={format[self.scale_dtype]}, group_size={self.group_size}, "
            f"transform={transform}"
        )


class QuantLinearWithBias(QuantLinear):
    """A `QuantLinear` that adds a bias to its result, which layers themselves do not have.

    Args:
        in_features, out_features, device, dtype: as of `QuantLinear`.
        bias: True.
        state: what else `QuantLinear` takes.

    Attributes:
        bias: (out_features,), f32 and zero at first. It is rounded to the result's dtype.
    """

    bias: nn.Parameter

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **state: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias, device, dtype, **state)
        self.bias = nn.Parameter(torch.zeros(out_features, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        """As of `QuantLinear`, and then the bias."""
        y = super().forward(x)
        return y + self.bias.to(y.dtype)
