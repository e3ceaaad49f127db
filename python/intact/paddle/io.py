"""Datasets, samplers and the DataLoader."""

from __future__ import annotations

import bisect
import itertools
import math
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from .. import _intact
from .._intact import Var
from . import _random
from ._convert import names_of
from ._names import missing, only
from .samplers import BatchSampler as BatchSampler
from .samplers import DistributedBatchSampler as DistributedBatchSampler
from .samplers import RandomSampler as RandomSampler
from .samplers import Sampler as Sampler
from .samplers import SequenceSampler as SequenceSampler
from .samplers import SubsetRandomSampler as SubsetRandomSampler
from .samplers import WeightedRandomSampler as WeightedRandomSampler

Batch = Union[list[npt.NDArray[Any]], list[dict[str, npt.NDArray[Any]]]]
Fields = Sequence[npt.NDArray[Any]]


class Dataset:
    """Numbered samples, each a tuple of arrays: a subclass has __getitem__ and __len__."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset needs __getitem__(index); write it")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset needs __len__(); write it")


class IterableDataset:
    """Samples in the order of __iter__, which a subclass has."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}: an IterableDataset needs __iter__(); write it")


class TensorDataset(Dataset):
    """Rows of arrays of equal length."""

    def __init__(self, tensors: Sequence[npt.NDArray[Any]]) -> None:
        lengths = [len(tensor) for tensor in tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"TensorDataset: the arrays have {lengths} rows; give as many of each")
        self.tensors = tensors

    def __getitem__(self, index: int) -> Any:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class ComposeDataset(Dataset):
    """Sample i is sample i of each Dataset, one behind the other."""

    def __init__(self, datasets: Sequence[Any]) -> None:
        self.datasets = list(datasets)

    def __getitem__(self, index: int) -> Any:
        return tuple(itertools.chain.from_iterable(_as_fields(dataset[index]) for dataset in self.datasets))

    def __len__(self) -> int:
        return min(len(dataset) for dataset in self.datasets)


class ConcatDataset(Dataset):
    """The samples of one Dataset after those of another."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        index = index if index >= 0 else index + len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset):
    """The samples of one IterableDataset after those of another."""

    def __init__(self, datasets: Sequence[Iterable[Any]]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)


class Subset(Dataset):
    """The samples of a Dataset that have these numbers."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[Union[int, float]], generator: Any = None) -> list[Subset]:
    """Disjoint Subsets of these lengths, or of these shares of the whole; what is left over goes to the first ones."""
    only("random_split", generator=(generator, None))
    total = len(dataset)
    counts = [int(length) for length in lengths]
    if any(isinstance(length, float) for length in lengths) and math.isclose(math.fsum(lengths), 1):
        counts = [math.floor(total * share) for share in lengths]
        for index in range(total - sum(counts)):
            counts[index % len(counts)] += 1
    if sum(counts) != total:
        raise ValueError(f"random_split: lengths {list(lengths)} of {total} samples; give numbers whose sum is theirs, or 1")
    order = np.random.default_rng(_random.seed()).permutation(total).tolist()
    ends = list(itertools.accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, ends)]


def get_worker_info() -> None:
    """None: samples are read in the process itself."""


def _as_fields(sample: Any) -> Sequence[Any]:
    return sample if isinstance(sample, (tuple, list)) else (sample,)


def _stack(samples: list[Any]) -> Any:
    """Samples as one array a field; of dicts, a dict."""
    if isinstance(samples[0], Mapping):
        return {name: np.stack([np.asarray(sample[name]) for sample in samples]) for name in samples[0]}
    return [np.stack([np.asarray(value) for value in field]) for field in zip(*map(_as_fields, samples))]


class DataLoader:
    """Batches of a Dataset: `for batch in loader` or `for batch in loader()` is one epoch.

    With return_list=False a batch is a list of one dict with the names of feed_list, which Executor.run takes as its feed.
    batch_sampler yields lists of numbers. Datasets of vision.datasets are read by the library on a thread of its own; others
    where they are asked for."""

    def __init__(self, dataset: Union[Dataset, IterableDataset, _intact.Dataset],
                 feed_list: Optional[Sequence[Union[Var, str]]] = None, places: Any = None, return_list: bool = True,
                 batch_sampler: Optional[Iterable[Sequence[int]]] = None, batch_size: int = 1, shuffle: bool = False,
                 drop_last: bool = False, collate_fn: Optional[Callable[[list[Any]], Any]] = None, num_workers: int = 0,
                 use_buffer_reader: Any = True, prefetch_factor: int = 2, use_shared_memory: Any = True,
                 timeout: Any = 0, worker_init_fn: Any = None, persistent_workers: Any = False) -> None:
        if not return_list and not feed_list:
            raise ValueError("DataLoader: return_list is False but feed_list is empty; name the Variables to feed")
        if batch_sampler is not None and (batch_size != 1 or shuffle or drop_last):
            raise ValueError("DataLoader: batch_sampler makes the batches; leave batch_size, shuffle and drop_last out")
        if isinstance(dataset, IterableDataset) and (batch_sampler is not None or shuffle):
            raise ValueError("DataLoader: an IterableDataset has its own order; leave batch_sampler and shuffle out")
        self.dataset = dataset
        self.batch_size = getattr(batch_sampler, "batch_size", batch_size)
        self.drop_last = drop_last
        self.return_list = return_list
        self.names = names_of(feed_list or ["image", "label"])
        self._collate = collate_fn or _stack
        self._native: Optional[_intact.DataLoader] = None
        self.batch_sampler = batch_sampler
        if isinstance(dataset, _intact.Dataset) and collate_fn is None and batch_sampler is None:
            self._native = _intact.DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last,
                                              seed=_random.seed(), feed_list=self.names, prefetch=prefetch_factor)
        elif batch_sampler is None and not isinstance(dataset, IterableDataset):
            self.batch_sampler = BatchSampler(dataset, None, shuffle, batch_size, drop_last)

    def __len__(self) -> int:
        if self._native is not None:
            return len(self._native)
        if self.batch_sampler is None:
            raise TypeError("DataLoader: an IterableDataset has no length; count its batches")
        return len(self.batch_sampler)  # type: ignore[arg-type]

    def _samples(self) -> Iterator[list[Any]]:
        """Those of each batch."""
        if not isinstance(self.dataset, IterableDataset):
            for indices in self.batch_sampler or []:
                yield [self.dataset[int(index)] for index in indices]
            return
        samples = iter(self.dataset)
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def _batch(self, fields: Any) -> Batch:
        if self.return_list:
            return fields if isinstance(fields, Mapping) else list(fields)  # type: ignore[return-value]
        return [dict(fields) if isinstance(fields, Mapping) else dict(zip(self.names, fields))]

    def __iter__(self) -> Iterator[Batch]:
        if self._native is not None:
            for feeds in self._native:
                yield self._batch([feeds[name] for name in self.names])
            return
        for samples in self._samples():
            yield self._batch(self._collate(samples))

    def __call__(self) -> Iterator[Batch]:
        return iter(self)


__getattr__ = missing(__name__, [
    "Dataset", "IterableDataset", "TensorDataset", "ComposeDataset", "ConcatDataset", "ChainDataset", "Subset",
    "random_split", "get_worker_info", "Sampler", "SequenceSampler", "RandomSampler", "SubsetRandomSampler",
    "WeightedRandomSampler", "BatchSampler", "DistributedBatchSampler", "DataLoader"])
