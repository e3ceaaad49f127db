"""Weight decay."""

from __future__ import annotations

from ._names import missing


class L2Decay:
    """Adds coeff * parameter to each gradient."""

    def __init__(self, coeff: float = 0.0) -> None:
        self.coeff = coeff


__getattr__ = missing(__name__, ["L2Decay"])
