"""Which Scope is current."""

from __future__ import annotations

import contextlib
from typing import Iterator, Optional

from ..._intact import Program, Scope
from ..._intact import global_scope as _global_scope

_stack: list[Scope] = []


def global_scope() -> Scope:
    """The current Scope: of the innermost scope_guard, else the process's."""
    return _stack[-1] if _stack else _global_scope()


@contextlib.contextmanager
def scope_guard(scope: Scope) -> Iterator[None]:
    _stack.append(scope)
    try:
        yield
    finally:
        _stack.pop()


def scope_for(program: Program, scope: Optional[Scope] = None) -> Scope:
    """`scope` when given, else the one the Program brought (convert's), else the current one."""
    if scope is not None:
        return scope
    return global_scope() if program.scope is None else program.scope
