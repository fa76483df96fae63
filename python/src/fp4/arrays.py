"""Arrays of numpy, PyTorch and whatever speaks DLPack, as the compiler takes them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fp4._native import Tensor

# By the names that safetensors give dtypes.
_NUMPY: dict[str, str] = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "U16": "uint16",
    "I32": "int32",
    "U32": "uint32",
    "I64": "int64",
    "U64": "uint64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
}
# Devices of DLPack: those whose memory the CPU reads, and what others are called.
_HOST = (1, 3, 11, 13)
_DEVICES = {2: "cuda", 7: "vulkan", 8: "metal", 10: "rocm", 14: "oneapi"}
_SAFETENSORS: dict[str, str] = {name: dtype for dtype, name in _NUMPY.items()}


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy dtype of a safetensors name; bf16 and the 8-bit floats are ml_dtypes'.

    Raises:
        ImportError: if ml_dtypes is needed and not installed.
    """
    name = _NUMPY[dtype]
    if hasattr(np, name):
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError(
            f"numpy has no {name}: pip install ml_dtypes, or pass PyTorch tensors"
        ) from None
    return np.dtype(getattr(ml_dtypes, name))


def is_torch(array: object) -> bool:
    """Whether it is a PyTorch tensor, without importing PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def describe(array: Any, name: str) -> tuple[Tensor, Any]:
    """Where an array is, and what keeps it there.

    Contiguous arrays on the CPU are not copied.

    Args:
        array: a numpy array or scalar, a PyTorch tensor, a Python number (an f32), or an object
            with `__dlpack__`.
        name: what it is called in errors.

    Raises:
        TypeError: for anything else, or a dtype that the compiler does not know.
        ValueError: if an array is not in memory of the CPU.
    """
    if is_torch(array):
        if not array.is_cpu:
            raise ValueError(f"'{name}' is on {array.device}, but expected on the CPU")
        array = array.contiguous()
        dtype = _SAFETENSORS.get(str(array.dtype).removeprefix("torch."))
        if dtype is None:
            raise TypeError(f"'{name}' is of dtype {array.dtype}, which fp4 does not know")
        return (array.data_ptr(), dtype, array.shape), array
    if isinstance(array, (int, float)):
        array = np.array(array, np.float32)
    elif not isinstance(array, (np.ndarray, np.generic)):
        if not hasattr(array, "__dlpack__"):
            raise TypeError(f"'{name}' is a {type(array).__name__}, but an array is expected")
        device, number = array.__dlpack_device__()
        if device not in _HOST:
            what = _DEVICES.get(device, f"device {device}")
            raise ValueError(f"'{name}' is on {what}:{number}, but expected on the CPU")
        array = np.from_dlpack(array)
    # ascontiguousarray would make a vector of a scalar.
    array = np.asarray(array, order="C")
    dtype = _SAFETENSORS.get(array.dtype.name)
    if dtype is None or not array.dtype.isnative:
        raise TypeError(f"'{name}' is of dtype {array.dtype}, which fp4 does not know")
    return (array.ctypes.data, dtype, array.shape), array


def empty(dtype: str, shape: list[int], like_torch: bool) -> Any:
    """A new array, of PyTorch or numpy."""
    if like_torch:
        import torch

        return torch.empty(shape, dtype=getattr(torch, _NUMPY[dtype]))
    return np.empty(shape, numpy_dtype(dtype))
