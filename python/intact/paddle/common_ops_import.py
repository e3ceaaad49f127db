"""What functions for quant_aware, such as PACT, are written with."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from .. import nn
from .._intact import Var
from ._convert import Attr
from ._names import missing
from .static.building import create_parameter


class LayerHelper:
    """Makes the parameters of a layer of one's own."""

    def __init__(self, layer_type: str, **arguments: Any) -> None:
        self.layer_type = layer_type

    def create_parameter(self, attr: Attr, shape: Sequence[int], dtype: str = "float32", is_bias: bool = False,
                         default_initializer: Optional[nn.Initializer] = None) -> Var:
        return create_parameter(shape, dtype, None, attr, is_bias, default_initializer)


__getattr__ = missing(__name__, ["LayerHelper"])
