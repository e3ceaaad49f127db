"""What a module says about names and arguments it does not have."""

from __future__ import annotations

import difflib
from typing import Any, Callable, Iterable, NoReturn

from ..errors import UnsupportedError


class MissingNameError(UnsupportedError, AttributeError):
    """A name of the reference system that is not here; says which one is nearest."""


def missing(module: str, names: Iterable[str]) -> Callable[[str], NoReturn]:
    """The __getattr__ of a module that has `names`."""
    known = sorted(name for name in names if not name.startswith("_") and name != "annotations")

    def __getattr__(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise MissingNameError(f"{module}: there is no '{name}'; the nearest is '{near[0]}', all are {', '.join(known)}")

    return __getattr__


def only(where: str, **arguments: tuple[Any, Any]) -> None:
    """Each argument (value, the one value that is supported). Throws: UnsupportedError."""
    for name, (value, supported) in arguments.items():
        if value != supported:
            raise UnsupportedError(f"{where}: {name} is {value!r} but only {supported!r} is supported; leave it out")
