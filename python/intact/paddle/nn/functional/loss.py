"""Losses."""

from __future__ import annotations

from typing import Any, Optional

from .... import nn
from ...._intact import Var
from ..._names import missing, only


def cross_entropy(input: Var, label: Var, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
                  soft_label: bool = False, axis: int = -1, use_softmax: bool = True, label_smoothing: float = 0.0,
                  name: Optional[str] = None) -> Var:
    """-log softmax(input)[label], averaged; input must be logits unless use_softmax is False."""
    only("cross_entropy", weight=(weight, None), label_smoothing=(label_smoothing, 0.0))
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction '{reduction}' is not known; use 'mean', 'sum' or 'none'")
    loss = nn.cross_entropy(input, label, soft_label=soft_label, ignore_index=ignore_index, axis=axis,
                            use_softmax=use_softmax, mean=reduction == "mean")
    return nn.reduce_sum(loss) if reduction == "sum" else loss


def softmax_with_cross_entropy(logits: Var, label: Var, soft_label: bool = False, ignore_index: int = -100,
                               numeric_stable_mode: Any = True, return_softmax: Any = False, axis: int = -1) -> Var:
    """One loss a row."""
    only("softmax_with_cross_entropy", numeric_stable_mode=(numeric_stable_mode, True),
         return_softmax=(return_softmax, False))
    return nn.cross_entropy(logits, label, soft_label=soft_label, ignore_index=ignore_index, axis=axis, mean=False)


def mse_loss(input: Var, label: Var, reduction: str = "mean", name: Optional[str] = None) -> Var:
    """Mean of squared differences."""
    only("mse_loss", reduction=(reduction, "mean"))
    return nn.mean(nn.activation(input - label, "square"))


__getattr__ = missing(__name__, ["cross_entropy", "softmax_with_cross_entropy", "mse_loss"])
