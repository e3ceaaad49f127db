"""Model files."""

from __future__ import annotations

import os
import pickle
from typing import Any, Mapping, Optional

import numpy as np
import numpy.typing as npt

from ... import _intact
from ..._intact import Program, Var
from ...errors import FormatError, InvalidArgumentError, NotFoundError, UnsupportedError
from .._convert import Names, names_of
from .._names import only
from .executor import Executor
from .scopes import global_scope, scope_for


Values = dict[str, npt.NDArray[Any]]


def _values(program: Program, is_parameter: bool) -> Values:
    """What the current Scope holds of the Program: its parameters, or the rest that lives between runs."""
    scope = scope_for(program)
    names = sorted(var.name for var in program.list_vars()
                   if var.persistable and var.is_parameter == is_parameter and var.name in scope)
    return {name: np.array(scope.get(name)) for name in names}


def save(program: Program, model_path: str, protocol: int = 4, **configs: Any) -> None:
    """Writes model_path.pdparams and model_path.pdopt, pickled dicts of arrays as the reference's: the parameters, and what
    else lives between runs (statistics, optimizers' state)."""
    only("save", **{name: (value, None) for name, value in configs.items()})
    os.makedirs(os.path.dirname(model_path) or ".", exist_ok=True)
    for suffix, is_parameter in ((".pdparams", True), (".pdopt", False)):
        with open(model_path + suffix, "wb") as file:
            pickle.dump(_values(program, is_parameter), file, protocol)


class _ArraysOnly(pickle.Unpickler):
    """Of a file from elsewhere: nothing but dicts of arrays is made."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] != "numpy" or name not in ("ndarray", "dtype", "_reconstruct", "scalar", "_frombuffer"):
            raise FormatError(f"load: the file holds a {module}.{name}; only dicts of arrays are read")
        return super().find_class(module, name)


def _read(path: str) -> Values:
    with open(path, "rb") as file:
        read = _ArraysOnly(file, encoding="latin1").load()
    return {name: np.asarray(value) for name, value in read.items() if name != "StructuredToParameterName@@"}


def load_program_state(model_path: str, var_list: Any = None) -> Values:
    """The arrays that save() wrote, by name."""
    only("load_program_state", var_list=(var_list, None))
    files = [model_path + suffix for suffix in (".pdparams", ".pdopt") if os.path.exists(model_path + suffix)]
    if not files:
        raise NotFoundError(f"load: there is no {model_path}.pdparams; give what was given to static.save")
    return {name: value for file in files for name, value in _read(file).items()}


def set_program_state(program: Program, state_dict: Mapping[str, npt.ArrayLike]) -> None:
    """Puts arrays into the current Scope, those that the Program has Variables for. Throws: InvalidArgumentError for
    another shape."""
    scope = scope_for(program)
    for var in program.list_vars():
        if var.persistable and var.name in state_dict:
            value = np.asarray(state_dict[var.name])
            if len(var.shape) != value.ndim or any(size not in (-1, given) for size, given in zip(var.shape, value.shape)):
                raise InvalidArgumentError(f"set_program_state: '{var.name}' is {list(var.shape)} but the array "
                                           f"{list(value.shape)}; load what was saved of this network")
            scope.set(var.name, value)


def load(program: Program, model_path: str, executor: Optional[Executor] = None, var_list: Any = None) -> None:
    """Puts what save() wrote into the current Scope."""
    only("load", var_list=(var_list, None))
    state = load_program_state(model_path)
    lacking = [var.name for var in program.all_parameters() if var.name not in state]
    if lacking:
        raise NotFoundError(f"load: {model_path}.pdparams has no '{lacking[0]}'; load what was saved of this network")
    set_program_state(program, state)


def normalize_program(program: Program, feed_vars: Names, fetch_vars: Names, **options: Any) -> Program:
    """A copy with only the ops that fetch_vars need from feed_vars."""
    only("normalize_program", **{name: (value, False) for name, value in options.items()})
    return program.clone(for_test=True).prune(names_of(feed_vars), names_of(fetch_vars))


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
