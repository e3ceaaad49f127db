"""Learning rates that change: step() moves on, as the reference's scripts call it."""

from __future__ import annotations

from typing import Callable, Sequence, Union

from ... import _intact
from .._names import missing
from ..static.scopes import global_scope


class LRScheduler:
    """A rate for each step, counted from 0."""

    def __init__(self, schedule: Callable[[int], float]) -> None:
        self.schedule = schedule
        self.last_epoch = 0
        self._names: list[str] = []

    def drive(self, name: str) -> None:
        """step() writes the rate of the optimizer that keeps it under this name."""
        self._names.append(name)

    def step(self) -> None:
        self.last_epoch += 1
        for name in self._names:
            _intact.set_learning_rate(name, self.get_lr(), global_scope())

    def get_lr(self) -> float:
        return self.schedule(self.last_epoch)

    def __call__(self) -> float:
        return self.get_lr()


class PiecewiseDecay(LRScheduler):
    """values[i] up to boundaries[i]."""

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        super().__init__(_intact.piecewise_rate(list(boundaries), list(values)))


class CosineAnnealingDecay(LRScheduler):
    """learning_rate * (1 + cos(pi * step / T_max)) / 2."""

    def __init__(self, learning_rate: float, T_max: int) -> None:
        super().__init__(_intact.cosine_rate(learning_rate, T_max))


class LinearWarmup(LRScheduler):
    """From start_lr to end_lr in a line, then learning_rate."""

    def __init__(self, learning_rate: Union[float, LRScheduler], warmup_steps: int, start_lr: float, end_lr: float) -> None:
        after = learning_rate.schedule if isinstance(learning_rate, LRScheduler) else _intact.constant_rate(learning_rate)
        super().__init__(_intact.linear_warm_up(start_lr, end_lr, warmup_steps, after))


__getattr__ = missing(__name__, ["LRScheduler", "PiecewiseDecay", "CosineAnnealingDecay", "LinearWarmup"])
