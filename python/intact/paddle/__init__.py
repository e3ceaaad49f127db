"""PaddlePaddle's names for static-graph programs: `import intact.paddle as paddle`.

Only names and argument forms are translated; what runs is Intact. A name that is not here raises an error that says which is
nearest.
"""

from __future__ import annotations

from typing import Any, NoReturn, Optional, Sequence

from .. import nn as _nn
from .._intact import CpuPlace as _CpuPlace
from .._intact import CudaPlace as _CudaPlace
from .._intact import Var as _Var
from ..errors import UnsupportedError as _UnsupportedError
from . import _random
from . import io as io
from . import metric as metric
from . import nn as nn
from . import optimizer as optimizer
from . import regularizer as regularizer
from . import static as static
from . import vision as vision
from ._names import missing as _missing
from ._names import only as _only
from .param_attr import ParamAttr as ParamAttr

CPUPlace = _CpuPlace
CUDAPlace = _CudaPlace
bool = "bool"
int8 = "int8"
uint8 = "uint8"
int16 = "int16"
int32 = "int32"
int64 = "int64"
float16 = "float16"
float32 = "float32"
float64 = "float64"
__version__ = "2.6.2"  # the release whose behaviour is followed


def enable_static() -> None:
    """Does nothing: there is no other mode."""


def disable_static() -> NoReturn:
    raise _UnsupportedError("disable_static: there is no dygraph mode; build a static.Program")


def in_dynamic_mode() -> Any:
    return False


def is_compiled_with_cuda() -> Any:
    return False


def seed(value: int) -> None:
    """Seed of Programs guarded, DataLoaders and random transforms made from here on."""
    _random.set_seed(value)
    static.default_main_program().random_seed = value
    static.default_startup_program().random_seed = value


def set_device(device: str) -> CPUPlace:
    if device != "cpu":
        raise _UnsupportedError(f"set_device: '{device}' was asked for but this build has no CUDA backend; use 'cpu'")
    return CPUPlace()


def get_device() -> str:
    return "cpu"


def mean(x: _Var, axis: int | Sequence[int] | None = None, keepdim: Any = False, name: Optional[str] = None) -> _Var:
    if axis is None:
        _only("mean", keepdim=(keepdim, False))
        return _nn.mean(x)
    return _nn.reduce_mean(x, [axis] if isinstance(axis, int) else list(axis), keepdim)


def sum(x: _Var, axis: int | Sequence[int] | None = None, dtype: Any = None, keepdim: Any = False,
        name: Optional[str] = None) -> _Var:
    _only("sum", dtype=(dtype, None))
    return _nn.reduce_sum(x, [axis] if isinstance(axis, int) else list(axis or []), keepdim)


def reshape(x: _Var, shape: Sequence[int], name: Optional[str] = None) -> _Var:
    return _nn.reshape(x, list(shape))


def flatten(x: _Var, start_axis: int = 0, stop_axis: int = -1, name: Optional[str] = None) -> _Var:
    return _nn.flatten(x, start_axis, stop_axis)


def transpose(x: _Var, perm: Sequence[int], name: Optional[str] = None) -> _Var:
    return _nn.transpose(x, list(perm))


def concat(x: Sequence[_Var], axis: int = 0, name: Optional[str] = None) -> _Var:
    return _nn.concat(list(x), axis)


def matmul(x: _Var, y: _Var, transpose_x: Any = False, transpose_y: Any = False, name: Optional[str] = None) -> _Var:
    return _nn.matmul(x, y, transpose_x=transpose_x, transpose_y=transpose_y)


def cast(x: _Var, dtype: str) -> _Var:
    return _nn.cast(x, dtype)


def scale(x: _Var, scale: float = 1.0, bias: float = 0.0, bias_after_scale: Any = True, act: Optional[str] = None,
          name: Optional[str] = None) -> _Var:
    _only("scale", bias_after_scale=(bias_after_scale, True), act=(act, None))
    return _nn.scale(x, scale, bias)


def add(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x + y


def subtract(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x - y


def multiply(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x * y


def divide(x: _Var, y: _Var, name: Optional[str] = None) -> _Var:
    return x / y


def abs(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "abs")


def tanh(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.tanh(x)


__getattr__ = _missing("intact.paddle", globals())
