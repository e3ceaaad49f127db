"""Datasets and the DataLoader."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from .. import _intact
from .._intact import Var
from . import _random
from ._convert import names_of
from ._names import missing, only

Batch = Union[list[npt.NDArray[Any]], list[dict[str, npt.NDArray[Any]]]]


class Dataset:
    """Numbered samples, each a tuple of arrays: a subclass has __getitem__ and __len__."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset needs __getitem__(index); write it")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset needs __len__(); write it")


class TensorDataset(Dataset):
    """Rows of arrays of equal length."""

    def __init__(self, tensors: Sequence[npt.NDArray[Any]]) -> None:
        self.tensors = tensors

    def __getitem__(self, index: int) -> Any:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


def _stack(samples: list[Any]) -> list[npt.NDArray[Any]]:
    """Samples as one array a field."""
    fields = [sample if isinstance(sample, (tuple, list)) else (sample,) for sample in samples]
    return [np.stack([np.asarray(value) for value in field]) for field in zip(*fields)]


class DataLoader:
    """Batches of a Dataset: `for batch in loader` or `for batch in loader()` is one epoch.

    With return_list=False a batch is a list of one dict with the names of feed_list, which Executor.run takes as its feed.
    Datasets of vision.datasets are read by the library on a thread of its own; others where they are asked for."""

    def __init__(self, dataset: Union[Dataset, _intact.Dataset], feed_list: Optional[Sequence[Union[Var, str]]] = None,
                 places: Any = None, return_list: bool = True, batch_sampler: Any = None, batch_size: int = 1,
                 shuffle: bool = False, drop_last: bool = False,
                 collate_fn: Optional[Callable[[list[Any]], Sequence[npt.NDArray[Any]]]] = None, num_workers: int = 0,
                 use_buffer_reader: Any = True, prefetch_factor: int = 2, use_shared_memory: Any = True,
                 timeout: Any = 0, worker_init_fn: Any = None, persistent_workers: Any = False) -> None:
        only("DataLoader", batch_sampler=(batch_sampler, None), worker_init_fn=(worker_init_fn, None))
        if not return_list and not feed_list:
            raise ValueError("DataLoader: return_list is False but feed_list is empty; name the Variables to feed")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.return_list = return_list
        self.names = names_of(feed_list or ["image", "label"])
        self._collate = collate_fn or _stack
        self._random = np.random.default_rng(_random.seed())
        self._native: Optional[_intact.DataLoader] = None
        if isinstance(dataset, _intact.Dataset) and collate_fn is None:
            self._native = _intact.DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last,
                                              seed=_random.seed(), feed_list=self.names, prefetch=prefetch_factor)

    def __len__(self) -> int:
        count = len(self.dataset)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def _fields(self) -> Iterator[Sequence[npt.NDArray[Any]]]:
        order = self._random.permutation(len(self.dataset)) if self.shuffle else np.arange(len(self.dataset))
        for batch in range(len(self)):
            indices = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield self._collate([self.dataset[int(index)] for index in indices])

    def _batch(self, fields: Sequence[npt.NDArray[Any]]) -> Batch:
        if self.return_list:
            return list(fields)
        return [dict(zip(self.names, fields))]

    def __iter__(self) -> Iterator[Batch]:
        if self._native is not None:
            for feeds in self._native:
                yield self._batch([feeds[name] for name in self.names])
            return
        for fields in self._fields():
            yield self._batch(fields)

    def __call__(self) -> Iterator[Batch]:
        return iter(self)


__getattr__ = missing(__name__, ["Dataset", "TensorDataset", "DataLoader"])
