"""The reference's argument forms as ours: Variables as names, parameter attributes, sizes."""

from __future__ import annotations

from typing import Iterable, Optional, Sequence, Union

from .. import nn
from .._intact import Var
from ..errors import UnsupportedError

Attr = Union[None, str, bool, nn.ParamAttr]
Pair = Union[int, Sequence[int]]
Names = Union[Var, str, Iterable[Union[Var, str]]]


def name_of(var: Var | str) -> str:
    return var if isinstance(var, str) else var.name


def names_of(variables: Names) -> list[str]:
    """Of one Variable or name, or of several."""
    if isinstance(variables, (Var, str)):
        variables = [variables]
    return [name_of(var) for var in variables]


def param_attr(attr: Attr, initializer: Optional[nn.Initializer] = None, name: Optional[str] = None) -> nn.ParamAttr:
    """attr: None: defaults; a str: the parameter's name. What it leaves open is filled in."""
    if isinstance(attr, nn.ParamAttr):
        return nn.ParamAttr(name or attr.name, attr.initializer or initializer, attr.learning_rate, attr.trainable,
                            attr.l2_decay)
    return nn.ParamAttr(name or (attr if isinstance(attr, str) else ""), initializer)


def bias_attr(attr: Attr) -> Optional[nn.ParamAttr]:
    """False: no bias."""
    return None if attr is False else param_attr(attr)


def pair(where: str, size: Pair) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if len(size) == 1:
        return size[0], size[0]
    if len(size) == 2:
        return size[0], size[1]
    raise UnsupportedError(f"{where}: size {list(size)} has {len(size)} numbers; give one or two")


def padding(where: str, value: Pair | str) -> tuple[tuple[int, int], str]:
    """(height, width) and the algorithm's name."""
    if isinstance(value, str):
        return (0, 0), value.upper()
    if not isinstance(value, int) and len(value) == 4:
        top, bottom, left, right = value
        if top != bottom or left != right:
            raise UnsupportedError(f"{where}: padding {list(value)} differs between sides; give [height, width]")
        return (top, left), "EXPLICIT"
    return pair(where, value), "EXPLICIT"
