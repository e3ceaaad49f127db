"""paddle.nn.functional: activations, pooling, dropout, losses."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Union

from .... import nn as _nn
from ...._intact import Var as _Var
from ....errors import UnsupportedError as _UnsupportedError
from ..._convert import Pair as _Pair
from ..._convert import padding as _padding
from ..._convert import pair as _pair
from ..._names import missing as _missing
from ..._names import only as _only
from . import loss as loss
from .loss import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .loss import cross_entropy as cross_entropy
from .loss import l1_loss as l1_loss
from .loss import mse_loss as mse_loss
from .loss import softmax_with_cross_entropy as softmax_with_cross_entropy
from .loss import square_error_cost as square_error_cost


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


def elu(x: _Var, alpha: float = 1.0, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "elu", {"alpha": alpha})


def mish(x: _Var, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "mish")


def softplus(x: _Var, beta: float = 1.0, threshold: float = 20.0, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "softplus", {"beta": beta, "threshold": threshold})


def log_softmax(x: _Var, axis: int = -1, dtype: Any = None, name: Optional[str] = None) -> _Var:
    _only("log_softmax", dtype=(dtype, None))
    return _nn.activation(x, "log_softmax", {"axis": axis})


def log_sigmoid(x: _Var, name: Optional[str] = None) -> _Var:
    return -softplus(-x)


def hardtanh(x: _Var, min: float = -1.0, max: float = 1.0, name: Optional[str] = None) -> _Var:
    return _nn.activation(x, "clip", {"min": min, "max": max})


def prelu(x: _Var, weight: _Var, data_format: str = "NCHW", name: Optional[str] = None) -> _Var:
    """weight: one slope, or one a channel."""
    _only("prelu", data_format=(data_format, "NCHW"))
    mode = "all" if weight.shape == (1,) else "channel"
    return _nn.append("prelu", {"X": x, "Alpha": weight}, {"mode": mode})[0]


def linear(x: _Var, weight: _Var, bias: Optional[_Var] = None, name: Optional[str] = None) -> _Var:
    """x times weight [in,out], plus bias [out]."""
    product = _nn.matmul(x, weight)
    return product if bias is None else product + bias


def embedding(x: _Var, weight: _Var, padding_idx: Optional[int] = None, sparse: Any = False,
              name: Optional[str] = None) -> _Var:
    """Rows of weight, chosen by int64 ids."""
    index = -1 if padding_idx is None else padding_idx % weight.shape[0]
    return _nn.append("lookup_table_v2", {"Ids": x, "W": weight}, {"padding_idx": index})[0]


def one_hot(x: _Var, num_classes: int, name: Optional[str] = None) -> _Var:
    return _nn.append("one_hot_v2", {"X": x}, {"depth": num_classes})[0]


def label_smooth(label: _Var, prior_dist: Optional[_Var] = None, epsilon: float = 0.1,
                 name: Optional[str] = None) -> _Var:
    """(1 - epsilon) * label + epsilon * prior_dist, which is even by default."""
    inputs = {"X": label} if prior_dist is None else {"X": label, "PriorDist": prior_dist}
    return _nn.append("label_smooth", inputs, {"epsilon": epsilon})[0]


def pad(x: _Var, pad: Sequence[int], mode: str = "constant", value: float = 0.0, data_format: str = "NCHW",
        pad_from_left_axis: Any = True, name: Optional[str] = None) -> _Var:
    """[N,C,H,W] widened by [left, right, top, bottom]."""
    _only("pad", data_format=(data_format, "NCHW"), pad_from_left_axis=(pad_from_left_axis, True))
    if len(x.shape) != 4 or len(pad) != 4:
        raise _UnsupportedError(f"pad: x {list(x.shape)} by {list(pad)}; give [N,C,H,W] and [left, right, top, bottom]")
    volume = _nn.append("unsqueeze2", {"X": x}, {"axes": [2]})[0]
    padded = _nn.append("pad3d", {"X": volume}, {"paddings": [*pad, 0, 0], "mode": mode, "value": value})[0]
    return _nn.append("squeeze2", {"X": padded}, {"axes": [2]})[0]


def interpolate(x: _Var, size: Optional[Sequence[int]] = None, scale_factor: Union[float, Sequence[float], None] = None,
                mode: str = "nearest", align_corners: bool = False, align_mode: int = 0, data_format: str = "NCHW",
                name: Optional[str] = None) -> _Var:
    """[N,C,H,W] in another size, or in a multiple of its own; mode 'nearest' or 'bilinear'."""
    _only("interpolate", data_format=(data_format, "NCHW"))
    if mode not in ("nearest", "bilinear"):
        raise _UnsupportedError(f"interpolate: mode '{mode}' is not there; use 'nearest' or 'bilinear'")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give one of size and scale_factor")
    height, width = (0, 0) if size is None else size
    factors = [] if scale_factor is None else [scale_factor] if isinstance(scale_factor, (int, float)) else scale_factor
    attrs = {"interp_method": mode, "align_corners": align_corners, "align_mode": align_mode, "out_h": height,
             "out_w": width, "scale": [float(factor) for factor in factors]}
    return _nn.append(f"{mode}_interp_v2", {"X": x}, attrs)[0]


upsample = interpolate


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
