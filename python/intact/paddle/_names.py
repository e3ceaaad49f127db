"""What a module says about names, modules and arguments it does not have."""

from __future__ import annotations

import difflib
import dis
import importlib.machinery
import sys
import types
from typing import Any, Callable, Iterable, NoReturn, Optional, Sequence

from ..errors import UnsupportedError

# Names of the reference that have no counterpart by design, and what stands in for each.
_CONTROL_FLOW = "there is no control flow: unroll it, or choose between Programs in Python"
_DYGRAPH_LAYER = "there is no dygraph mode: build a static.Program with functions of static.nn and nn.functional"
_CLIPPING = "gradients are not clipped: use a lower learning rate or optimizer.lr.LinearWarmup"
_LEFT_OUT = {
    "AdamW": "weight decay is L2 regularization: use Adam with weight_decay",
    "ClipGradByGlobalNorm": _CLIPPING,
    "ClipGradByNorm": _CLIPPING,
    "ClipGradByValue": _CLIPPING,
    "DataParallel": "there is one place: run the Program itself",
    "Layer": _DYGRAPH_LAYER,
    "Model": "there is no dygraph mode: build a static.Program and run it with static.Executor",
    "Sequential": _DYGRAPH_LAYER,
    "Tensor": "there is no dygraph mode: feed and fetch numpy arrays, static.Variable is the type while building",
    "case": _CONTROL_FLOW,
    "cond": _CONTROL_FLOW,
    "cuda_places": "there is no CUDA backend: use cpu_places",
    "grad": "there is no dygraph mode: use static.append_backward",
    "load": "use static.load or static.load_inference_model",
    "no_grad": "there is no dygraph mode: set stop_gradient of a Variable",
    "save": "use static.save or static.save_inference_model",
    "switch_case": _CONTROL_FLOW,
    "to_tensor": "there is no dygraph mode: feed numpy arrays, or use full for a constant",
    "while_loop": _CONTROL_FLOW,
}

_HELPERS = {"Any", "NoReturn", "Optional", "Sequence", "Union", "annotations", "builtins"}
_names: dict[str, list[str]] = {}  # of each module


class MissingNameError(UnsupportedError, AttributeError):
    """A name of the reference system that is not here; says which one is nearest."""


class MissingImportError(UnsupportedError, ImportError):
    """The same, where `from module import name` asks for it."""


class MissingModuleError(UnsupportedError, ModuleNotFoundError):
    """The same for a module."""


def _close(name: str, known: Iterable[str], cutoff: float) -> Optional[str]:
    """The one of `known` that is most alike, whatever the case of its letters."""
    spellings = {spelling.lower(): spelling for spelling in known}
    found = difflib.get_close_matches(name.lower(), list(spellings), n=1, cutoff=cutoff)
    return spellings[found[0]] if found else None


def _elsewhere(module: str, name: str) -> Optional[str]:
    """A name as good as equal in another module, with that module."""
    for other, names in _names.items():
        near = _close(name, names, 0.9)
        if near and other != module:
            return f"{other}.{near}"
    return None


def _is_import(frame: types.FrameType) -> bool:
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"


def missing(module: str, names: Iterable[str]) -> Callable[[str], NoReturn]:
    """The __getattr__ of a module that has `names`."""
    known = sorted(name for name in names if not name.startswith("_") and name not in _HELPERS)
    _names[module] = known

    def __getattr__(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _LEFT_OUT:
            message = f"{module}: there is no '{name}'; {_LEFT_OUT[name]}"
        else:
            near = _close(name, known, 0.7) or _elsewhere(module, name) or _close(name, known, 0.0)
            message = f"{module}: there is no '{name}'; the nearest is '{near}', all are {', '.join(known)}"
        if _is_import(sys._getframe(1)):
            raise MissingImportError(message)
        raise MissingNameError(message)

    return __getattr__


class _Finder:
    """Asked last, for modules that nobody found."""

    @staticmethod
    def find_spec(name: str, path: Optional[Sequence[str]] = None,
                  target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        package, _, module = name.rpartition(".")
        if package not in _names or module.startswith("_"):
            return None
        modules = [other for other in _names if other != package]
        near = next((other for other in modules if other.endswith("." + module)), None) or _close(name, modules, 0.0)
        error = MissingModuleError(f"{package}: there is no module '{module}'; the nearest is '{near}'")
        error.name = name
        raise error


if _Finder not in sys.meta_path:
    sys.meta_path.append(_Finder)


def only(where: str, **arguments: tuple[Any, Any]) -> None:
    """Each argument (value, the one value that is supported). Throws: UnsupportedError."""
    for name, (value, supported) in arguments.items():
        if value != supported:
            raise UnsupportedError(f"{where}: {name} is {value!r} but only {supported!r} is supported; leave it out")
