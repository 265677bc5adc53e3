"""What callers have, as the Rust part takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._etastar import EtastarError

#: The names that safetensors has for NumPy's types.
_TYPES = {
    "b1": "BOOL", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64", "u1": "U8", "u2": "U16",
    "u4": "U32", "u8": "U64", "f2": "F16", "f4": "F32", "f8": "F64",
}  # fmt: skip


def settings(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call, its arrays as they are needed."""
    settings = dict(arguments)
    if settings["x"] is not None:
        settings["x"] = _numbers("inputs", _array(settings["x"]))
    if settings["y"] is not None:
        settings["y"] = _labels(_array(settings["y"]))
    for name in ("hidden", "ladder", "layer_rates", "layers"):
        if settings.get(name) is not None:
            settings[name] = list(settings[name])
    return settings


def weights(weights: Any) -> Any:
    """A path as it is, tensors as name, type, shape and bytes."""
    if not isinstance(weights, Mapping):
        return weights
    return [_tensor(str(name), tensor) for name, tensor in weights.items()]


def _tensor(name: str, tensor: Any) -> tuple[str, str, list[int], bytes]:
    array = _array(tensor)
    kind = _TYPES.get(array.dtype.str[1:])
    if kind is None:
        raise EtastarError(f"tensor `{name}` has type {array.dtype}, which safetensors does not have")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return name, kind, list(array.shape), little.tobytes()


def _array(values: Any) -> np.ndarray:
    """A NumPy array of what may be a tensor of PyTorch, on any device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            # NumPy has no such type; single precision has all its values.
            values = values.float()
    try:
        return np.asarray(values)
    except ValueError as error:
        raise EtastarError(f"this is not an array: {error}") from error


def _numbers(what: str, array: np.ndarray) -> np.ndarray:
    """In double precision, as every file of samples is read."""
    if array.dtype.kind in "UST":
        raise EtastarError(f"the {what} are texts, not numbers")
    if array.dtype.kind in "cmM":
        raise EtastarError(f"the {what} have elements of type {array.dtype}; numbers are needed")
    try:
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise EtastarError(f"the {what} have elements that are not numbers: {error}") from error


def _labels(array: np.ndarray) -> Any:
    """Numbers, or the shape and the texts."""
    if array.dtype.kind == "O":
        # Objects of one kind are an array of that kind: text, truth values, numbers.
        kinds = {type(label) for label in array.flat}
        if str in kinds and kinds != {str}:
            missing = next(i for i, label in enumerate(array.flat) if not isinstance(label, str))
            raise EtastarError(
                f"the label of sample {missing} is {array.flat[missing]!r}, others are texts"
            )
        array = np.array(array.tolist())
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind in "UT":
        return list(array.shape), [str(text) for text in array.ravel().tolist()]
    return _numbers("labels", array)
