"""paddle.static.nn: layers that create their parameters."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ... import nn as _nn
from ..._intact import Var as _Var
from ..._intact import default_main_program as _default_main_program
from .._convert import Attr as _Attr
from .._convert import Pair as _Pair
from .._convert import bias_attr as _bias_attr
from .._convert import padding as _padding
from .._convert import pair as _pair
from .._convert import param_attr as _param_attr
from .._names import missing as _missing
from .._names import only as _only


def fc(x: _Var, size: int, num_flatten_dims: int = 1, weight_attr: _Attr = None, bias_attr: _Attr = None,
       activation: Optional[str] = None, name: Optional[str] = None) -> _Var:
    """Fully connected layer."""
    return _nn.fc(x, size=size, num_flatten_dims=num_flatten_dims, weight=_param_attr(weight_attr),
                  bias=_bias_attr(bias_attr), activation=activation or "", name=name or "")


def conv2d(input: _Var, num_filters: int, filter_size: _Pair, stride: _Pair = 1, padding: _Pair | str = 0,
           dilation: _Pair = 1, groups: Optional[int] = None, param_attr: _Attr = None, bias_attr: _Attr = None,
           use_cudnn: bool = True, act: Optional[str] = None, name: Optional[str] = None,
           data_format: str = "NCHW") -> _Var:
    """With as many groups as channels and use_cudnn=False it becomes a depthwise_conv2d op, else conv2d."""
    _only("conv2d", data_format=(data_format, "NCHW"))
    size, algorithm = _padding("conv2d", padding)
    return _nn.conv2d(input, filters=num_filters, kernel=_pair("conv2d", filter_size), stride=_pair("conv2d", stride),
                      padding=size, padding_algorithm=algorithm, dilation=_pair("conv2d", dilation), groups=groups or 1,
                      use_depthwise=not use_cudnn, weight=_param_attr(param_attr), bias=_bias_attr(bias_attr),
                      activation=act or "", name=name or "")


def batch_norm(input: _Var, act: Optional[str] = None, is_test: Any = False, momentum: float = 0.9,
               epsilon: float = 1e-05, param_attr: _Attr = None, bias_attr: _Attr = None, data_layout: str = "NCHW",
               in_place: Any = False, name: Optional[str] = None, moving_mean_name: Optional[str] = None,
               moving_variance_name: Optional[str] = None, do_model_average_for_mean_and_var: Any = True,
               use_global_stats: bool = False) -> _Var:
    """Normalizes each channel; clone(for_test=True) uses the moving statistics."""
    _only("batch_norm", is_test=(is_test, False), data_layout=(data_layout, "NCHW"))
    return _nn.batch_norm(input, momentum=momentum, epsilon=epsilon, use_global_stats=use_global_stats,
                          activation=act or "", name=name or "", scale=_param_attr(param_attr),
                          offset=_param_attr(bias_attr), mean_name=moving_mean_name or "",
                          variance_name=moving_variance_name or "")


def pool2d(input: _Var, pool_size: _Pair = -1, pool_type: str = "max", pool_stride: _Pair = 1, pool_padding: _Pair = 0,
           global_pooling: bool = False, use_cudnn: Any = True, ceil_mode: bool = False, name: Optional[str] = None,
           exclusive: bool = True, data_format: str = "NCHW") -> _Var:
    """Maximum ('max') or mean ('avg') of windows, or of everything with global_pooling."""
    _only("pool2d", data_format=(data_format, "NCHW"))
    if global_pooling:
        return _nn.pool2d(input, type=pool_type, kernel=1, adaptive=True, name=name or "")
    size, algorithm = _padding("pool2d", pool_padding)
    _only("pool2d", pool_padding=(algorithm, "EXPLICIT"))
    return _nn.pool2d(input, type=pool_type, kernel=_pair("pool2d", pool_size), stride=_pair("pool2d", pool_stride),
                      padding=size, ceil_mode=ceil_mode, exclusive=exclusive, name=name or "")


def embedding(input: _Var, size: Sequence[int], is_sparse: Any = False, is_distributed: Any = False,
              padding_idx: Optional[int] = None, param_attr: _Attr = None, dtype: str = "float32") -> _Var:
    """Rows of a [vocabulary, width] table, chosen by int64 ids."""
    _only("embedding", is_distributed=(is_distributed, False), dtype=(dtype, "float32"))
    return _nn.embedding(input, rows=size[0], width=size[1], weight=_param_attr(param_attr),
                         padding_idx=-1 if padding_idx is None else padding_idx % size[0])


def conv2d_transpose(input: _Var, num_filters: int, output_size: Optional[_Pair] = None,
                     filter_size: Optional[_Pair] = None, padding: _Pair | str = 0, stride: _Pair = 1,
                     dilation: _Pair = 1, groups: Optional[int] = None, param_attr: _Attr = None,
                     bias_attr: _Attr = None, use_cudnn: Any = True, act: Optional[str] = None,
                     name: Optional[str] = None, data_format: str = "NCHW") -> _Var:
    """The gradient of a convolution with respect to its input, as a layer."""
    size, algorithm = _padding("conv2d_transpose", padding)
    _only("conv2d_transpose", data_format=(data_format, "NCHW"), padding=(algorithm, "EXPLICIT"))
    if filter_size is None:
        raise ValueError("conv2d_transpose: filter_size is None; give it")
    return _nn.conv2d_transpose(input, filters=num_filters, kernel=_pair("conv2d_transpose", filter_size),
                                stride=_pair("conv2d_transpose", stride), padding=size,
                                output_size=None if output_size is None else _pair("conv2d_transpose", output_size),
                                dilation=_pair("conv2d_transpose", dilation), groups=groups or 1,
                                weight=_param_attr(param_attr), bias=_bias_attr(bias_attr), activation=act or "",
                                name=name or "")


def layer_norm(input: _Var, scale: bool = True, shift: bool = True, begin_norm_axis: int = 1, epsilon: float = 1e-05,
               param_attr: _Attr = None, bias_attr: _Attr = None, act: Optional[str] = None,
               name: Optional[str] = None) -> _Var:
    """Normalizes the dimensions from begin_norm_axis on together."""
    return _nn.layer_norm(input, begin_norm_axis=begin_norm_axis, epsilon=epsilon, activation=act or "",
                          name=name or "", scale=_param_attr(param_attr) if scale else None,
                          shift=_param_attr(bias_attr) if shift else None)


def group_norm(input: _Var, groups: int, epsilon: float = 1e-05, param_attr: _Attr = None, bias_attr: _Attr = None,
               act: Optional[str] = None, data_layout: str = "NCHW", name: Optional[str] = None) -> _Var:
    """Normalizes each group of channels of each image."""
    _only("group_norm", data_layout=(data_layout, "NCHW"))
    out = _norm("group_norm", input, {"groups": groups, "epsilon": epsilon}, param_attr, bias_attr, name)
    return _nn.activation(out, act) if act else out


def instance_norm(input: _Var, epsilon: float = 1e-05, param_attr: _Attr = None, bias_attr: _Attr = None,
                  name: Optional[str] = None) -> _Var:
    """Normalizes each channel of each image."""
    return _norm("instance_norm", input, {"epsilon": epsilon}, param_attr, bias_attr, name)


def _norm(type: str, x: _Var, attrs: dict[str, Any], scale: _Attr, bias: _Attr, name: Optional[str]) -> _Var:
    """A norm with one scale and one shift a channel; False leaves one out."""
    prefix = name or _default_main_program().unique_name(type)
    inputs = {"X": x}
    for slot, attr, suffix, value in [("Scale", scale, "w_0", 1.0), ("Bias", bias, "b_0", 0.0)]:
        if attr is not False:
            filled = _param_attr(attr, _nn.Constant(value))
            filled.name = filled.name or f"{prefix}.{suffix}"
            inputs[slot] = _nn.create_parameter([x.shape[1]], filled, slot == "Bias")
    return _nn.append(type, inputs, attrs)[0]


def prelu(x: _Var, mode: str, param_attr: _Attr = None, data_format: str = "NCHW", name: Optional[str] = None) -> _Var:
    """x where it is positive, else x times a learnt slope."""
    _only("prelu", data_format=(data_format, "NCHW"))
    return _nn.prelu(x, mode=mode, name=name or "", slope=_param_attr(param_attr))


__getattr__ = _missing(__name__, globals())
