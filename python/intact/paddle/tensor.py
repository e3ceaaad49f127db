"""Operations on tensors: each appends an op to the current Program."""

from __future__ import annotations

import builtins
from typing import Any, Optional, Sequence, Union

from .. import nn as _nn
from .._intact import Var as _Var
from .._intact import default_main_program as _default_main_program
from ..errors import UnsupportedError as _UnsupportedError
from ._names import missing as _missing
from ._names import only as _only

Axes = Union[int, Sequence[int], None]
_CODES = {"bool": 0, "int16": 1, "int32": 2, "int64": 3, "float16": 4, "float32": 5, "float64": 6, "uint8": 20, "int8": 21}


def _append(type: str, inputs: dict[str, Any], attrs: Optional[dict[str, Any]] = None) -> _Var:
    return _nn.append(type, inputs, attrs or {})[0]


def _axes(axis: Axes) -> list[int]:
    if axis is None:
        return []
    return [axis] if isinstance(axis, int) else list(axis)


def _code(where: str, dtype: Any) -> int:
    if str(dtype) not in _CODES:
        raise _UnsupportedError(f"{where}: dtype {dtype!r} is not known; use one of {', '.join(_CODES)}")
    return _CODES[str(dtype)]


def _operand(x: _Var, y: Union[_Var, float]) -> _Var:
    """y, or a number as a tensor of x's type."""
    return y if isinstance(y, _Var) else full([1], y, x.dtype)


def mean(x: _Var, axis: Axes = None, keepdim: builtins.bool = False, name: Optional[str] = None) -> _Var:
    if axis is None:
        _only("mean", keepdim=(keepdim, False))
        return _nn.mean(x)
    return _nn.reduce_mean(x, _axes(axis), keepdim)


def sum(x: _Var, axis: Axes = None, dtype: Any = None, keepdim: builtins.bool = False,
        name: Optional[str] = None) -> _Var:
    _only("sum", dtype=(dtype, None))
    return _nn.reduce_sum(x, _axes(axis), keepdim)


def max(x: _Var, axis: Axes = None, keepdim: builtins.bool = False, name: Optional[str] = None) -> _Var:
    return _append("reduce_max", {"X": x}, {"dim": _axes(axis), "keep_dim": keepdim, "reduce_all": axis is None})


def min(x: _Var, axis: Axes = None, keepdim: builtins.bool = False, name: Optional[str] = None) -> _Var:
    return -max(-x, axis, keepdim)


def reshape(x: _Var, shape: Sequence[int], name: Optional[str] = None) -> _Var:
    return _nn.reshape(x, list(shape))


def flatten(x: _Var, start_axis: int = 0, stop_axis: int = -1, name: Optional[str] = None) -> _Var:
    return _nn.flatten(x, start_axis, stop_axis)


def transpose(x: _Var, perm: Sequence[int], name: Optional[str] = None) -> _Var:
    return _nn.transpose(x, list(perm))


def t(input: _Var, name: Optional[str] = None) -> _Var:
    """A matrix's transpose; a vector as it is."""
    if len(input.shape) > 2:
        raise _UnsupportedError(f"t: input {list(input.shape)} has more than two dimensions; use transpose")
    return _nn.transpose(input, [1, 0]) if len(input.shape) == 2 else input


def squeeze(x: _Var, axis: Axes = None, name: Optional[str] = None) -> _Var:
    return _append("squeeze2", {"X": x}, {"axes": _axes(axis)})


def unsqueeze(x: _Var, axis: Union[int, Sequence[int]], name: Optional[str] = None) -> _Var:
    return _append("unsqueeze2", {"X": x}, {"axes": _axes(axis)})


def concat(x: Sequence[_Var], axis: int = 0, name: Optional[str] = None) -> _Var:
    return _nn.concat(list(x), axis)


def stack(x: Sequence[_Var], axis: int = 0, name: Optional[str] = None) -> _Var:
    return _append("stack", {"X": list(x)}, {"axis": axis})


def unstack(x: _Var, axis: int = 0, num: Optional[int] = None) -> list[_Var]:
    count = x.shape[axis] if num is None else num
    return _nn.append("unstack", {"X": x}, {"axis": axis, "num": count}, builtins.max(count, 0))


unbind = unstack


def split(x: _Var, num_or_sections: Union[int, Sequence[int]], axis: int = 0, name: Optional[str] = None) -> list[_Var]:
    """Into so many equal parts, or into parts of these sizes."""
    if isinstance(num_or_sections, int):
        return _nn.append("split", {"X": x}, {"num": num_or_sections, "axis": axis}, num_or_sections)
    sections = list(num_or_sections)
    return _nn.append("split", {"X": x}, {"sections": sections, "axis": axis}, len(sections))


def chunk(x: _Var, chunks: int, axis: int = 0, name: Optional[str] = None) -> list[_Var]:
    return split(x, chunks, axis)


def slice(input: _Var, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> _Var:
    return _append("slice", {"Input": input}, {"axes": list(axes), "starts": list(starts), "ends": list(ends)})


def strided_slice(x: _Var, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int], strides: Sequence[int],
                  name: Optional[str] = None) -> _Var:
    return _append("strided_slice", {"Input": x},
                   {"axes": list(axes), "starts": list(starts), "ends": list(ends), "strides": list(strides)})


def gather(x: _Var, index: _Var, axis: int = 0, name: Optional[str] = None) -> _Var:
    """Rows of x, chosen by integers [n]."""
    return _append("gather", {"X": x, "Index": index}, {"axis": axis})


def index_select(x: _Var, index: _Var, axis: int = 0, name: Optional[str] = None) -> _Var:
    return gather(x, index, axis)


def tile(x: _Var, repeat_times: Sequence[int], name: Optional[str] = None) -> _Var:
    return _append("tile", {"X": x}, {"repeat_times": list(repeat_times)})


def expand(x: _Var, shape: Sequence[int], name: Optional[str] = None) -> _Var:
    """-1 keeps x's dimension."""
    return _append("expand_v2", {"X": x}, {"shape": list(shape)})


def broadcast_to(x: _Var, shape: Sequence[int], name: Optional[str] = None) -> _Var:
    return expand(x, shape)


def matmul(x: _Var, y: _Var, transpose_x: builtins.bool = False, transpose_y: builtins.bool = False,
           name: Optional[str] = None) -> _Var:
    return _nn.matmul(x, y, transpose_x=transpose_x, transpose_y=transpose_y)


def mm(input: _Var, mat2: _Var, name: Optional[str] = None) -> _Var:
    return _nn.matmul(input, mat2)


def bmm(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return _nn.matmul(x, y)


def cast(x: _Var, dtype: str) -> _Var:
    return _nn.cast(x, dtype)


def assign(x: _Var, output: Any = None) -> _Var:
    _only("assign", output=(output, None))
    return _append("assign", {"X": x})


def clone(x: _Var, name: Optional[str] = None) -> _Var:
    return assign(x)


def scale(x: _Var, scale: float = 1.0, bias: float = 0.0, bias_after_scale: builtins.bool = True,
          act: Optional[str] = None, name: Optional[str] = None) -> _Var:
    _only("scale", act=(act, None))
    return _nn.scale(x, scale, bias if bias_after_scale else bias * scale)


def add(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x + y


def add_n(inputs: Union[_Var, Sequence[_Var]], name: Optional[str] = None) -> _Var:
    return _append("sum", {"X": inputs if isinstance(inputs, _Var) else list(inputs)})


def subtract(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x - y


def multiply(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x * y


def divide(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x / y


def pow(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    if isinstance(y, _Var):
        return _append("elementwise_pow", {"X": x, "Y": y})
    return _append("pow", {"X": x}, {"factor": float(y)})


def maximum(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return _nn.elementwise_max(x, y)


def minimum(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return _nn.elementwise_min(x, y)


def clip(x: _Var, min: Optional[float] = None, max: Optional[float] = None, name: Optional[str] = None) -> _Var:
    largest = 3.4028234e38
    return _append("clip", {"X": x}, {"min": -largest if min is None else float(min),
                                      "max": largest if max is None else float(max)})


def abs(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("abs", {"X": x})


def exp(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("exp", {"X": x})


def log(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("log", {"X": x})


def sqrt(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("sqrt", {"X": x})


def rsqrt(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("rsqrt", {"X": x})


def square(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("square", {"X": x})


def erf(x: _Var, name: Optional[str] = None) -> _Var:
    return _append("erf", {"X": x})


def tanh(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.tanh(x)


def neg(x: _Var, name: Optional[str] = None) -> _Var:
    return -x


def reciprocal(x: _Var, name: Optional[str] = None) -> _Var:
    return pow(x, -1.0)


def increment(x: _Var, value: float = 1.0, name: Optional[str] = None) -> _Var:
    """Adds value to x itself."""
    x.block.append_op("increment", {"X": x}, {"Out": x}, {"step": float(value)})
    return x


def cumsum(x: _Var, axis: Optional[int] = None, dtype: Any = None, name: Optional[str] = None) -> _Var:
    _only("cumsum", dtype=(dtype, None))
    return _append("cumsum", {"X": x}, {"axis": -1 if axis is None else axis, "flatten": axis is None})


def argmax(x: _Var, axis: Optional[int] = None, keepdim: builtins.bool = False, dtype: str = "int64",
           name: Optional[str] = None) -> _Var:
    return _append("arg_max", {"X": x}, {"axis": 0 if axis is None else axis, "keepdims": keepdim, "flatten": axis is None,
                                         "dtype": _code("argmax", dtype)})


def argmin(x: _Var, axis: Optional[int] = None, keepdim: builtins.bool = False, dtype: str = "int64",
           name: Optional[str] = None) -> _Var:
    return argmax(-x, axis, keepdim, dtype)


def topk(x: _Var, k: int, axis: Optional[int] = None, largest: builtins.bool = True, sorted: builtins.bool = True,
         name: Optional[str] = None) -> tuple[_Var, _Var]:
    """(values, int64 indices)."""
    values, indices = _nn.append("top_k_v2", {"X": x}, {"k": k, "axis": -1 if axis is None else axis, "largest": largest,
                                                        "sorted": sorted})
    return values, indices


def equal(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("equal", {"X": x, "Y": _operand(x, y)})


def not_equal(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("not_equal", {"X": x, "Y": _operand(x, y)})


def greater_than(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("greater_than", {"X": x, "Y": _operand(x, y)})


def greater_equal(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("greater_equal", {"X": x, "Y": _operand(x, y)})


def less_than(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("less_than", {"X": x, "Y": _operand(x, y)})


def less_equal(x: _Var, y: Union[_Var, float], name: Optional[str] = None) -> _Var:
    return _append("less_equal", {"X": x, "Y": _operand(x, y)})


def where(condition: _Var, x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return _append("where", {"Condition": condition, "X": x, "Y": y})


def shape(input: _Var) -> _Var:
    """The shape as int32 numbers."""
    return _append("shape", {"Input": input})


def full(shape: Sequence[int], fill_value: float, dtype: Any = "float32", name: Optional[str] = None) -> _Var:
    return _append("fill_constant", {}, {"shape": list(shape), "value": float(fill_value),
                                         "dtype": _code("full", dtype or "float32")})


def zeros(shape: Sequence[int], dtype: Any = "float32", name: Optional[str] = None) -> _Var:
    return full(shape, 0, dtype)


def ones(shape: Sequence[int], dtype: Any = "float32", name: Optional[str] = None) -> _Var:
    return full(shape, 1, dtype)


def full_like(x: _Var, fill_value: float, dtype: Any = None, name: Optional[str] = None) -> _Var:
    code = -1 if dtype is None else _code("full_like", dtype)
    return _append("fill_any_like", {"X": x}, {"value": float(fill_value), "dtype": code})


def zeros_like(x: _Var, dtype: Any = None, name: Optional[str] = None) -> _Var:
    return full_like(x, 0, dtype)


def ones_like(x: _Var, dtype: Any = None, name: Optional[str] = None) -> _Var:
    return full_like(x, 1, dtype)


def arange(start: float = 0, end: Optional[float] = None, step: float = 1, dtype: Any = None,
           name: Optional[str] = None) -> _Var:
    start, end = (0, start) if end is None else (start, end)
    is_integer = builtins.all(isinstance(value, int) for value in (start, end, step))
    dtype = dtype or ("int64" if is_integer else "float32")
    slots = {"Start": start, "End": end, "Step": step}
    return _append("range", {slot: full([1], value, dtype) for slot, value in slots.items()})


def create_parameter(shape: Sequence[int], dtype: str, name: Optional[str] = None, attr: Any = None,
                     is_bias: builtins.bool = False, default_initializer: Optional[_nn.Initializer] = None) -> _Var:
    """A trainable tensor: Xavier uniform, or 0 for a bias, unless an initializer is given."""
    from .static.building import create_parameter as create

    return create(shape, dtype, name, attr, is_bias, default_initializer)


__getattr__ = _missing(__name__, set(globals()) - {"Axes"})
