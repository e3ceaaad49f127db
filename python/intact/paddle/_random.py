"""The seed that paddle.seed() sets, for what draws random numbers outside of Programs."""

_seed = 0


def set_seed(value: int) -> None:
    global _seed
    _seed = value


def seed() -> int:
    return _seed
