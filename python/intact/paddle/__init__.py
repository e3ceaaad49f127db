"""PaddlePaddle's names for static-graph programs: `import intact.paddle as paddle`.

Only names and argument forms are translated; what runs is Intact. A name that is not here raises an error that says which is
nearest.
"""

from __future__ import annotations

from typing import Any, NoReturn

from .._intact import CpuPlace as _CpuPlace
from .._intact import CudaPlace as _CudaPlace
from ..errors import UnsupportedError as _UnsupportedError
from . import _random
from . import io as io
from . import metric as metric
from . import nn as nn
from . import optimizer as optimizer
from . import regularizer as regularizer
from . import static as static
from . import tensor as tensor
from . import utils as utils
from . import vision as vision
from ._names import missing as _missing
from .param_attr import ParamAttr as ParamAttr
from .tensor import abs as abs
from .tensor import add as add
from .tensor import add_n as add_n
from .tensor import arange as arange
from .tensor import argmax as argmax
from .tensor import argmin as argmin
from .tensor import assign as assign
from .tensor import bmm as bmm
from .tensor import broadcast_to as broadcast_to
from .tensor import cast as cast
from .tensor import chunk as chunk
from .tensor import clip as clip
from .tensor import clone as clone
from .tensor import concat as concat
from .tensor import create_parameter as create_parameter
from .tensor import cumsum as cumsum
from .tensor import divide as divide
from .tensor import equal as equal
from .tensor import erf as erf
from .tensor import exp as exp
from .tensor import expand as expand
from .tensor import flatten as flatten
from .tensor import full as full
from .tensor import full_like as full_like
from .tensor import gather as gather
from .tensor import greater_equal as greater_equal
from .tensor import greater_than as greater_than
from .tensor import increment as increment
from .tensor import index_select as index_select
from .tensor import less_equal as less_equal
from .tensor import less_than as less_than
from .tensor import log as log
from .tensor import matmul as matmul
from .tensor import max as max
from .tensor import maximum as maximum
from .tensor import mean as mean
from .tensor import min as min
from .tensor import minimum as minimum
from .tensor import mm as mm
from .tensor import multiply as multiply
from .tensor import neg as neg
from .tensor import not_equal as not_equal
from .tensor import ones as ones
from .tensor import ones_like as ones_like
from .tensor import pow as pow
from .tensor import reciprocal as reciprocal
from .tensor import reshape as reshape
from .tensor import rsqrt as rsqrt
from .tensor import scale as scale
from .tensor import shape as shape
from .tensor import slice as slice
from .tensor import split as split
from .tensor import sqrt as sqrt
from .tensor import square as square
from .tensor import squeeze as squeeze
from .tensor import stack as stack
from .tensor import strided_slice as strided_slice
from .tensor import subtract as subtract
from .tensor import sum as sum
from .tensor import t as t
from .tensor import tanh as tanh
from .tensor import tile as tile
from .tensor import topk as topk
from .tensor import transpose as transpose
from .tensor import unbind as unbind
from .tensor import unsqueeze as unsqueeze
from .tensor import unstack as unstack
from .tensor import where as where
from .tensor import zeros as zeros
from .tensor import zeros_like as zeros_like

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


def get_default_dtype() -> str:
    return "float32"


__getattr__ = _missing("intact.paddle", globals())
