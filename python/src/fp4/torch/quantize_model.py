"""Replaces the linear layers of a PyTorch model by FP4 layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from fp4.calibration import SAMPLE_ROWS, Calibration
from fp4.formats import Array, Format
from fp4.layer import QuantizedLayer
from fp4.quantize import Method, Options, TransformName, as_weight, quantize_layer
from fp4.torch.modules import find_linears, make_module, replace_modules


def quantize_model(
    model: nn.Module,
    format: Format | str = "mx",
    *,
    calibration: Iterable[Any] | None = None,
    forward: Callable[[nn.Module, Any], object] | None = None,
    include: str | Sequence[str] = "*",
    exclude: str | Sequence[str] = (),
    transform: TransformName | Array | None = None,
    transform_size: int | None = None,
    transform_dtype: Any = None,
    method: Method | None = None,
    scale_search: bool = True,
    damping: float = 0.1,
    seed: int = 0,
    memory_limit: int = 1 << 30,
    progress: bool = True,
) -> nn.Module:
    """Replaces each `nn.Linear` that is included, and not excluded, by a `QuantLinear`.

    With calibration the batches go through the unchanged model, and hooks on the layers gather
    second moments of what arrives (`fp4.calibration.Calibration`): as many layers at once as
    `memory_limit` allows, and then the next ones, so that batches are run several times if need
    be. The result does not depend on the limit. All layers are quantized before one is replaced.

    A bias stays: the layer that replaces one with a bias is a `QuantLinearWithBias`.

    Args:
      model: changed in place. It is run in evaluation mode without gradients, and left in the
        mode that it was in.
      format: "mx", "nv", or a `Format`.
      calibration: batches, run as `model(**batch)` if they are mappings, as `model(*batch)` if
        they are tuples or lists, else as `model(batch)`. Positions of padding count like others:
        batches without padding are better.
      forward: runs a batch, `forward(model, batch)`, if it is not as above.
      include, exclude: patterns, as of shells, of the names of layers in `model.named_modules()`:
        "encoder.*", "*.mlp.*", "lm_head".
      transform, transform_size, transform_dtype, method, scale_search, damping, seed: see
        `fp4.quantize`. `transform_dtype` is one of numpy, and bfloat16 if absent.
      memory_limit: bytes that statistics may take at once; those of one layer always may.
      progress: shows a bar on standard error, if tqdm is installed.

    Returns:
      The model.

    Raises:
      ValueError: no layer is left by the patterns, K of a layer is not a multiple of the group
        size, no calibration where it is needed, or a layer that no batch reached.
      TypeError: an argument of another type.
    """
    format = Format.of(format)
    known = {} if transform_dtype is None else {"transform_dtype": transform_dtype}
    options = Options(
        transform,
        transform_size,
        method=method,
        scale_search=scale_search,
        damping=damping,
        seed=seed,
        **known,
    )
    if calibration is None and options.needs_calibration:
        raise ValueError(
            "calibration: expected batches, got none: the transform 'wush' and the method "
            "'feedback' are computed from activations"
        )
    linears = _select(model, format, _patterns("include", include), _patterns("exclude", exclude))
    batches = None if calibration is None else list(calibration)
    quantized: dict[str, QuantizedLayer] = {}
    with _progress_bar(len(linears), progress) as advance:
        for names in _passes(linears, memory_limit if batches is not None else None):
            statistics: dict[str, Calibration] = {}
            if batches is not None:
                group = {name: linears[name] for name in names}
                statistics = _calibrate(model, group, batches, forward or _forward)
            for name in names:
                # Popped: statistics go as soon as their layer is done.
                quantized[name] = _named(
                    name, linears[name].weight, format, options, statistics.pop(name, None)
                )
                advance()
    replace_modules(
        model, {id(linear): make_module(linear, quantized[n]) for n, linear in linears.items()}
    )
    return model


# ---- which layers -----------------------------------------------------------------------------


def _patterns(argument: str, patterns: str | Sequence[str]) -> tuple[str, ...]:
    patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise TypeError(f"{argument}: expected patterns, got {type(pattern).__name__}")
    return patterns


def _select(
    model: nn.Module, format: Format, include: tuple[str, ...], exclude: tuple[str, ...]
) -> dict[str, nn.Linear]:
    def matches(name: str, patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    every = find_linears(model)
    chosen = {
        name: linear
        for name, linear in every.items()
        if matches(name, include) and not matches(name, exclude)
    }
    if not chosen:
        raise ValueError(
            f"model: expected an nn.Linear that include={include} and exclude={exclude} leave; "
            f"it has {len(every)}: {', '.join(list(every)[:8])}{', ...' if len(every) > 8 else ''}"
        )
    for name, linear in chosen.items():
        if linear.in_features % format.group_size:
            raise ValueError(
                f"layer '{name}': expected in_features to be a multiple of the group size "
                f"{format.group_size}, got {linear.in_features}; exclude it, or choose a format "
                "with smaller groups"
            )
    return chosen


# ---- calibration ------------------------------------------------------------------------------


def _passes(linears: Mapping[str, nn.Linear], limit: int | None) -> Iterator[list[str]]:
    """Cuts the layers in runs whose statistics fit the limit together."""
    names: list[str] = []
    used = 0
    for name, linear in linears.items():
        k = linear.in_features
        size = 0 if limit is None else 8 * k * k + 4 * SAMPLE_ROWS * k
        if names and limit is not None and used + size > limit:
            yield names
            names, used = [], 0
        names.append(name)
        used += size
    yield names


def _forward(model: nn.Module, batch: Any) -> object:
    if isinstance(batch, Mapping):
        return model(**batch)
    return model(*batch) if isinstance(batch, (tuple, list)) else model(batch)


def _calibrate(
    model: nn.Module,
    linears: Mapping[str, nn.Linear],
    batches: Sequence[Any],
    forward: Callable[[nn.Module, Any], object],
) -> dict[str, Calibration]:
    statistics = {name: Calibration(linear.in_features) for name, linear in linears.items()}

    def hook(name: str) -> Callable[..., None]:
        def gather(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            x = args[0] if args else kwargs["input"]
            try:
                statistics[name].add(x.detach().to("cpu", torch.float32).numpy())
            except ValueError as error:
                raise ValueError(f"layer '{name}': calibration: {error}") from None

        return gather

    handles = [
        linear.register_forward_pre_hook(hook(name), with_kwargs=True)
        for name, linear in linears.items()
    ]
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            for batch in batches:
                forward(model, batch)
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    for name, gathered in statistics.items():
        if gathered.rows == 0:
            raise ValueError(
                f"layer '{name}': calibration: no batch reached it; add batches that do, or "
                "exclude it"
            )
    return statistics


def _named(
    name: str,
    weight: torch.Tensor,
    format: Format,
    options: Options,
    statistics: Calibration | None,
) -> QuantizedLayer:
    try:
        return quantize_layer(as_weight(weight), format, options, statistics)
    except (ValueError, TypeError) as error:
        raise type(error)(f"layer '{name}': {error}") from error


@contextmanager
def _progress_bar(total: int, wanted: bool) -> Iterator[Callable[[], object]]:
    try:
        from tqdm import tqdm
    except ImportError:
        wanted = False
    if not wanted:
        yield lambda: None
        return
    with tqdm(total=total, unit="layer", desc="quantize") as bar:
        yield bar.update
