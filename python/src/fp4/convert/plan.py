"""What a conversion will write, before anything is read or written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .dtypes import BITS, Array, Shape, byte_size, describe
from .safetensors_file import StoredTensor


@dataclass(frozen=True, slots=True)
class Content:
    """A tensor that can be made.

    Attributes:
      dtype: as safetensors names it.
      shape: its shape.
      sources: the names of the tensors that it is made from.
      read: makes it: an array of just its bytes in C order, of any dtype of that size. May raise
        ConversionError for values that cannot be converted.
    """

    dtype: str
    shape: Shape
    sources: tuple[str, ...]
    read: Callable[[], Array]

    @property
    def nbytes(self) -> int:
        """The bytes that it will take in a file."""
        size = byte_size(self.dtype, self.shape)
        assert size is not None, describe(self.dtype, self.shape)
        return size

    @property
    def alignment(self) -> int:
        """The bytes of an element."""
        return max(BITS[self.dtype] // 8, 1)

    def then(self, change: Callable[[Array], Array], dtype: str, shape: Shape) -> Content:
        """This tensor, changed when it is read."""
        return replace(self, dtype=dtype, shape=shape, read=lambda: change(self.read()))


def stored(tensor: StoredTensor) -> Content:
    """A tensor as it is in its file."""
    return Content(tensor.dtype, tensor.shape, (tensor.name,), lambda: tensor.data)


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of the result."""

    name: str
    content: Content


@dataclass(frozen=True, slots=True)
class Group:
    """Tensors that stay in one file: a layer, or one tensor that is copied.

    Attributes:
      name: of the layer; "" for what is copied.
      kind: what config.json says about the layer, apart from its name.
    """

    outputs: tuple[Output, ...]
    name: str = ""
    kind: tuple[tuple[str, str | int], ...] = ()

    @property
    def nbytes(self) -> int:
        """The bytes of all its tensors."""
        return sum(output.content.nbytes for output in self.outputs)


@dataclass
class Plan:
    """What to write.

    Attributes:
      source: the name of the source's format.
      layers: the layers that are converted.
      consumed: the names of the tensors that layers are made from; all others are copied.
      notes: what the user should know: what was assumed, by the names of tensors.
    """

    source: str
    layers: list[Group] = field(default_factory=list)
    consumed: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
