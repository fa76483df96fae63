"""A small writer of fp4 modules."""

from __future__ import annotations

import dataclasses

_TYPES = {
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "float8_e4m3fn": "f8E4M3FN",
    "float8_e8m0fnu": "f8E8M0FNU",
    "float4_e2m1fn": "f4E2M1FN",
}
_SCALES = {"mx": "float8_e8m0fnu", "nv": "float8_e4m3fn"}
ROUNDINGS = ("even", "zero", "down", "up")


def _quote(text: str) -> str:
    """As a string of MLIR, whose escapes are bytes."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:02X}" for b in text.encode()) + '"'


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A value of a graph: a tensor, or a scalar if the shape is None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None

    @property
    def type(self) -> str:
        """In MLIR's syntax."""
        element = _TYPES[self.dtype]
        if self.shape is None:
            return element
        return (
            "tensor<" + "".join(f"{'?' if n is None else n}x" for n in self.shape) + element + ">"
        )


def _check(x: Tensor, format: str, group_size: int | None, rounding: str) -> tuple[int, int]:
    """The size of a group, and K."""
    if format not in _SCALES:
        raise ValueError(f"format '{format}' is not known; there are {', '.join(_SCALES)}")
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding '{rounding}' is not known; there are {', '.join(ROUNDINGS)}")
    group = group_size or (32 if format == "mx" else 16)
    k = x.shape[-1] if x.shape else None
    if k is None or k % group:
        raise ValueError(f"the last size of {x.type} is no multiple of a group of {group}")
    return group, k


class Graph:
    """A function of linear layers.

    Values are made by `input`, `parameter` and the layers, and returned by `output`. Sizes are
    numbers, or None where they are known when the function is called.

    Example:
        >>> import fp4
        >>> graph = fp4.Graph()
        >>> x = graph.input("x", "bfloat16", (None, 128))
        >>> y = graph.quant_linear("up", x, features=48, format="mx")
        >>> graph.output("y", y)
        >>> function = fp4.compile(graph)

    Args:
        name: of the function, which `fp4.compile` calls the entry.
    """

    def __init__(self, name: str = "forward") -> None:
        self.name = name
        self._arguments: list[str] = []
        self._body: list[str] = []
        self._outputs: list[tuple[str, Tensor]] = []
        self._count = 0

    def _new(self, dtype: str, shape: tuple[int | None, ...] | None) -> Tensor:
        if dtype not in _TYPES:
            raise ValueError(f"dtype '{dtype}' is not known; there are {', '.join(_TYPES)}")
        self._count += 1
        return Tensor(f"%{self._count}", dtype, shape)

    def _argument(
        self, kind: str, key: str, dtype: str, shape: tuple[int | None, ...] | None
    ) -> Tensor:
        value = self._new(dtype, shape)
        name = value.name.replace("%", "%a")
        value = dataclasses.replace(value, name=name)
        self._arguments.append(f"{name}: {value.type} {{{kind} = {_quote(key)}}}")
        return value

    def input(self, name: str, dtype: str, shape: tuple[int | None, ...] | None) -> Tensor:
        """An argument of each call.

        Args:
            name: what it is called.
            dtype: float32, float16, bfloat16, float8_e4m3fn, float8_e8m0fnu, or float4_e2m1fn,
                whose array has two codes in each byte.
            shape: sizes, None where they differ from call to call; None for a scalar.

        Raises:
            ValueError: for another dtype.
        """
        return self._argument("fp4.name", name, dtype, shape)

    def parameter(self, key: str, dtype: str, shape: tuple[int, ...] | None) -> Tensor:
        """An argument that is bound once.

        Args:
            key: of the array in what is bound.
            dtype: as in `input`.
            shape: sizes; None for a scalar.

        Raises:
            ValueError: for another dtype.
        """
        return self._argument("fp4.param", key, dtype, shape)

    def output(self, name: str, value: Tensor) -> None:
        """A result of the function.

        Args:
            name: what it is called.
            value: what a layer gave.
        """
        self._outputs.append((name, value))

    def quant_linear(
        self,
        key: str,
        x: Tensor,
        *,
        features: int,
        format: str,
        group_size: int | None = None,
        transform: tuple[str, tuple[int, ...]] | None = None,
        rounding: str = "even",
        quantize_strategy: str | None = None,
        matmul_strategy: str | None = None,
    ) -> Tensor:
        """A whole layer, whose parameters are `key.e2m1`, `key.scale_quant` and so on.

        Args:
            key: what the parameters' keys begin with; "" for none.
            x: of any rank, its last size K a multiple of the group's.
            features: N.
            format: "mx" or "nv".
            group_size: by default 32 for mx and 16 for nv.
            transform: dtype and shape of the parameter `transform`, (B, B) or (K / B, B, B).
            rounding: of ties to e2m1: even, zero, down or up.
            quantize_strategy, matmul_strategy: by name; None leaves it to the target.

        Returns:
            (..., N), of x's dtype.

        Raises:
            ValueError: for a format or a rounding that is not known, or a K that does not fit.
        """
        group, k = _check(x, format, group_size, rounding)
        prefix = f"{key}." if key else ""
        scales = _SCALES[format]
        codes = self.parameter(f"{prefix}e2m1", "float4_e2m1fn", (features, k))
        weight_scales = self.parameter(f"{prefix}scale_quant", scales, (features, k // group))
        clause = ""
        if transform is not None:
            matrix = self.parameter(prefix + "transform", *transform)
            clause = f"\n      transform({matrix.name} : {matrix.type})"
        scalars = [
            self.parameter(prefix + name, "float32", None)
            for name in ("weight_global_scale", "activation_global_scale", "activation_scale_scale")
        ]
        strategies = {
            "quantize_strategy": quantize_strategy,
            "matmul_strategy": matmul_strategy,
        }
        chosen = [f"{name} = {_quote(s)}" for name, s in strategies.items() if s is not None]
        attributes = f" {{{', '.join(chosen)}}}" if chosen else ""
        assert x.shape is not None
        result = self._result(x.dtype, (*x.shape[:-1], features))
        ties = "" if rounding == "even" else f" rounding({rounding})"
        self._body.append(
            f"{result.name} = fp4.quant_linear group_size({group}){ties} ins({x.name} : {x.type})\n"
            f"      weight({codes.name}, {weight_scales.name} : {codes.type}, "
            f"{weight_scales.type}){clause}\n"
            f"      weight_global_scale({scalars[0].name}) "
            f"activation_global_scale({scalars[1].name})\n"
            f"      activation_scale_scale({scalars[2].name}){attributes} -> {result.type}"
        )
        return result

    def quantize(
        self,
        key: str,
        x: Tensor,
        *,
        format: str,
        group_size: int | None = None,
        transform: tuple[str, tuple[int, ...]] | None = None,
        rounding: str = "even",
        strategy: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The first half of `quant_linear`: codes (M, K), and scales (M, K / group_size).

        Args:
            key: what the parameters' keys begin with; "" for none.
            x: (M, K).
            format, group_size, transform, rounding, strategy: as in `quant_linear`.

        Raises:
            ValueError: as `quant_linear`.
        """
        group, k = _check(x, format, group_size, rounding)
        prefix = f"{key}." if key else ""
        attributes = "" if strategy is None else f" {{strategy = {_quote(strategy)}}}"
        if transform is not None:
            matrix = self.parameter(prefix + "transform", *transform)
            place = self._empty_like(x, x.dtype, x.shape)
            transformed = self._result(x.dtype, x.shape)
            self._body.append(
                f"{transformed.name} = fp4.block_transform ins({x.name} : {x.type})\n"
                f"      transform({matrix.name} : {matrix.type}) "
                f"outs({place.name} : {place.type}){attributes}"
            )
            x = transformed
        scalars = [
            self.parameter(prefix + name, "float32", None)
            for name in ("activation_global_scale", "activation_scale_scale")
        ]
        assert x.shape is not None
        codes = self._empty_like(x, "float4_e2m1fn", x.shape)
        scales = self._empty_like(x, _SCALES[format], (*x.shape[:-1], k // group))
        results = self._result(codes.dtype, codes.shape), self._result(scales.dtype, scales.shape)
        ties = "" if rounding == "even" else f" rounding({rounding})"
        self._body.append(
            f"{results[0].name}, {results[1].name} = fp4.quantize_pack group_size({group}){ties}\n"
            f"      ins({x.name} : {x.type}) global_scale({scalars[0].name}) "
            f"scale_scale({scalars[1].name})\n"
            f"      outs({codes.name}, {scales.name} : {codes.type}, {scales.type}){attributes}"
        )
        return results

    def scaled_matmul(
        self,
        key: str,
        codes: Tensor,
        scales: Tensor,
        alpha: Tensor,
        *,
        features: int,
        format: str,
        dtype: str,
        group_size: int | None = None,
        strategy: str | None = None,
    ) -> Tensor:
        """The second half of `quant_linear`: (M, N) of `dtype`.

        Args:
            key: what the parameters' keys begin with; "" for none.
            codes, scales: (M, K) and (M, K / group_size).
            alpha: a scalar that the result is multiplied with.
            features, format, group_size, strategy: as in `quant_linear`.

        Raises:
            ValueError: as `quant_linear`.
        """
        group, k = _check(codes, format, group_size, "even")
        prefix = f"{key}." if key else ""
        weight = self.parameter(f"{prefix}e2m1", "float4_e2m1fn", (features, k))
        weight_scales = self.parameter(
            f"{prefix}scale_quant", _SCALES[format], (features, k // group)
        )
        assert codes.shape is not None
        place = self._empty_like(codes, dtype, (*codes.shape[:-1], features))
        result = self._result(dtype, place.shape)
        attributes = "" if strategy is None else f" {{strategy = {_quote(strategy)}}}"
        self._body.append(
            f"{result.name} = fp4.scaled_matmul group_size({group})\n"
            f"      lhs({codes.name}, {scales.name} : {codes.type}, {scales.type})\n"
            f"      rhs({weight.name}, {weight_scales.name} : {weight.type}, "
            f"{weight_scales.type})\n"
            f"      alpha({alpha.name}) outs({place.name} : {place.type}){attributes}"
        )
        return result

    def _result(self, dtype: str, shape: tuple[int | None, ...] | None) -> Tensor:
        value = self._new(dtype, shape)
        return dataclasses.replace(value, name=value.name.replace("%", "%v"))

    def _empty_like(self, x: Tensor, dtype: str, shape: tuple[int | None, ...] | None) -> Tensor:
        """Memory for a result whose dynamic sizes are x's."""
        sizes = []
        for i, size in enumerate(x.shape or ()):
            if size is not None:
                continue
            self._count += 1
            self._body.append(f"%c{self._count} = arith.constant {i} : index")
            self._body.append(f"%d{self._count} = tensor.dim {x.name}, %c{self._count} : {x.type}")
            sizes.append(f"%d{self._count}")
        value = self._result(dtype, shape)
        self._body.append(f"{value.name} = tensor.empty({', '.join(sizes)}) : {value.type}")
        return value

    @property
    def text(self) -> str:
        """The module.

        Raises:
            ValueError: if there is no output.
        """
        if not self._outputs:
            raise ValueError("the graph has no output")
        arguments = ",\n    ".join(self._arguments)
        results = ", ".join(f"{v.type} {{fp4.name = {_quote(n)}}}" for n, v in self._outputs)
        names = ", ".join(value.name for _, value in self._outputs)
        types = ", ".join(value.type for _, value in self._outputs)
        body = "\n  ".join([*self._body, f"return {names} : {types}"])
        return f"func.func @{self.name}(\n    {arguments})\n    -> ({results}) {{\n  {body}\n}}\n"
