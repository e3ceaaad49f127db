"""Learning rates that change: step() moves on, as the reference's scripts call it."""

from __future__ import annotations

import math
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np

from ... import _intact
from .._names import missing
from ..static.scopes import global_scope


class LRScheduler:
    """A rate for each step, counted from 0: a subclass has get_lr(), which reads base_lr and last_epoch."""

    def __init__(self, learning_rate: float = 0.1, last_epoch: int = -1, verbose: bool = False) -> None:
        if isinstance(learning_rate, bool) or not isinstance(learning_rate, (int, float)) or learning_rate < 0:
            raise ValueError(f"{type(self).__name__}: the learning rate is {learning_rate!r}; give a number from 0")
        self.base_lr = float(learning_rate)
        self.last_lr = self.base_lr
        self.last_epoch = last_epoch
        self.verbose = verbose
        self._names: list[str] = []
        self.step()

    def drive(self, name: str) -> None:
        """step() writes the rate of the optimizer that keeps it under this name."""
        self._names.append(name)

    def step(self, epoch: Optional[int] = None) -> None:
        """To the next step, or to this one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr())

    def _set(self, rate: float) -> None:
        self.last_lr = rate
        for name in self._names:
            _intact.set_learning_rate(name, rate, global_scope())
        if self.verbose:
            print(f"Epoch {self.last_epoch}: {type(self).__name__} set learning rate to {rate}.")

    def get_lr(self) -> float:
        raise NotImplementedError(f"{type(self).__name__}: a scheduler needs get_lr(); write it")

    def __call__(self) -> float:
        return self.last_lr

    def state_dict(self) -> dict[str, Any]:
        """What set_state_dict() takes up again: the plain values among the attributes."""
        return {name: value for name, value in vars(self).items()
                if not name.startswith("_") and isinstance(value, (int, float, str, type(None)))}

    def set_state_dict(self, state_dict: dict[str, Any]) -> None:
        vars(self).update(state_dict)
        self._set(self.last_lr)


class NoamDecay(LRScheduler):
    """learning_rate / sqrt(d_model) * min(1 / sqrt(step), step / warmup_steps^1.5)."""

    def __init__(self, d_model: int, warmup_steps: int, learning_rate: float = 1.0, last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.d_model = d_model
        self.warmup_steps = warmup_steps
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        falling = 1.0 if self.last_epoch == 0 else 1 / math.sqrt(self.last_epoch)
        return self.base_lr / math.sqrt(self.d_model) * min(falling, self.last_epoch / math.pow(self.warmup_steps, 1.5))


class PiecewiseDecay(LRScheduler):
    """values[i] up to boundaries[i]."""

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], last_epoch: int = -1,
                 verbose: bool = False) -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(f"PiecewiseDecay: {len(boundaries)} boundaries and {len(values)} values; give one value more")
        self.boundaries = list(boundaries)
        self.values = list(values)
        super().__init__(values[0], last_epoch, verbose)

    def get_lr(self) -> float:
        return self.values[sum(self.last_epoch >= boundary for boundary in self.boundaries)]


class NaturalExpDecay(LRScheduler):
    """learning_rate * exp(-gamma * step)."""

    def __init__(self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False) -> None:
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * math.exp(-self.gamma * self.last_epoch)


class InverseTimeDecay(LRScheduler):
    """learning_rate / (1 + gamma * step)."""

    def __init__(self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False) -> None:
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr / (1 + self.gamma * self.last_epoch)


class PolynomialDecay(LRScheduler):
    """From learning_rate to end_lr in decay_steps as (1 - step / decay_steps)^power; with cycle it starts anew, ever longer."""

    def __init__(self, learning_rate: float, decay_steps: int, end_lr: float = 0.0001, power: float = 1.0,
                 cycle: bool = False, last_epoch: int = -1, verbose: bool = False) -> None:
        self.decay_steps = decay_steps
        self.end_lr = end_lr
        self.power = power
        self.cycle = cycle
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        step, steps = self.last_epoch, self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(step / steps))
        else:
            step = min(step, steps)
        return (self.base_lr - self.end_lr) * math.pow(1 - step / steps, self.power) + self.end_lr


class LinearWarmup(LRScheduler):
    """From start_lr to end_lr in a line, then learning_rate: a number, or a scheduler that starts there."""

    def __init__(self, learning_rate: Union[float, LRScheduler], warmup_steps: int, start_lr: float, end_lr: float,
                 last_epoch: int = -1, verbose: bool = False) -> None:
        if start_lr > end_lr:
            raise ValueError(f"LinearWarmup: start_lr is {start_lr} but end_lr {end_lr}; give a start that is not above")
        self.learning_rate = learning_rate
        self.warmup_steps = warmup_steps
        self.start_lr = start_lr
        self.end_lr = end_lr
        super().__init__(start_lr, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch < self.warmup_steps:
            return (self.end_lr - self.start_lr) * self.last_epoch / self.warmup_steps + self.start_lr
        if isinstance(self.learning_rate, LRScheduler):
            self.learning_rate.step(self.last_epoch - self.warmup_steps)
            return self.learning_rate()
        return self.learning_rate


class ExponentialDecay(LRScheduler):
    """learning_rate * gamma^step."""

    def __init__(self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False) -> None:
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma**self.last_epoch


class MultiStepDecay(LRScheduler):
    """Times gamma at each milestone."""

    def __init__(self, learning_rate: float, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.milestones = list(milestones)
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma ** sum(self.last_epoch >= milestone for milestone in self.milestones)


class StepDecay(LRScheduler):
    """Times gamma every step_size steps."""

    def __init__(self, learning_rate: float, step_size: int, gamma: float = 0.1, last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma ** (self.last_epoch // self.step_size)


class LambdaDecay(LRScheduler):
    """learning_rate * lr_lambda(step)."""

    def __init__(self, learning_rate: float, lr_lambda: Callable[[int], float], last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.lr_lambda(self.last_epoch)


class MultiplicativeDecay(LRScheduler):
    """Times lr_lambda(step) at each step but the first."""

    def __init__(self, learning_rate: float, lr_lambda: Callable[[int], float], last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * math.prod(self.lr_lambda(step) for step in range(1, self.last_epoch + 1))


class CosineAnnealingDecay(LRScheduler):
    """From learning_rate to eta_min and back along a cosine, T_max steps each way."""

    def __init__(self, learning_rate: float, T_max: int, eta_min: float = 0, last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.T_max = T_max
        self.eta_min = float(eta_min)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """From learning_rate to eta_min along a cosine in T_0 steps, then anew in T_mult times as many."""

    def __init__(self, learning_rate: float, T_0: int, T_mult: int = 1, eta_min: float = 0, last_epoch: int = -1,
                 verbose: bool = False) -> None:
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = float(eta_min)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        step, length = self.last_epoch, self.T_0
        while step >= length:
            step, length = step - length, length * self.T_mult
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * step / length)) / 2


class LinearLR(LRScheduler):
    """learning_rate times a factor from start_factor to end_factor in total_steps."""

    def __init__(self, learning_rate: float, total_steps: int, start_factor: float = 1.0 / 3, end_factor: float = 1.0,
                 last_epoch: int = -1, verbose: bool = False) -> None:
        self.total_steps = total_steps
        self.start_factor = start_factor
        self.end_factor = end_factor
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        share = min(self.last_epoch, self.total_steps) / self.total_steps
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * share)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def _line(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


class OneCycleLR(LRScheduler):
    """Up to max_learning_rate in phase_pct of the steps, then down: with three_phase first as it came, then to the end."""

    def __init__(self, max_learning_rate: float, total_steps: int, divide_factor: float = 25.0,
                 end_learning_rate: float = 0.0001, phase_pct: float = 0.3, anneal_strategy: str = "cos",
                 three_phase: bool = False, last_epoch: int = -1, verbose: bool = False) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is '{anneal_strategy}'; use 'cos' or 'linear'")
        if three_phase and phase_pct >= 0.5:
            raise ValueError(f"OneCycleLR: phase_pct is {phase_pct} with three_phase; give less than 0.5")
        start = max_learning_rate / divide_factor
        self.total_steps = total_steps
        self._anneal = _cosine if anneal_strategy == "cos" else _line
        self._ends = [phase_pct * total_steps - 1, total_steps - 1]
        self._rates = [start, max_learning_rate, end_learning_rate]
        if three_phase:
            self._ends.insert(1, 2 * phase_pct * total_steps - 2)
            self._rates.insert(2, start)
        super().__init__(start, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {self.last_epoch} of {self.total_steps}; give more total_steps")
        phase = min(sum(self.last_epoch > end for end in self._ends), len(self._ends) - 1)
        begin = self._ends[phase - 1] if phase else 0
        share = (self.last_epoch - begin) / (self._ends[phase] - begin)
        return self._anneal(self._rates[phase], self._rates[phase + 1], share)


class CyclicLR(LRScheduler):
    """From base_learning_rate to max_learning_rate in step_size_up steps and back in step_size_down, again and again. The
    distance is scaled by 'triangular' 1, 'triangular2' 1 / 2^cycle, 'exp_range' exp_gamma^step, or scale_fn."""

    def __init__(self, base_learning_rate: float, max_learning_rate: float, step_size_up: int,
                 step_size_down: Optional[int] = None, mode: str = "triangular", exp_gamma: float = 1.0,
                 scale_fn: Optional[Callable[[float], float]] = None, scale_mode: str = "cycle", last_epoch: int = -1,
                 verbose: bool = False) -> None:
        scales: dict[str, tuple[str, Callable[[float], float]]] = {
            "triangular": ("cycle", lambda cycle: 1.0),
            "triangular2": ("cycle", lambda cycle: 0.5 ** (cycle - 1)),
            "exp_range": ("iterations", lambda step: exp_gamma**step)}
        if scale_fn is None and mode not in scales:
            raise ValueError(f"CyclicLR: mode is '{mode}'; use one of {', '.join(scales)}, or give scale_fn")
        self.max_lr = max_learning_rate
        self._up = step_size_up
        self._down = step_size_up if step_size_down is None else step_size_down
        self._scale_mode, self._scale = scales[mode] if scale_fn is None else (scale_mode, scale_fn)
        super().__init__(base_learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        cycle, step = divmod(self.last_epoch, self._up + self._down)
        share = step / self._up if step <= self._up else (self._up + self._down - step) / self._down
        scale = self._scale(cycle + 1 if self._scale_mode == "cycle" else self.last_epoch)
        return self.base_lr + (self.max_lr - self.base_lr) * share * scale


class ReduceOnPlateau(LRScheduler):
    """Times factor when step(metrics) has not seen a better metric for more than patience steps."""

    def __init__(self, learning_rate: float, mode: str = "min", factor: float = 0.1, patience: int = 10,
                 threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0, min_lr: float = 0,
                 epsilon: float = 1e-8, verbose: bool = False) -> None:
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceOnPlateau: mode is '{mode}' and threshold_mode '{threshold_mode}'; use 'min' or 'max', and "
                             "'rel' or 'abs'")
        if factor >= 1:
            raise ValueError(f"ReduceOnPlateau: factor is {factor}; give one below 1")
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.epsilon = epsilon
        self.best: Optional[float] = None
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        super().__init__(learning_rate, -1, verbose)

    def get_lr(self) -> float:
        return self.last_lr

    def step(self, metrics: Any = None, epoch: Optional[int] = None) -> None:  # type: ignore[override]
        """metrics: the number to watch, or an array of one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if metrics is None:
            return
        metric = float(np.asarray(metrics).item())
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            return
        self.num_bad_epochs = 0 if self._is_better(metric) else self.num_bad_epochs + 1
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
            rate = max(self.last_lr * self.factor, self.min_lr)
            if self.last_lr - rate > self.epsilon:
                self._set(rate)

    def _is_better(self, metric: float) -> bool:
        """Better by threshold than the best, which it then becomes."""
        if self.best is not None:
            margin = self.threshold * (self.best if self.threshold_mode == "rel" else 1)
            if metric >= self.best - margin if self.mode == "min" else metric <= self.best + margin:
                return False
        self.best = metric
        return True


__getattr__ = missing(__name__, [
    "LRScheduler", "NoamDecay", "PiecewiseDecay", "NaturalExpDecay", "InverseTimeDecay", "PolynomialDecay", "LinearWarmup",
    "ExponentialDecay", "MultiStepDecay", "StepDecay", "LambdaDecay", "MultiplicativeDecay", "ReduceOnPlateau",
    "CosineAnnealingDecay", "CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR", "LinearLR"])
