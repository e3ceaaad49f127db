"""ParamAttr with the reference's arguments."""

from __future__ import annotations

from typing import Any, Optional

from .. import nn
from ._names import missing, only
from .regularizer import L2Decay


class ParamAttr(nn.ParamAttr):
    """How a layer creates a parameter. Two layers that give the same name share it."""

    def __init__(self, name: Optional[str] = None, initializer: Optional[nn.Initializer] = None,
                 learning_rate: float = 1.0, regularizer: Optional[L2Decay] = None, trainable: bool = True,
                 do_model_average: Any = True, need_clip: Any = True) -> None:
        only("ParamAttr", do_model_average=(do_model_average, True), need_clip=(need_clip, True))
        super().__init__(name=name or "", initializer=initializer, learning_rate=learning_rate, trainable=trainable,
                         l2_decay=None if regularizer is None else regularizer.coeff)


__getattr__ = missing(__name__, ["ParamAttr"])
