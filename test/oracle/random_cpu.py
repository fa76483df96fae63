"""Runs random layers and single ops on the CPU lowering and holds each result to the oracle.

    random_cpu.py --bin=BIN --work=DIR --seed=7 --modules=20 [--isa=avx2] [--first=3]

A module has one weight and several cases, each with inputs, sizes and scalars of its own: whole layers,
quantizations, transforms, and products of given codes. So one process checks many. The modules of a seed
are numbered; --first and --modules choose some of them, and FP4_RANDOM_MODULES, in the environment, how
many there are in place of --modules. Exits with 1 and a message that names the module and the case on any
violation, and when a tool fails; the files of that module stay in DIR.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import check_layer
import cpu_isas
import fp4_oracle as o
import ml_dtypes
import numpy as np

MLIR_TYPES = {
    o.F32: "f32",
    o.F16: "f16",
    o.BF16: "bf16",
    o.E8M0: "f8E8M0FNU",
    o.E4M3: "f8E4M3FN",
}
ROWS = (0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 513)
FEATURES = (1, 7, 8, 16, 31, 32, 33, 48, 97)
TRANSFORMS = (1, 2, 3, 4, 6, 7, 8, 12, 16, 20, 24, 32, 32, 48, 64, 72, 96, 128, 128)
# Products that the oracle takes long for are left out.
MOST_PRODUCTS = 2**25


# ---- what is drawn ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """What all cases of a module share: what code is made for."""

    number: int
    isa: str
    scale_format: str
    group: int
    k: int
    n: int
    activation: str
    result: str
    rounding: str
    transform: tuple[bool, int, str] | None
    rank: int
    static_rows: int | None
    weight_is_parameter: bool

    def __str__(self) -> str:
        transform = "none"
        if self.transform:
            per_block, size, dtype = self.transform
            transform = f"{'block' if per_block else 'shared'}:{size}:{dtype}"
        return (
            f"module {self.number} ({self.isa}, {self.scale_format}, G={self.group} K={self.k} "
            f"N={self.n}, {self.activation} to {self.result}, {self.rounding}, transform "
            f"{transform}, rank {self.rank}, M {self.static_rows})"
        )


def draw_config(rng: np.random.Generator, number: int, isas: list[str]) -> Config:
    group = int(rng.choice([8, 16, 16, 32, 32, 64, 128]))
    if rng.random() < 0.25:
        k = int(rng.choice([size for size in (2048, 2080, 4096) if size % group == 0]))
    else:
        k = group * int(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]))
    transform = None
    if rng.random() < 0.5:
        sizes = [size for size in TRANSFORMS if k % size == 0]
        transform = (
            bool(rng.integers(2)),
            int(rng.choice(sizes)),
            str(rng.choice(list(o.FLOAT_TYPES))),
        )
    return Config(
        number=number,
        isa=isas[number % len(isas)],
        scale_format=str(rng.choice(list(o.SCALE_TYPES))),
        group=group,
        k=k,
        n=4097 if k <= 256 and rng.random() < 0.1 else int(rng.choice(FEATURES)),
        activation=str(rng.choice(list(o.FLOAT_TYPES))),
        result=str(rng.choice(list(o.FLOAT_TYPES))),
        rounding=str(rng.choice(["even", *o.ROUNDINGS])),
        transform=transform,
        rank=int(rng.choice([1, 2, 2, 2, 3, 4])),
        static_rows=int(rng.choice(ROWS)) if rng.random() < 0.25 else None,
        weight_is_parameter=rng.random() < 0.7,
    )


def draw_leading(rng: np.random.Generator, config: Config) -> tuple[int, ...]:
    """Sizes of the leading dimensions, with M rows in all."""
    if config.rank == 1:
        return ()
    rows = config.static_rows
    if rows is None:
        most = MOST_PRODUCTS // (config.k * config.n)
        rows = int(rng.choice([m for m in ROWS if m <= max(most, 17)]))
    leading = []
    for _ in range(config.rank - 2):
        if config.static_rows is not None:
            leading.append(1)
            continue
        divisors = [d for d in (1, 2, 3, 5) if rows % d == 0]
        leading.append(int(rng.choice(divisors)))
        rows //= leading[-1]
    return (*leading, rows)


def draw_rows(rng: np.random.Generator, config: Config, leading: tuple[int, ...]) -> o.Array:
    """An activation, each of whose rows is of a kind of its own."""
    dtype = o.FLOAT_TYPES[config.activation]
    info = ml_dtypes.finfo(dtype)
    k = config.k
    count = int(np.prod(leading, dtype=np.int64))
    rows = rng.normal(size=(count, k)) * np.exp2(rng.integers(-3, 4, (1, k)))
    kinds = rng.integers(0, 24, count)
    for row, kind in zip(rows, kinds, strict=True):
        if kind == 0:
            row[rng.integers(k)] = np.nan
        elif kind == 1:
            row[rng.integers(k)] = rng.choice([np.inf, -np.inf])
        elif kind == 2:
            row[:] = np.where(rng.integers(2, size=k), 0.0, -0.0)
        elif kind == 3:
            # A transform of f32's own subnormals has no digits left to compare.
            exact = config.transform is None or dtype == o.F16
            unit = float(info.smallest_subnormal) if exact else 2.0**-100
            row[:] = rng.integers(-9, 10, k) * unit
        elif kind == 4:
            row *= min(2.0**100, float(info.max) / 2.0**7)
        elif kind == 5:
            row[:] = np.trunc(row) / 2  # e2m1's own values and ties, zeros among them
        elif kind == 6:
            spread = np.exp2(rng.integers(-20, 10, k // config.group))
            row *= np.repeat(spread, config.group)
        elif kind == 7:
            zero = rng.integers(2, size=k // config.group)
            row *= np.repeat(zero, config.group)
    return o.round_to(o.to_f32(rows), dtype).reshape(*leading, k)


def draw_scalar(rng: np.random.Generator, scale_format: str) -> np.float32:
    usual = [1 / 3, 1.0] if scale_format == "mx" else [0.1, 1 / 6]
    odd = [-0.3, 0.0, -0.0, 1e-30, -1e-30, 1e-40, 1e30, 3e38, np.inf, np.nan]
    return np.float32(rng.choice(usual) if rng.random() < 0.7 else rng.choice(odd))


def draw_codes(rng: np.random.Generator, rows: int, config: Config) -> o.Array:
    codes = rng.integers(0, 16, (rows, config.k // config.group, config.group)).astype(np.uint8)
    # Some groups are zero, of either sign, and some rows are all of the largest value.
    zero = rng.random(codes.shape[:2]) < 0.1
    codes[zero] &= 8
    codes[rng.random(rows) < 0.1] = 7
    return o.pack(codes.reshape(rows, config.k))


def draw_scales(rng: np.random.Generator, rows: int, config: Config, codes: o.Array) -> o.Array:
    """Usual scales in most rows; in others any bytes, few, or exponents that spread far."""
    groups = config.k // config.group
    is_mx = config.scale_format == "mx"
    low, high = (117, 134) if is_mx else (0x28, 0x58)
    scales = rng.integers(low, high, (rows, groups))
    bytes_of_group = config.group // 2
    for row in range(rows):
        kind = rng.integers(16)
        if kind == 0:
            scales[row] = rng.integers(0, 256, groups)
        elif kind == 1:
            scales[row, rng.integers(groups)] = 255 if is_mx else rng.choice([0x7F, 0xFF])
        elif kind == 2 and is_mx:
            scales[row] = rng.integers(20, 235, groups)
        elif kind == 3 and is_mx:
            # What is cut off has codes of zero: no other way of summing is needed.
            large = int(rng.integers(100, 250))
            scales[row] = rng.integers(large - 70, large, groups)
            for g in np.flatnonzero(scales[row] < scales[row].max() - 60):
                codes[row, g * bytes_of_group : (g + 1) * bytes_of_group] &= 0x88
        elif kind == 4:
            scales[row] = rng.choice([0, 1, 126, 254] if is_mx else [0, 1, 0x7E, 0x80, 0xFE])
        elif kind == 5 and not is_mx:
            scales[row] |= 0x80 * rng.integers(0, 2, groups)
    return scales.astype(np.uint8).view(o.SCALE_TYPES[config.scale_format])


def draw_transform(rng: np.random.Generator, config: Config) -> o.Array | None:
    if config.transform is None:
        return None
    per_block, size, dtype = config.transform
    shape = (config.k // size, size, size) if per_block else (size, size)
    return o.round_to(o.to_f32(rng.normal(size=shape) / np.sqrt(size)), o.FLOAT_TYPES[dtype])


# ---- modules ----------------------------------------------------------------------------------------


@dataclass
class Module:
    """A function under construction, with the values of its arguments."""

    inputs: dict[str, o.Array] = field(default_factory=dict)
    parameters: dict[str, o.Array] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    results: list[tuple[str, str, str]] = field(default_factory=list)

    def argument(self, name: str, mlir_type: str, value: o.Array, parameter: bool = False) -> None:
        (self.parameters if parameter else self.inputs)[name] = value
        key = "param" if parameter else "name"
        self.arguments.append(f'%{name}: {mlir_type} {{fp4.{key} = "{name}"}}')

    def result(self, name: str, mlir_type: str, value: str) -> None:
        self.results.append((name, mlir_type, value))

    def empty(self, name: str, mlir_type: str, like: str, like_type: str) -> None:
        """A tensor whose dynamic sizes are those of `like`."""
        dims = []
        for d in range(mlir_type.count("?")):
            self.body.append(f"%{name}_i{d} = arith.constant {d} : index")
            self.body.append(f"%{name}_d{d} = tensor.dim %{like}, %{name}_i{d} : {like_type}")
            dims.append(f"%{name}_d{d}")
        self.body.append(f"%{name} = tensor.empty({', '.join(dims)}) : {mlir_type}")

    def __str__(self) -> str:
        results = ", ".join(f'{kind} {{fp4.name = "{name}"}}' for name, kind, _ in self.results)
        values = ", ".join(value for _, _, value in self.results)
        types = ", ".join(kind for _, kind, _ in self.results)
        lines = "\n  ".join(self.body)
        arguments = ",\n    ".join(self.arguments)
        return (
            f"func.func @f(\n    {arguments})\n    -> ({results}) {{\n  {lines}\n"
            f"  return {values} : {types}\n}}\n"
        )


class Case:
    """One use of the module's weight, transform or format."""

    def __init__(self, batch: Batch, number: int, kind: str, rows: int | None = None) -> None:
        rng, config = batch.rng, batch.config
        self.batch, self.number, self.kind = batch, number, kind
        self.leading = draw_leading(rng, config) if rows is None else (rows,)
        rows = int(np.prod(self.leading, dtype=np.int64))
        scale_format = config.scale_format
        usual = np.float32(4 if scale_format == "mx" else 6)
        self.gs = draw_scalar(rng, scale_format)
        self.weight_gs = draw_scalar(rng, scale_format)
        self.ss = usual if rng.random() < 0.8 else draw_scalar(rng, scale_format)
        self.x = self.codes = self.scales = np.zeros(0)
        if kind == "product":
            self.codes = draw_codes(rng, rows, config)
            self.scales = draw_scales(rng, rows, config, self.codes)
            self.codes = self.codes.reshape(*self.leading, config.k // 2)
            self.scales = self.scales.reshape(*self.leading, config.k // config.group)
            self.gs = np.float32(rng.choice([1, -0.4, 0, 2.0**-63, 2.0**-126, 2.0**-149, 2.0**90]))
        else:
            self.x = draw_rows(rng, config, self.leading)

    def __str__(self) -> str:
        scalars = f"gs {self.gs} {self.weight_gs} ss {self.ss}"
        return f"case {self.number} ({self.kind}, {self.leading}, {scalars})"

    def named(self, what: str) -> str:
        return f"{what}{self.number}"

    def type(self, last: int, element: str) -> str:
        is_static = self.batch.config.static_rows is not None
        leading = (str(d) if is_static else "?" for d in self.leading)
        return f"tensor<{'x'.join([*leading, str(last), element])}>"

    # ---- in the module

    def add(self, module: Module) -> None:
        config = self.batch.config
        gs, ss = self.named("gs"), self.named("ss")
        module.argument(gs, "f32", np.asarray(self.gs))
        if self.kind == "product":
            self.add_product(module, gs)
            return
        x, x_type = self.named("x"), self.type(config.k, config.activation)
        module.argument(x, x_type, self.x)
        if self.kind == "transform":
            transformed = self.add_transform(module, x, x_type)
            module.result(self.named("t"), x_type, f"%{transformed}")
            return
        module.argument(ss, "f32", np.asarray(self.ss))
        if self.kind in ("layer", "quantize", "stages"):
            source = x
            if config.transform:
                source = self.add_transform(module, x, x_type)
            if self.kind == "stages":
                module.result(self.named("t"), x_type, f"%{source}")
            self.add_quantize(module, source, x_type, gs, ss)
        if self.kind in ("layer", "output"):
            self.add_layer(module, x, x_type, gs, ss)

    def add_transform(self, module: Module, x: str, x_type: str) -> str:
        module.empty(self.named("te"), x_type, x, x_type)
        module.body.append(
            f"%{self.named('tr')} = fp4.block_transform ins(%{x} : {x_type}) "
            f"transform(%transform : {self.batch.transform_type}) "
            f"outs(%{self.named('te')} : {x_type})"
        )
        return self.named("tr")

    def rounding(self) -> str:
        rounding = self.batch.config.rounding
        return "" if rounding == "even" else f" rounding({rounding})"

    def add_quantize(self, module: Module, x: str, x_type: str, gs: str, ss: str) -> None:
        config = self.batch.config
        scale = MLIR_TYPES[o.SCALE_TYPES[config.scale_format]]
        c_type = self.type(config.k, "f4E2M1FN")
        s_type = self.type(config.k // config.group, scale)
        module.empty(self.named("ce"), c_type, x, x_type)
        module.empty(self.named("se"), s_type, x, x_type)
        module.body.append(
            f"%{self.named('q')}:2 = fp4.quantize_pack group_size({config.group}){self.rounding()} "
            f"ins(%{x} : {x_type}) global_scale(%{gs}) scale_scale(%{ss}) "
            f"outs(%{self.named('ce')}, %{self.named('se')} : {c_type}, {s_type})"
        )
        module.result(self.named("c"), c_type, f"%{self.named('q')}#0")
        module.result(self.named("s"), s_type, f"%{self.named('q')}#1")

    def add_layer(self, module: Module, x: str, x_type: str, gs: str, ss: str) -> None:
        config = self.batch.config
        y_type = self.type(config.n, config.result)
        wgs = self.named("wgs")
        module.argument(wgs, "f32", np.asarray(self.weight_gs))
        transform = ""
        if config.transform:
            transform = f" transform(%transform : {self.batch.transform_type})"
        module.body.append(
            f"%{self.named('yv')} = fp4.quant_linear group_size({config.group}){self.rounding()} "
            f"ins(%{x} : {x_type}) weight(%w, %ws : {self.batch.weight_types}){transform} "
            f"weight_global_scale(%{wgs}) activation_global_scale(%{gs}) "
            f"activation_scale_scale(%{ss}) -> {y_type}"
        )
        module.result(self.named("y"), y_type, f"%{self.named('yv')}")

    def add_product(self, module: Module, alpha: str) -> None:
        config = self.batch.config
        scale = MLIR_TYPES[o.SCALE_TYPES[config.scale_format]]
        c_type = self.type(config.k, "f4E2M1FN")
        s_type = self.type(config.k // config.group, scale)
        y_type = self.type(config.n, config.result)
        codes, scales = self.named("a"), self.named("as")
        module.argument(codes, c_type, self.codes)
        module.argument(scales, s_type, self.scales)
        module.empty(self.named("ye"), y_type, scales, s_type)
        module.body.append(
            f"%{self.named('yv')} = fp4.scaled_matmul group_size({config.group}) "
            f"lhs(%{codes}, %{scales} : {c_type}, {s_type}) "
            f"rhs(%w, %ws : {self.batch.weight_types}) alpha(%{alpha}) "
            f"outs(%{self.named('ye')} : {y_type})"
        )
        module.result(self.named("y"), y_type, f"%{self.named('yv')}")

    # ---- results

    def check(self, results: dict[str, o.Array]) -> None:
        layer = self.batch.layer(self)
        config = self.batch.config
        got = {name: results.get(self.named(name)) for name in ("t", "c", "s", "y")}
        x = self.x
        if got["t"] is not None:
            self.batch.check_transformed(x, got["t"])
            if self.kind == "stages":  # what follows is exact for what the transform has given
                x, layer = got["t"], self.batch.layer(self, transform=False)
        quantized = None
        if got["c"] is not None and got["s"] is not None:
            quantized = (got["c"], got["s"])
            if layer.transform is None:
                check_layer.check_quantized(layer, x, quantized, config.rounding)
            else:
                self.batch.check_quantized(layer, x, quantized)
        elif self.kind == "product":
            quantized = (self.codes, self.scales)
        elif self.kind == "output":
            quantized = layer.quantize(x, config.rounding)
        if got["y"] is not None and quantized:
            if self.kind == "product":
                product = self.batch.product(quantized, self.gs)
            else:
                product = layer.matmul(*quantized)
            self.batch.check_output(got["y"], product)


def check_sums(y: o.Array, product: o.Product, groups: int) -> None:
    """Each element by itself: no order of a sum of `groups` in f32 is farther off."""
    dtype = y.dtype
    limit = np.ldexp(1.0, int(ml_dtypes.finfo(dtype).maxexp))
    with np.errstate(all="ignore"):
        got = np.clip(y.astype(np.float64), -limit, limit)
        want = np.clip(product.value, -limit, limit)
        slack = (groups + 2) * 2.0**-24 * product.magnitude
        ok = np.abs(got - want) <= slack + o.ulp(want, dtype)
    ok |= np.isnan(got) & np.isnan(want)
    check_layer.require_all(ok, "y", y, product.value, " (beyond all f32 sums)")


class Batch:
    """A module of several cases."""

    def __init__(
        self, seed: int, number: int, isas: list[str], cases: int, config: Config | None = None
    ) -> None:
        self.rng = rng = np.random.default_rng([seed, number])
        self.config = config = config or draw_config(rng, number, isas)
        self.codes = draw_codes(rng, config.n, config)
        self.scales = draw_scales(rng, config.n, config, self.codes)
        self.transform = draw_transform(rng, config)
        # How many codes and scales of transformed activations there were, and how many agreed.
        self.compared = self.agreed = 0
        scale = MLIR_TYPES[self.scales.dtype]
        self.weight_types = (
            f"tensor<{config.n}x{config.k}xf4E2M1FN>, "
            f"tensor<{config.n}x{config.k // config.group}x{scale}>"
        )
        self.transform_type = ""
        if self.transform is not None:
            shape = "x".join(map(str, self.transform.shape))
            self.transform_type = f"tensor<{shape}x{MLIR_TYPES[self.transform.dtype]}>"
        self.cases = [Case(self, i, kind) for i, kind in enumerate(self.draw_kinds(cases))]

    def draw_kinds(self, cases: int) -> list[str]:
        kinds = ["layer", "product", "quantize"]
        if self.config.transform:
            kinds += ["transform", "stages", "layer", "layer"]
        else:
            kinds += ["output", "product"]
        return [kinds[i % len(kinds)] for i in range(cases)]

    def module(self) -> Module:
        module = Module()
        parameter = self.config.weight_is_parameter
        codes_type, scales_type = self.weight_types.split(", ")
        module.argument("w", codes_type, self.codes, parameter)
        module.argument("ws", scales_type, self.scales, parameter)
        if self.transform is not None:
            module.argument("transform", self.transform_type, self.transform, parameter)
        for case in self.cases:
            case.add(module)
        return module

    def layer(self, case: Case, transform: bool = True) -> o.Layer:
        return o.Layer(
            e2m1=self.codes,
            scale_quant=self.scales,
            transform=self.transform if transform else None,
            weight_global_scale=case.weight_gs,
            activation_global_scale=case.gs,
            activation_scale_scale=case.ss,
        )

    def product(self, quantized: tuple[o.Array, o.Array], alpha: np.float32) -> o.Product:
        codes, scales = (q.reshape(-1, q.shape[-1]) for q in quantized)
        flat = o.scaled_matmul(codes, scales, self.codes, self.scales, alpha)
        shape = (*quantized[0].shape[:-1], self.config.n)
        return o.Product(flat.value.reshape(shape), flat.magnitude.reshape(shape))

    def check_transformed(self, x: o.Array, got: o.Array) -> None:
        """Between the least and the greatest that the freedom of the sum allows."""
        if self.transform is None:
            return
        transformed = o.block_transform(x, self.transform)
        low, high = (transformed.rounded(x.dtype, end) for end in (-1, 1))
        check_layer.require_form("t", got, x.shape, x.dtype)
        with np.errstate(all="ignore"):
            wide, least, most = (o.to_f32(v) for v in (got, low, high))
            ok = (least <= wide) & (wide <= most)
            ok |= np.isnan(wide) & np.isnan(least)
        check_layer.require_all(ok, "t", got, transformed.rounded(x.dtype))

    def check_quantized(self, layer: o.Layer, x: o.Array, got: tuple[o.Array, o.Array]) -> None:
        leading, k = x.shape[:-1], x.shape[-1]
        check_layer.require_form("e2m1", got[0], (*leading, k // 2), np.dtype(np.uint8))
        form = (*leading, k // self.config.group)
        check_layer.require_form("scale_quant", got[1], form, layer.scale_type)
        rounding = self.config.rounding
        check_layer.check_explained(layer, x, got, rounding)
        want = layer.quantize(x, rounding)
        for computed, expected in (
            (got[1].view(np.uint8), want[1].view(np.uint8)),
            (o.unpack(got[0]), o.unpack(want[0])),
        ):
            self.compared += computed.size
            self.agreed += int(np.count_nonzero(computed == expected))

    def check_output(self, y: o.Array, product: o.Product) -> None:
        dtype = o.FLOAT_TYPES[self.config.result]
        # One element may be all cancellation: the norm of few says nothing about the sums.
        if dtype != o.F32 or y.size >= 64:
            check_layer.check_output(y, product, dtype)
        check_layer.require_form("y", y, product.value.shape, dtype)
        check_sums(y, product, self.config.k // self.config.group)


# ---- running ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tool:
    bin: Path
    work: Path

    def run(self, batch: Batch) -> dict[str, o.Array]:
        module = batch.module()
        base = self.work / f"{batch.config.number}"
        paths = {name: base.with_suffix(f".{name}") for name in ("mlir", "in", "params", "out")}
        paths["mlir"].write_text(str(module))
        o.save(paths["in"], module.inputs)
        command = [
            str(self.bin / "fp4-runner"),
            str(paths["mlir"]),
            "--entry=f",
            "--target=cpu",
            *cpu_isas.OPTIONS[batch.config.isa],
            f"--input={paths['in']}",
            f"--output={paths['out']}",
        ]
        if module.parameters:
            o.save(paths["params"], module.parameters)
            command.append(f"--params={paths['params']}")
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise check_layer.Mismatch(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
        check_layer.require(not done.stderr, f"said: {done.stderr}")
        results = o.load(paths["out"])
        for path in paths.values():
            path.unlink(missing_ok=True)
        return results


class Runs(Protocol):
    """What executes a module."""

    def run(self, batch: Batch) -> dict[str, o.Array]: ...


def draw_batches(arguments: argparse.Namespace, isas: list[str]) -> Iterator[Batch]:
    modules = int(os.environ.get("FP4_RANDOM_MODULES", arguments.modules))
    for number in range(arguments.first, arguments.first + modules):
        yield Batch(arguments.seed, number, isas, arguments.cases)


def run(
    arguments: argparse.Namespace, tool: Runs, isas: list[str], batches: Iterable[Batch]
) -> str:
    cases = compared = agreed = 0
    for batch in batches:
        where = f"seed {arguments.seed}, {batch.config}"
        try:
            results = tool.run(batch)
            for case in batch.cases:
                where = f"seed {arguments.seed}, {batch.config}: {case}"
                case.check(results)
        except check_layer.Mismatch as mismatch:
            message = f"{where}: {mismatch}"
            if not arguments.keep_going:
                raise check_layer.Mismatch(message) from None
            print(message)
        cases += len(batch.cases)
        compared += batch.compared
        agreed += batch.agreed
    share = agreed / compared if compared else 1.0
    check_layer.require(
        share >= check_layer.AGREEMENT, f"only {share:.4%} agree where transforms came first"
    )
    return f"{cases} cases on {', '.join(isas)}; {share:.4%} agree where transforms came first"


def make_parser(description: str | None, isas: Iterable[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first module")
    parser.add_argument("--modules", type=int, default=8, help="how many modules")
    parser.add_argument("--cases", type=int, default=8, help="how many cases each has")
    parser.add_argument("--isa", action="append", choices=list(isas), help="default: all")
    parser.add_argument("--keep-going", action="store_true", help="print all violations")
    return parser


def main() -> None:
    arguments = make_parser(__doc__, cpu_isas.OPTIONS).parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    tool = Tool(arguments.bin, arguments.work)
    try:
        isas = arguments.isa or list(cpu_isas.OPTIONS)
        print(run(arguments, tool, isas, draw_batches(arguments, isas)))
    except check_layer.Mismatch as mismatch:
        sys.exit(str(mismatch))


if __name__ == "__main__":
    main()
