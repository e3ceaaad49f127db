"""Layer functions, initializers and the model zoo: each appends to the current main Program."""

from ._intact.nn import *  # noqa: F403
