"""The conversion of a checkpoint, from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .checkpoint import INDEX, Checkpoint, open_checkpoint
from .errors import ConversionError
from .journal import Journal, fingerprint
from .options import Options
from .plan import Group, Plan
from .progress import Progress
from .recognise import find_source
from .result import Shard, check_names, copies, make_config, make_index, make_shards
from .write import copy_file, write_json, write_shard


@dataclass(frozen=True, eq=False)
class Conversion:
    """A conversion that is planned: nothing but headers and scalars was read.

    Attributes:
      checkpoint: the source.
      options: what was chosen.
      plan: what becomes of its quantized modules.
      groups: all that will be written, layers first.
      shards: the files.
    """

    checkpoint: Checkpoint
    options: Options
    plan: Plan
    groups: list[Group]
    shards: list[Shard]


def plan_conversion(
    source: Path,
    options: Options | None = None,
    only: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Conversion:
    """Reads what a checkpoint holds and plans its conversion.

    Args:
      source: a directory with config.json and safetensors files, or one .safetensors or .gguf
        file.
      options: what can be chosen.
      only: patterns of names of tensors, as of a shell: the others are left out.
      exclude: patterns of tensors to leave out.

    Returns:
      What `run_conversion` takes. Nothing is written yet.

    Raises:
      ConversionError: the checkpoint is malformed, of an unknown format, or holds what this
        project's form cannot.
    """
    options = options or Options()
    checkpoint = open_checkpoint(source, only, exclude)
    plan = find_source(checkpoint).plan(checkpoint, options)
    if not plan.layers:
        raise checkpoint.error(
            f"expected {plan.source} tensors in FP4, found none among {len(checkpoint.tensors)}"
        )
    groups = [*plan.layers, *copies(checkpoint, plan)]
    check_names(checkpoint, groups)
    return Conversion(checkpoint, options, plan, groups, make_shards(groups, options.shard_bytes))


def run_conversion(conversion: Conversion, folder: Path, quiet: bool = True) -> None:
    """Writes the result into a directory, or the rest of it if it was begun before.

    Each file appears when it is complete, config.json last.

    Args:
      conversion: what to do.
      folder: an empty directory, one that does not exist, or one where this same conversion was
        interrupted.
      quiet: says nothing; else progress goes to standard error.

    Raises:
      ConversionError: the directory holds something else, or a tensor cannot be converted.
      OSError: reading or writing failed.
    """
    checkpoint, shards = conversion.checkpoint, conversion.shards
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint.path.is_dir() and folder.samefile(checkpoint.path):
        raise ConversionError(f"{folder}: is the checkpoint; expected another directory")
    journal = Journal(folder, fingerprint(checkpoint, conversion.options, shards))
    try:
        total = sum(shard.nbytes for shard in shards)
        with Progress(total, len(shards), quiet) as progress:
            for shard in shards:
                path = folder / shard.name
                done = journal.is_done(path)
                progress.file(shard.name, shard.nbytes, done)
                if not done:
                    digest = write_shard(shard, path, progress.advance, checkpoint.release)
                    journal.add(path, digest)
        for companion in checkpoint.companions:
            copy_file(companion, folder / companion.name)
        write_json(folder / INDEX, make_index(shards))
        write_json(folder / "config.json", make_config(checkpoint, conversion.plan))
    finally:
        journal.close()
    journal.remove()


def convert(
    source: Path,
    folder: Path,
    options: Options | None = None,
    only: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Conversion:
    """Plans a conversion and runs it.

    Args:
      source, options, only, exclude: see `plan_conversion`.
      folder: see `run_conversion`.

    Returns:
      What was converted.

    Raises:
      ConversionError: as both of these.
      OSError: reading or writing failed.
    """
    conversion = plan_conversion(source, options, only, exclude)
    run_conversion(conversion, folder)
    return conversion
