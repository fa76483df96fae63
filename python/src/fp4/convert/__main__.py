"""The command: python -m fp4.convert CHECKPOINT -o DIR."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import numpy as np

from .conversion import Conversion, plan_conversion, run_conversion
from .dtypes import describe
from .errors import ConversionError
from .options import Options
from .progress import format_bytes

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMG]I?B)?", text.upper())
    if not match or int(match.group(1)) == 0:
        raise argparse.ArgumentTypeError(f"expected a size such as 5GB or 512MiB, found '{text}'")
    return int(match.group(1)) * _UNITS[match.group(2) or ""]


def _scale(text: str) -> np.float32:
    try:
        value = np.float32(text)
    except ValueError:
        value = np.float32("nan")
    if not 0 < value < np.inf:
        raise argparse.ArgumentTypeError(f"expected a number greater than 0, found '{text}'")
    return value


def _make_parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(
        prog="python -m fp4.convert",
        description="Converts an FP4 checkpoint (compressed-tensors, gpt-oss, ModelOpt, FP-Quant, "
        "torchao, GGUF) into one of this project. A run that was interrupted goes on where it was "
        "when it is started again.",
    )
    parser.add_argument(
        "checkpoint", type=Path, help="a directory, or a .safetensors or .gguf file"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where the result goes")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would become of each tensor, write nothing"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out tensors whose name in the checkpoint does not match; can be repeated",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out tensors whose name in the checkpoint matches; can be repeated",
    )
    parser.add_argument(
        "--keep-interleaved",
        action="store_true",
        help="gpt-oss: keep gate_up_proj as it is, rows of gate and up in turns",
    )
    parser.add_argument(
        "--activation-global-scale",
        type=_scale,
        default=defaults.activation_global_scale,
        metavar="GS",
        help="of NVFP4 layers whose checkpoint has none (default %(default)s)",
    )
    parser.add_argument(
        "--shard-size",
        type=_size,
        default=defaults.shard_bytes,
        metavar="SIZE",
        help="the most that a file holds, unless one layer is larger (default 5GB)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    return parser


def _print_plan(conversion: Conversion) -> None:
    for group in conversion.groups:
        for output in group.outputs:
            content = output.content
            how = "from " + ", ".join(content.sources) if content.sources else "set"
            what = describe(content.dtype, content.shape)
            print(f"{output.name}: {what} {how if group.name else 'copied'}")


def _print_summary(conversion: Conversion, folder: Path | None) -> None:
    plan, shards = conversion.plan, conversion.shards
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    copied = len(conversion.groups) - len(plan.layers)
    size = format_bytes(sum(shard.nbytes for shard in shards))
    print(
        f"{plan.source}: {len(plan.layers)} layers converted, {copied} tensors copied, {size} in "
        f"{len(shards)} files{'' if folder is None else f' in {folder}'}"
    )


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = _make_parser()
    args = parser.parse_args(arguments)
    if args.output is None and not args.dry_run:
        parser.error("-o DIR is required, or --dry-run")
    options = Options(args.keep_interleaved, args.activation_global_scale, args.shard_size)
    try:
        conversion = plan_conversion(args.checkpoint, options, args.only, args.exclude)
        if args.dry_run:
            _print_plan(conversion)
        else:
            run_conversion(conversion, args.output, args.quiet)
        if not args.quiet:
            _print_summary(conversion, None if args.dry_run else args.output)
    except (ConversionError, OSError) as error:
        print(f"fp4.convert: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fp4.convert: interrupted; run it again to go on", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    # Partial files are removed on the way out.
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
