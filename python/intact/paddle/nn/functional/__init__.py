"""paddle.nn.functional: activations, pooling, dropout, losses."""

from __future__ import annotations

from typing import Any, Optional

from .... import nn as _nn
from ...._intact import Var as _Var
from ..._convert import Pair as _Pair
from ..._convert import padding as _padding
from ..._convert import pair as _pair
from ..._names import missing as _missing
from ..._names import only as _only
from . import loss as loss
from .loss import cross_entropy as cross_entropy
from .loss import mse_loss as mse_loss
from .loss import softmax_with_cross_entropy as softmax_with_cross_entropy


def relu(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.relu(x)


def relu6(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.relu6(x)


def sigmoid(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.sigmoid(x)


def tanh(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.tanh(x)


def softmax(x: _Var, axis: int = -1, dtype: Any = None, name: Optional[str] = None) -> _Var:
    _only("softmax", dtype=(dtype, None))
    return _nn.softmax(x, axis)


def leaky_relu(x: _Var, negative_slope: float = 0.01, name: Optional[str] = None) -> _Var:
    return _nn.leaky_relu(x, negative_slope)


def swish(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "swish")


def silu(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "silu")


def gelu(x: _Var, approximate: bool = False, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "gelu", {"approximate": approximate})


def hardswish(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "hard_swish")


def hardsigmoid(x: _Var, slope: float = 0.1666667, offset: float = 0.5, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "hard_sigmoid", {"slope": slope, "offset": offset})


def dropout(x: _Var, p: float = 0.5, axis: Any = None, training: bool = True, mode: str = "upscale_in_train",
            name: Optional[str] = None) -> _Var:
    """A clone(for_test=True) of the Program leaves x alone, or with mode 'downscale_in_infer' scales it by 1 - p."""
    _only("dropout", axis=(axis, None))
    if mode not in ("upscale_in_train", "downscale_in_infer"):
        raise ValueError(f"dropout: mode '{mode}' is not known; use 'upscale_in_train' or 'downscale_in_infer'")
    if not training:
        return x if mode == "upscale_in_train" else _nn.scale(x, 1.0 - p)
    return _nn.dropout(x, probability=p, upscale_in_train=mode == "upscale_in_train")


def _pool(where: str, x: _Var, kind: str, kernel: _Pair, stride: Optional[_Pair], pad: _Pair | str, ceil_mode: bool,
          exclusive: bool) -> _Var:
    size, algorithm = _padding(where, pad)
    _only(where, padding=(algorithm, "EXPLICIT"))
    return _nn.pool2d(x, type=kind, kernel=_pair(where, kernel), stride=None if stride is None else _pair(where, stride),
                      padding=size, ceil_mode=ceil_mode, exclusive=exclusive)


def max_pool2d(x: _Var, kernel_size: _Pair, stride: Optional[_Pair] = None, padding: _Pair | str = 0,
               return_mask: Any = False, ceil_mode: bool = False, data_format: str = "NCHW",
               name: Optional[str] = None) -> _Var:
    _only("max_pool2d", return_mask=(return_mask, False), data_format=(data_format, "NCHW"))
    return _pool("max_pool2d", x, "max", kernel_size, stride, padding, ceil_mode, True)


def avg_pool2d(x: _Var, kernel_size: _Pair, stride: Optional[_Pair] = None, padding: _Pair | str = 0,
               ceil_mode: bool = False, exclusive: bool = True, divisor_override: Any = None, data_format: str = "NCHW",
               name: Optional[str] = None) -> _Var:
    _only("avg_pool2d", divisor_override=(divisor_override, None), data_format=(data_format, "NCHW"))
    return _pool("avg_pool2d", x, "avg", kernel_size, stride, padding, ceil_mode, exclusive)


def adaptive_avg_pool2d(x: _Var, output_size: _Pair, data_format: str = "NCHW", name: Optional[str] = None) -> _Var:
    _only("adaptive_avg_pool2d", data_format=(data_format, "NCHW"))
    return _nn.pool2d(x, type="avg", kernel=_pair("adaptive_avg_pool2d", output_size), adaptive=True)


def adaptive_max_pool2d(x: _Var, output_size: _Pair, return_mask: Any = False, name: Optional[str] = None) -> _Var:
    _only("adaptive_max_pool2d", return_mask=(return_mask, False))
    return _nn.pool2d(x, type="max", kernel=_pair("adaptive_max_pool2d", output_size), adaptive=True)


__getattr__ = _missing(__name__, globals())
