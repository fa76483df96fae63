"""The compiler. Tensors are (address, dtype, shape); a size of -1 is dynamic."""

from typing import TypeAlias

Tensor: TypeAlias = tuple[int, str, tuple[int, ...] | list[int]]
Value: TypeAlias = tuple[str, bool, str, list[int]]

version: str

class Error(RuntimeError):
    """What the compiler says of a module, a binding or a call that it refuses.

    The message has MLIR's diagnostics, each with its location, what was expected and what was found.
    """

def run_passes(text: str, name: str, pipeline: str, only_last: bool) -> list[tuple[str, str]]: ...

class Function:
    def __init__(
        self,
        text: str,
        name: str,
        entry: str,
        target: str,
        cpu: str,
        features: str,
        cache: str,
        driver: str,
        device: int,
        chip: str,
    ) -> None: ...
    @property
    def arguments(self) -> list[Value]: ...
    @property
    def results(self) -> list[Value]: ...
    @property
    def diagnostics(self) -> str: ...
    def bind(self, parameters: list[Tensor | None]) -> Function: ...
    def result_shapes(self, inputs: list[Tensor]) -> list[list[int]]: ...
    def run(self, inputs: list[Tensor], results: list[Tensor]) -> None: ...
    def run_rows(self, rows: int, input: int, result: int) -> None: ...
