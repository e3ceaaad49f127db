"""Model files."""

from __future__ import annotations

import os
from typing import Any, Optional

from ... import _intact
from ..._intact import Program, Var
from ...errors import UnsupportedError
from .._convert import Names, names_of
from .._names import only
from .executor import Executor
from .scopes import global_scope, scope_for


def save_inference_model(path_prefix: str, feed_vars: Names, fetch_vars: Names, executor: Optional[Executor] = None,
                         program: Optional[Program] = None, clip_extra: Any = True, **options: Any) -> None:
    """Writes path_prefix.pdmodel and path_prefix.pdiparams: the ops that fetch_vars need from feed_vars."""
    only("save_inference_model", **{name: (value, False) for name, value in options.items()})
    program = _intact.default_main_program() if program is None else program
    folder = os.path.dirname(path_prefix)
    if folder:
        os.makedirs(folder, exist_ok=True)
    _intact.save_inference_model(path_prefix, names_of(feed_vars), names_of(fetch_vars), program, scope_for(program))


def model_prefix(path_prefix: str, model_filename: Optional[str], params_filename: Optional[str]) -> str:
    """What load_inference_model takes for a directory and the names of the two files in it."""
    if model_filename is None and params_filename is None:
        return path_prefix
    model = os.path.splitext(model_filename or "")
    params = os.path.splitext(params_filename or "")
    if model[0] != params[0] or (model[1], params[1]) != (".pdmodel", ".pdiparams"):
        raise UnsupportedError(
            f"load_inference_model: files '{model_filename}' and '{params_filename}'; call them NAME.pdmodel and NAME.pdiparams")
    return os.path.join(path_prefix, model[0])


def load_inference_model(path_prefix: str, executor: Optional[Executor] = None, model_filename: Optional[str] = None,
                         params_filename: Optional[str] = None) -> tuple[Program, list[str], list[Var]]:
    """(program, names to feed, Variables to fetch); the parameters go into the current Scope."""
    model = _intact.load_inference_model(model_prefix(path_prefix, model_filename, params_filename))
    scope = global_scope()
    for name in model.scope.names():
        scope.set(name, model.scope.get(name))
    return model.program, model.feeds, [model.program.var(name) for name in model.fetches]
