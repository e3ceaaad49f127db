"""What the library throws. Each class is also the builtin exception a Python programmer would expect."""

from __future__ import annotations


class Error(Exception):
    """Base of all. Message: `<where>: <what is wrong, with both values>; <what to do>`."""


class InvalidArgumentError(Error, ValueError):
    """The caller's value is wrong."""


class NotFoundError(Error, LookupError):
    """A named thing does not exist."""


class UnsupportedError(Error, NotImplementedError):
    """Valid, but this build cannot do it."""


class FormatError(Error, ValueError):
    """A file or text does not follow its format."""


class IoError(Error, OSError):
    """The operating system refused."""


class InternalError(Error, RuntimeError):
    """A bug of ours."""
