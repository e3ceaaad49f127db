"""Initial values of parameters."""

from __future__ import annotations

from typing import Any, Optional

from ... import nn
from .._names import missing, only


def Constant(value: float = 0.0) -> nn.Constant:
    return nn.Constant(value)


def Uniform(low: float = -1.0, high: float = 1.0, name: Optional[str] = None) -> nn.Uniform:
    return nn.Uniform(low, high)


def Normal(mean: float = 0.0, std: float = 1.0, name: Optional[str] = None) -> nn.Normal:
    return nn.Normal(mean, std)


def KaimingUniform(fan_in: Any = None, negative_slope: float = 0.0, nonlinearity: str = "relu") -> nn.KaimingUniform:
    only("KaimingUniform", fan_in=(fan_in, None), negative_slope=(negative_slope, 0.0), nonlinearity=(nonlinearity, "relu"))
    return nn.KaimingUniform()


def KaimingNormal(fan_in: Any = None, negative_slope: float = 0.0, nonlinearity: str = "relu") -> nn.KaimingNormal:
    only("KaimingNormal", fan_in=(fan_in, None), negative_slope=(negative_slope, 0.0), nonlinearity=(nonlinearity, "relu"))
    return nn.KaimingNormal()


def XavierUniform(fan_in: Any = None, fan_out: Any = None, name: Optional[str] = None) -> nn.XavierUniform:
    only("XavierUniform", fan_in=(fan_in, None), fan_out=(fan_out, None))
    return nn.XavierUniform()


def XavierNormal(fan_in: Any = None, fan_out: Any = None, name: Optional[str] = None) -> nn.XavierNormal:
    only("XavierNormal", fan_in=(fan_in, None), fan_out=(fan_out, None))
    return nn.XavierNormal()


def TruncatedNormal(mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
                    name: Optional[str] = None) -> nn.TruncatedNormal:
    only("TruncatedNormal", a=(a, -2.0), b=(b, 2.0))
    return nn.TruncatedNormal(mean, std)


__getattr__ = missing(
    __name__, ["Constant", "Uniform", "Normal", "TruncatedNormal", "KaimingUniform", "KaimingNormal", "XavierUniform",
               "XavierNormal"])
