"""paddle.static: Programs, the Executor, and model files."""

from __future__ import annotations

from ..._intact import Program as Program
from ..._intact import Scope as Scope
from ..._intact import Var as _Var
from ..._intact import default_main_program as default_main_program
from ..._intact import default_startup_program as default_startup_program
from .._names import missing as _missing
from ..metric import accuracy as accuracy
from . import nn as nn
from .building import InputSpec as InputSpec
from .building import append_backward as append_backward
from .building import create_global_var as create_global_var
from .building import create_parameter as create_parameter
from .building import data as data
from .building import name_scope as name_scope
from .building import program_guard as program_guard
from .executor import BuildStrategy as BuildStrategy
from .executor import CompiledProgram as CompiledProgram
from .executor import ExecutionStrategy as ExecutionStrategy
from .executor import Executor as Executor
from .executor import cpu_places as cpu_places
from .files import load as load
from .files import load_inference_model as load_inference_model
from .files import load_program_state as load_program_state
from .files import normalize_program as normalize_program
from .files import save as save
from .files import save_inference_model as save_inference_model
from .files import set_program_state as set_program_state
from .scopes import global_scope as global_scope
from .scopes import scope_guard as scope_guard

Variable = _Var
__getattr__ = _missing(__name__, set(globals()) - {"building", "executor", "files", "scopes"})
