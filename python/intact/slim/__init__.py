"""PaddleSlim's names: `import intact.slim as slim`."""

from ..paddle._names import missing as _missing
from . import models as models
from . import quant as quant

__getattr__ = _missing(__name__, ["models", "quant"])
