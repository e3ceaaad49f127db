"""Where calibration takes its batches from: the reference's three kinds of source."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError

Source = Callable[[], Iterable[Any]]


class Calibration:
    """The first batch_nums batches, as feeds, each time it is iterated over."""

    def __init__(self, batches: Source, feeds: Sequence[str], batch_nums: Optional[int]) -> None:
        self.batches = batches
        self.feeds = feeds
        self.batch_nums = batch_nums

    def __iter__(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        for index, batch in enumerate(self.batches()):
            if index == self.batch_nums:
                return
            yield self._feed(batch)

    def _feed(self, batch: Any) -> dict[str, npt.NDArray[Any]]:
        """Of a dict, a list of one dict, or a list of arrays in the model's order; what the model lacks is left out."""
        if isinstance(batch, (list, tuple)) and len(batch) == 1 and isinstance(batch[0], Mapping):
            batch = batch[0]
        if not isinstance(batch, Mapping):
            fields = batch if isinstance(batch, (list, tuple)) else [batch]
            batch = dict(zip(self.feeds, fields))
        return {name: np.asarray(batch[name]) for name in self.feeds}


def _samples(source: Any) -> Iterable[Any]:
    """Of a function that makes a generator, or a Dataset."""
    return source() if callable(source) else (source[index] for index in range(len(source)))


def batches_of(where: str, batch_generator: Any, sample_generator: Any, data_loader: Any, batch_size: int) -> Source:
    """The one source that is given, as a function that starts anew."""
    given = [source for source in (batch_generator, sample_generator, data_loader) if source is not None]
    if len(given) != 1:
        raise InvalidArgumentError(
            f"{where}: {len(given)} of batch_generator, sample_generator and data_loader are given; give one")
    if sample_generator is None:
        source = given[0]
        return source if callable(source) else lambda: source

    def batches() -> Iterator[Any]:
        samples: list[Any] = []
        for sample in _samples(sample_generator):
            samples.append(sample if isinstance(sample, (list, tuple)) else (sample,))
            if len(samples) == batch_size:
                yield [np.stack([np.asarray(value) for value in field]) for field in zip(*samples)]
                samples = []

    return batches
