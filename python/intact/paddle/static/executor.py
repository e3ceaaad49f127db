"""paddle.static.Executor."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Union

import numpy.typing as npt

from ... import _intact
from ..._intact import CpuPlace, CudaPlace, Program, Scope, Var
from .._convert import names_of
from .._names import only
from .scopes import scope_for

Feed = Mapping[str, npt.ArrayLike]


class Executor:
    """Runs Programs; compiles each once for the shapes it is fed."""

    def __init__(self, place: Union[CpuPlace, CudaPlace, None] = None) -> None:
        self.place = CpuPlace() if place is None else place
        self._native = _intact.Executor(self.place)

    def run(self, program: Optional[Program] = None, feed: Union[Feed, Sequence[Feed], None] = None,
            fetch_list: Optional[Sequence[Union[Var, str]]] = None, feed_var_name: str = "feed",
            fetch_var_name: str = "fetch", scope: Optional[Scope] = None, return_numpy: Any = True,
            use_program_cache: Any = True, return_merged: Any = True, use_prune: Any = False) -> list[npt.NDArray[Any]]:
        """feed: a dict, or what a DataLoader with return_list=False yields: a list of one dict."""
        only("Executor.run", return_merged=(return_merged, True), use_prune=(use_prune, False))
        program = _intact.default_main_program() if program is None else program
        if feed is not None and not isinstance(feed, Mapping):
            if len(feed) != 1:
                raise ValueError(f"Executor.run: feed is a list of {len(feed)} dicts; give one, there is one place")
            feed = feed[0]
        return self._native.run(program, feed or {}, names_of(fetch_list or []), scope_for(program, scope))

    def close(self) -> None:
        """Nothing is left open."""


def cpu_places(device_count: Optional[int] = None) -> list[CpuPlace]:
    only("cpu_places", device_count=(device_count or 1, 1))
    return [CpuPlace()]


class ExecutionStrategy:
    """Choices of the reference's executor. Any may be set; none has an effect."""


class BuildStrategy:
    """Choices of the reference's graph compiler. Any may be set; none has an effect, since every Program is compiled."""


def CompiledProgram(program: Program, build_strategy: Optional[BuildStrategy] = None) -> Program:
    """The Program itself: the Executor compiles it."""
    return program
