"""The reference's model zoo: `models.MobileNet().net(input=image, class_dim=10)`.

The networks return logits, which is what cross_entropy wants. With softmax_output=True they are the reference's to the letter
and end in softmax, which cross_entropy then applies a second time: they learn, but more slowly."""

from __future__ import annotations

from .. import nn
from .._intact import Var
from ..paddle._names import missing


class _Model:
    NAME = ""

    def __init__(self, softmax_output: bool = False) -> None:
        self.softmax_output = softmax_output

    def net(self, input: Var, class_dim: int = 1000) -> Var:
        """Appends the network to the current Program. input: [N,C,H,W]."""
        return nn.build_model(self.NAME, input, class_dim=class_dim, softmax_output=self.softmax_output)


class _ScaledModel(_Model):
    def net(self, input: Var, class_dim: int = 1000, scale: float = 1.0) -> Var:
        """Appends the network to the current Program. input: [N,C,H,W]; scale multiplies the channels."""
        return nn.build_model(self.NAME, input, class_dim=class_dim, scale=scale, softmax_output=self.softmax_output)


class MobileNet(_ScaledModel):
    """MobileNetV1."""

    NAME = "mobilenet_v1"


class MobileNetV2(_ScaledModel):
    """MobileNetV2."""

    NAME = "mobilenet_v2"


class ResNet18(_Model):
    """ResNet with 18 layers; not in the reference's zoo."""

    NAME = "resnet18"


class ResNet50(_Model):
    """ResNet with 50 layers."""

    NAME = "resnet50"


model_list = ["MobileNet", "MobileNetV2", "ResNet18", "ResNet50"]

__getattr__ = missing(__name__, [*model_list, "model_list"])
