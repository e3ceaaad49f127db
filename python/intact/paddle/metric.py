"""Metrics as ops."""

from __future__ import annotations

from typing import Any, Optional

from .. import nn
from .._intact import Var
from ._names import missing, only


def accuracy(input: Var, label: Var, k: int = 1, correct: Any = None, total: Any = None,
             name: Optional[str] = None) -> Var:
    """Fraction of rows whose label is among the k largest."""
    only("accuracy", correct=(correct, None), total=(total, None))
    return nn.accuracy(input, label, k)


__getattr__ = missing(__name__, ["accuracy"])
