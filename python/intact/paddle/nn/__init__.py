"""paddle.nn for static graphs: functional and initializer."""

from .._names import missing
from . import functional as functional
from . import initializer as initializer

__getattr__ = missing(__name__, ["functional", "initializer"])
