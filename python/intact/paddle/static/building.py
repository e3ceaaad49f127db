"""What describes a network."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Optional, Sequence

from ... import nn
from ..._intact import Program, ProgramGuard, Var, default_main_program, default_startup_program
from ..._intact import append_backward as _append_backward
from .. import _random
from .._convert import Attr, param_attr
from .._names import only


@contextlib.contextmanager
def program_guard(main_program: Program, startup_program: Optional[Program] = None) -> Iterator[None]:
    """Layers append to these Programs; without a startup_program, initializers go where they went before. A Program without
    a random_seed gets paddle.seed()'s."""
    startup_program = startup_program or default_startup_program()
    for program in (main_program, startup_program):
        if program.random_seed == 0:
            program.random_seed = _random.seed()
    with ProgramGuard(main_program, startup_program):
        yield


def data(name: str, shape: Sequence[Optional[int]], dtype: Any = None, lod_level: int = 0) -> Var:
    """An input that the user feeds; None or -1 is a free dimension."""
    only("data", lod_level=(lod_level, 0))
    return nn.data(name, shape, "float32" if dtype is None else dtype)


class InputSpec:
    """Shape, type and name of an input."""

    def __init__(self, shape: Sequence[Optional[int]], dtype: str = "float32", name: Optional[str] = None,
                 stop_gradient: bool = False) -> None:
        self.shape = tuple(-1 if size is None else size for size in shape)
        self.dtype = dtype
        self.name = name
        self.stop_gradient = stop_gradient

    def __repr__(self) -> str:
        return f"InputSpec(shape={self.shape}, dtype={self.dtype}, name={self.name}, stop_gradient={self.stop_gradient})"


def create_parameter(shape: Sequence[int], dtype: str, name: Optional[str] = None, attr: Attr = None,
                     is_bias: bool = False, default_initializer: Optional[nn.Initializer] = None) -> Var:
    """A trainable tensor: Xavier uniform, or 0 for a bias, unless an initializer is given."""
    only("create_parameter", dtype=(dtype, "float32"))
    return nn.create_parameter(shape, param_attr(attr, default_initializer, name), is_bias)


def create_global_var(shape: Sequence[int], value: float, dtype: str, persistable: bool = False,
                      force_cpu: Any = False, name: Optional[str] = None) -> Var:
    """A tensor that the startup Program fills with `value`; no optimizer changes it."""
    only("create_global_var", dtype=(dtype, "float32"))
    main, startup = default_main_program(), default_startup_program()
    name = name or main.unique_name("global_var")
    filled = startup.block().add_var(name, shape, dtype, persistable=True)
    nn.append_initializer(startup, filled, nn.Constant(value))
    return main.block().add_var(name, shape, dtype, persistable=True, stop_gradient=True)


def append_backward(loss: Var, parameter_list: Any = None, no_grad_set: Any = None,
                    callbacks: Any = None) -> list[tuple[Var, Var]]:
    """Appends the gradients of loss; returns (parameter, gradient) pairs."""
    only("append_backward", parameter_list=(parameter_list, None), no_grad_set=(no_grad_set, None), callbacks=(callbacks, None))
    return _append_backward(loss)


_scopes: list[str] = []


@contextlib.contextmanager
def name_scope(prefix: Optional[str] = None) -> Iterator[None]:
    """Ops appended inside carry the name: a pattern of not_quant_pattern leaves them in float."""
    program = default_main_program()
    first = len(program.ops())
    _scopes.append(prefix or "")
    where = "/" + "/".join(_scopes) + "/"
    try:
        yield
    finally:
        _scopes.pop()
        for op in program.ops()[first:]:
            if "op_namescope" not in op.attrs:
                op.set_attr("op_namescope", where)
