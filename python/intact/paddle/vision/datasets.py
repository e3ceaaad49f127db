"""MNIST and what shares its format. Nothing is downloaded: give the files, or the directory that has them."""

from __future__ import annotations

import os
from typing import Any, Optional

from ... import _intact
from ...errors import NotFoundError
from .._names import missing, only
from .transforms import Step, native


class _IdxImages(_intact.Mnist):
    """Looks for the files in image_path and label_path, else in the environment's INTACT_<NAME>, else in the cache."""

    NAME = ""

    def __init__(self, image_path: Optional[str] = None, label_path: Optional[str] = None, mode: str = "train",
                 transform: Optional[Step] = None, download: Any = True, backend: Optional[str] = None) -> None:
        backend = "pil" if backend is None else backend
        if backend not in ("pil", "cv2"):
            raise ValueError(f"{type(self).__name__}: backend '{backend}' is not known; use 'pil' or 'cv2'")
        step = native(transform, is_integer=backend == "pil")
        if image_path and label_path:
            super().__init__(mode, image_path=image_path, label_path=label_path, transform=step)
        else:
            only(type(self).__name__, image_path=(image_path, None), label_path=(label_path, None))
            super().__init__(mode, directory=self._directory(), transform=step)
        self.mode = mode
        self.backend = backend

    @classmethod
    def _directory(cls) -> str:
        variable = f"INTACT_{cls.NAME.upper()}"
        cache = os.environ.get("INTACT_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "intact")
        for folder in (os.environ.get(variable), os.path.join(cache, cls.NAME)):
            if folder and os.path.isdir(folder):
                return folder
        raise NotFoundError(f"{cls.__name__}: no files at {os.path.join(cache, cls.NAME)}; give image_path and label_path, or "
                            f"set {variable} to the directory of the four IDX files (scripts/get_mnist.sh fetches MNIST)")


class MNIST(_IdxImages):
    """60,000 and 10,000 handwritten digits: float32 [28,28] in 0..255 before the transform, and int64 [1]."""

    NAME = "mnist"


class FashionMNIST(_IdxImages):
    """60,000 and 10,000 pieces of clothing, in the same form."""

    NAME = "fashion_mnist"


__getattr__ = missing(__name__, ["MNIST", "FashionMNIST"])
