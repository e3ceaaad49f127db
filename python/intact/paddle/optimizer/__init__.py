"""Optimizers."""

from __future__ import annotations

from typing import Any, Optional, Union

from ... import _intact
from ..._intact import Program, Var
from .._names import missing as _missing
from .._names import only as _only
from ..regularizer import L2Decay
from ..static.scopes import global_scope
from . import lr as lr

Rate = Union[float, lr.LRScheduler]
Decay = Union[float, L2Decay, None]


def _coefficient(decay: Decay) -> Optional[float]:
    return decay.coeff if isinstance(decay, L2Decay) else decay


def _number(rate: Rate) -> float:
    return rate.get_lr() if isinstance(rate, lr.LRScheduler) else rate


class Optimizer:
    """Base of all."""

    def __init__(self, native: _intact.Optimizer, learning_rate: Rate, unsupported: dict[str, tuple[Any, Any]]) -> None:
        _only(f"optimizer.{type(self).__name__}", **unsupported)
        self.native = native
        self._rate = learning_rate

    def minimize(self, loss: Var, startup_program: Optional[Program] = None, parameters: Any = None,
                 no_grad_set: Any = None) -> tuple[list[Any], list[tuple[Var, Var]]]:
        """Appends the backward pass and one update a parameter; returns ([], [(parameter, gradient)])."""
        _only("minimize", parameters=(parameters, None), no_grad_set=(no_grad_set, None))
        startup_program = startup_program or _intact.default_startup_program()
        with _intact.ProgramGuard(_intact.default_main_program(), startup_program):
            pairs = self.native.minimize(loss)
        if isinstance(self._rate, lr.LRScheduler):
            self._rate.drive(self.native.learning_rate_name)
        return [], pairs

    def set_lr(self, value: float) -> None:
        _intact.set_learning_rate(self.native.learning_rate_name, value, global_scope())
        self._rate = value

    def get_lr(self) -> float:
        return _number(self._rate)


class Momentum(Optimizer):
    """v <- momentum * v + g; p <- p - learning_rate * v."""

    def __init__(self, learning_rate: Rate = 0.001, momentum: float = 0.9, parameters: Any = None,
                 use_nesterov: bool = False, weight_decay: Decay = None, grad_clip: Any = None,
                 multi_precision: Any = False, rescale_grad: float = 1.0, use_multi_tensor: Any = False,
                 name: Optional[str] = None) -> None:
        native = _intact.Momentum(_number(learning_rate), momentum, use_nesterov, _coefficient(weight_decay))
        super().__init__(native, learning_rate, {"parameters": (parameters, None), "grad_clip": (grad_clip, None),
                                                 "multi_precision": (multi_precision, False),
                                                 "rescale_grad": (rescale_grad, 1.0)})


class SGD(Optimizer):
    """p <- p - learning_rate * g."""

    def __init__(self, learning_rate: Rate = 0.001, parameters: Any = None, weight_decay: Decay = None,
                 grad_clip: Any = None, multi_precision: Any = False, name: Optional[str] = None) -> None:
        native = _intact.Sgd(_number(learning_rate), _coefficient(weight_decay))
        super().__init__(native, learning_rate, {"parameters": (parameters, None), "grad_clip": (grad_clip, None),
                                                 "multi_precision": (multi_precision, False)})


class Adam(Optimizer):
    """Kingma and Ba 2015."""

    def __init__(self, learning_rate: Rate = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-08,
                 parameters: Any = None, weight_decay: Decay = None, grad_clip: Any = None, lazy_mode: Any = False,
                 multi_precision: Any = False, use_multi_tensor: Any = False, name: Optional[str] = None) -> None:
        native = _intact.Adam(_number(learning_rate), beta1, beta2, epsilon, _coefficient(weight_decay))
        super().__init__(native, learning_rate, {"parameters": (parameters, None), "grad_clip": (grad_clip, None),
                                                 "lazy_mode": (lazy_mode, False),
                                                 "multi_precision": (multi_precision, False)})


__getattr__ = _missing(__name__, ["Optimizer", "Momentum", "SGD", "Adam", "lr"])
