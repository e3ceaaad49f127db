"""paddle.utils: names that do not repeat."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from .._intact import default_main_program
from ._names import missing


class unique_name:
    """Names are unique in a Program: two Programs that are built alike have the same ones, as under the reference's guard()."""

    @staticmethod
    @contextlib.contextmanager
    def guard(new_generator: Any = None) -> Iterator[None]:
        yield

    @staticmethod
    def generate(key: str) -> str:
        return default_main_program().unique_name(key)


__getattr__ = missing(__name__, ["unique_name"])
