"""Which format a checkpoint has."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from .checkpoint import Checkpoint
from .errors import ConversionError
from .options import Options
from .plan import Plan
from .sources import compressed_tensors, fp_quant, gguf, gpt_oss, modelopt, torchao


class Source(Protocol):
    """A module of `sources`."""

    NAME: str

    def recognise(self, checkpoint: Checkpoint) -> bool: ...

    def plan(self, checkpoint: Checkpoint, options: Options) -> Plan: ...


_BY_METHOD: dict[str, Source] = {
    compressed_tensors.METHOD: compressed_tensors,
    fp_quant.METHOD: fp_quant,
    gpt_oss.METHOD: gpt_oss,
    modelopt.METHOD: modelopt,
    torchao.METHOD: torchao,
}


def find_source(checkpoint: Checkpoint) -> Source:
    """The format: what the configuration says; without one, what only one format has.

    Raises:
      ConversionError: no format, more than one, or one that is not known.
    """
    if checkpoint.is_gguf:
        return gguf
    if checkpoint.quantization:
        method = checkpoint.quantization.get("quant_method")
        if not isinstance(method, str) or method not in _BY_METHOD:
            raise checkpoint.error(
                f"quantization_config.quant_method: expected {', '.join(sorted(_BY_METHOD))}, "
                f"found {method!r}"
            )
        return _BY_METHOD[method]
    found = [source for source in _BY_METHOD.values() if source.recognise(checkpoint)]
    if len(found) != 1:
        raise _not_one(checkpoint, found)
    return found[0]


def _not_one(checkpoint: Checkpoint, found: list[Source]) -> ConversionError:
    dtypes = Counter(tensor.dtype for tensor in checkpoint.tensors.values())
    what = ", ".join(f"{count} {dtype}" for dtype, count in sorted(dtypes.items()))
    if found:
        names = ", ".join(source.NAME for source in found)
        return checkpoint.error(
            f"expected tensors of one format, found those of {names}; --only and --exclude choose"
        )
    return checkpoint.error(
        "no quantization_config, and no tensors that only one format has: expected those of "
        f"{', '.join(source.NAME for source in _BY_METHOD.values())} or a GGUF file; found "
        f"{what or 'no tensors'}"
    )
