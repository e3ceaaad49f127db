"""Data sets and transforms of images."""

from .._names import missing
from . import datasets as datasets
from . import transforms as transforms

__getattr__ = missing(__name__, ["datasets", "transforms"])
