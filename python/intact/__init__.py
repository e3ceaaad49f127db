"""Intact: int8 networks, accuracy intact.

The verbs of the C++ library under the same names; tensors go in and out as numpy arrays. `intact.paddle` and `intact.slim`
have the names of PaddlePaddle's and PaddleSlim's static-graph API, so that their scripts run with other imports.
"""

from ._intact import *  # noqa: F403
from . import nn as nn
from .errors import (
    Error as Error,
    FormatError as FormatError,
    InternalError as InternalError,
    InvalidArgumentError as InvalidArgumentError,
    IoError as IoError,
    NotFoundError as NotFoundError,
    UnsupportedError as UnsupportedError,
)

__version__ = "0.1.0"
