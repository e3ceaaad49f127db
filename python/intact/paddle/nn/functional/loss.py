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


def _reduced(where: str, loss: Var, reduction: str) -> Var:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{where}: reduction '{reduction}' is not known; use 'mean', 'sum' or 'none'")
    if reduction == "none":
        return loss
    return nn.mean(loss) if reduction == "mean" else nn.reduce_sum(loss)


def square_error_cost(input: Var, label: Var) -> Var:
    """Squared differences."""
    return nn.activation(input - label, "square")


def mse_loss(input: Var, label: Var, reduction: str = "mean", name: Optional[str] = None) -> Var:
    """Mean of squared differences."""
    return _reduced("mse_loss", square_error_cost(input, label), reduction)


def l1_loss(input: Var, label: Var, reduction: str = "mean", name: Optional[str] = None) -> Var:
    """Mean of absolute differences."""
    return _reduced("l1_loss", nn.activation(input - label, "abs"), reduction)


def binary_cross_entropy_with_logits(logit: Var, label: Var, weight: Any = None, reduction: str = "mean",
                                     pos_weight: Any = None, name: Optional[str] = None) -> Var:
    """-label * log(s) - (1 - label) * log(1 - s), s = sigmoid(logit)."""
    only("binary_cross_entropy_with_logits", weight=(weight, None), pos_weight=(pos_weight, None))
    loss = nn.activation(logit, "softplus") - logit * label
    return _reduced("binary_cross_entropy_with_logits", loss, reduction)


__getattr__ = missing(__name__, ["cross_entropy", "softmax_with_cross_entropy", "mse_loss", "l1_loss", "square_error_cost",
                                 "binary_cross_entropy_with_logits"])
