"""The order in which a DataLoader reads a Dataset, and how that makes batches."""

from __future__ import annotations

from typing import Any, Iterator, Optional, Sequence

import numpy as np

from . import _random
from ._names import only


class Sampler:
    """Numbers of samples: a subclass has __iter__; without it as many as data_source holds."""

    def __init__(self, data_source: Any = None) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        raise NotImplementedError(f"{type(self).__name__}: a Sampler needs __iter__(); write it")

    def __len__(self) -> int:
        return len(self.data_source)


class SequenceSampler(Sampler):
    """0, 1, 2, ..."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))


class RandomSampler(Sampler):
    """A new permutation each time; with replacement, num_samples independent numbers."""

    def __init__(self, data_source: Any, replacement: bool = False, num_samples: Optional[int] = None,
                 generator: Any = None) -> None:
        super().__init__(data_source)
        only("RandomSampler", generator=(generator, None))
        if num_samples is not None and (num_samples <= 0 or (not replacement and num_samples > len(data_source))):
            raise ValueError(f"RandomSampler: num_samples is {num_samples} of {len(data_source)} samples; give one that is "
                             "above 0 and, without replacement, not above their number")
        self.replacement = replacement
        self.num_samples = len(data_source) if num_samples is None else num_samples
        self._random = np.random.default_rng(_random.seed())

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        order = self._random.integers(0, count, self.num_samples) if self.replacement else self._random.permutation(count)
        return iter(order[: self.num_samples].tolist())

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given numbers in a new order each time."""

    def __init__(self, indices: Sequence[int]) -> None:
        super().__init__()
        self.indices = list(indices)
        self._random = np.random.default_rng(_random.seed())

    def __iter__(self) -> Iterator[int]:
        return iter([self.indices[at] for at in self._random.permutation(len(self.indices))])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """num_samples numbers, each drawn in proportion to its weight."""

    def __init__(self, weights: Sequence[float], num_samples: int, replacement: bool = True) -> None:
        super().__init__()
        self.weights = np.asarray(weights, np.float64)
        self.num_samples = num_samples
        self.replacement = replacement
        self._random = np.random.default_rng(_random.seed())

    def __iter__(self) -> Iterator[int]:
        share = self.weights / self.weights.sum()
        return iter(self._random.choice(len(share), self.num_samples, self.replacement, share).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of batch_size numbers, of a Dataset or of what a Sampler yields."""

    def __init__(self, dataset: Any = None, sampler: Any = None, shuffle: bool = False, batch_size: int = 1,
                 drop_last: bool = False) -> None:
        super().__init__(dataset)
        if (dataset is None) == (sampler is None):
            raise ValueError("BatchSampler: give one of dataset and sampler")
        if sampler is not None and shuffle:
            raise ValueError("BatchSampler: shuffle is True but the sampler has the order; leave shuffle out")
        if batch_size < 1:
            raise ValueError(f"BatchSampler: batch_size is {batch_size}; give at least 1")
        self.sampler = sampler or (RandomSampler(dataset) if shuffle else SequenceSampler(dataset))
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:  # type: ignore[override]
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class DistributedBatchSampler(BatchSampler):
    """The batches of the one process there is."""

    def __init__(self, dataset: Any, batch_size: int, num_replicas: Optional[int] = None, rank: Optional[int] = None,
                 shuffle: bool = False, drop_last: bool = False) -> None:
        only("DistributedBatchSampler", num_replicas=(num_replicas or 1, 1), rank=(rank or 0, 0))
        super().__init__(dataset, None, shuffle, batch_size, drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Nothing: every epoch has an order of its own."""
