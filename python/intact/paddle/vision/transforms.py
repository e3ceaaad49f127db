"""Transforms of images, [height,width] or [height,width,channels] unless a Transpose came before."""

from __future__ import annotations

from typing import Any, Callable, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from ... import _intact
from .. import _random
from .._names import missing, only

Image = npt.NDArray[Any]
Step = Callable[[Any], Image]


class ToTensor:
    """Channels first; integers 0..255 become 0..1, floats stay as they are."""

    def __init__(self, data_format: str = "CHW", keys: Any = None) -> None:
        only("ToTensor", data_format=(data_format, "CHW"), keys=(keys, None))

    def __call__(self, image: Any) -> Image:
        return self.native(np.asarray(image).dtype == np.uint8)(image)

    def native(self, is_integer: bool) -> _intact.Transform:
        scale = [_intact.Normalize([0.0], [255.0])] if is_integer else []
        return _intact.Compose([_intact.Transpose(), *scale])


class Compose:
    """Applies transforms in order."""

    def __init__(self, transforms: Sequence[Step]) -> None:
        self.transforms = list(transforms)

    def __call__(self, data: Any) -> Image:
        for transform in self.transforms:
            data = transform(data)
        return data  # type: ignore[no-any-return]


def native(transform: Optional[Step], is_integer: bool) -> Optional[Step]:
    """The transform as the library runs it best. is_integer: the images stand for integers 0..255."""
    if isinstance(transform, Compose):
        return _intact.Compose([native(part, is_integer) for part in transform.transforms])
    if isinstance(transform, ToTensor):
        return transform.native(is_integer)
    return transform


def Transpose(order: Sequence[int] = (2, 0, 1), keys: Any = None) -> _intact.Transform:
    only("Transpose", keys=(keys, None))
    return _intact.Transpose(list(order))


def _values(value: Union[float, Sequence[float]]) -> list[float]:
    return [float(value)] if isinstance(value, (int, float)) else [float(item) for item in value]


def Normalize(mean: Union[float, Sequence[float]] = 0.0, std: Union[float, Sequence[float]] = 1.0,
              data_format: str = "CHW", to_rgb: Any = False, keys: Any = None) -> _intact.Transform:
    """(x - mean) / std."""
    only("Normalize", to_rgb=(to_rgb, False), keys=(keys, None))
    return _intact.Normalize(_values(mean), _values(std), data_format)


def RandomHorizontalFlip(prob: float = 0.5, keys: Any = None) -> _intact.Transform:
    only("RandomHorizontalFlip", keys=(keys, None))
    return _intact.RandomHorizontalFlip(prob, _random.seed(), "HWC")


def RandomCrop(size: Union[int, Sequence[int]], padding: Optional[int] = None, pad_if_needed: Any = False, fill: Any = 0,
               padding_mode: str = "constant", keys: Any = None) -> _intact.Transform:
    only("RandomCrop", pad_if_needed=(pad_if_needed, False), fill=(fill, 0), padding_mode=(padding_mode, "constant"))
    height, width = (size, size) if isinstance(size, int) else size
    return _intact.RandomCrop(height, width, padding or 0, _random.seed(), "HWC")


def Resize(size: Union[int, Sequence[int]], interpolation: str = "bilinear", keys: Any = None) -> _intact.Transform:
    """One number is the length of the shorter side."""
    only("Resize", keys=(keys, None))
    height, width = (size, None) if isinstance(size, int) else size
    return _intact.Resize(height, width, interpolation, "HWC")


__getattr__ = missing(__name__, ["Compose", "Transpose", "Normalize", "Resize", "ToTensor", "RandomHorizontalFlip",
                                 "RandomCrop"])
