"""Layer functions, initializers and the model zoo: each appends to the current main Program."""

from typing import Union as _Union

from ._intact.nn import *  # noqa: F403
from ._intact.nn import (
    Constant,
    KaimingNormal,
    KaimingUniform,
    Normal,
    TruncatedNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
)

Initializer = _Union[Constant, Uniform, Normal, TruncatedNormal, KaimingUniform, KaimingNormal, XavierUniform,
                     XavierNormal]
