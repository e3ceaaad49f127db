"""The zoo's networks in PyTorch, with the same layers in the same order."""
from torch import nn

V1_BLOCKS = [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
V1_BLOCKS += [(512, 512, 1)] * 5 + [(512, 1024, 2), (1024, 1024, 1)]
V2_STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def conv_bn(channels_in, channels_out, kernel, stride=1, groups=1, activation=nn.ReLU):
    layers = [nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(channels_out)]
    return layers + ([activation()] if activation else [])


def head(channels):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


class Add(nn.Module):
    """x + body(x) or shortcut(x) + body(x); the sum can be quantized where PyTorch asks for it."""

    def __init__(self, body, shortcut=None, activation=None):
        super().__init__()
        self.body = nn.Sequential(*body)
        self.shortcut = nn.Sequential(*shortcut) if shortcut else nn.Identity()
        self.activation = activation() if activation else nn.Identity()
        self.sum = nn.quantized.FloatFunctional()

    def forward(self, x):
        return self.activation(self.sum.add(self.shortcut(x), self.body(x)))


def mobilenet_v1(channels):
    layers = conv_bn(channels, 32, 3, 2)
    for channels_in, channels_out, stride in V1_BLOCKS:
        layers += conv_bn(channels_in, channels_in, 3, stride, channels_in)
        layers += conv_bn(channels_in, channels_out, 1)
    return nn.Sequential(*layers, *head(1024))


def mobilenet_v2(channels):
    layers = conv_bn(channels, 32, 3, 2, activation=nn.ReLU6)
    width = 32
    for expansion, filters, repeats, first_stride in V2_STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            wide = width * expansion
            body = conv_bn(width, wide, 1, activation=nn.ReLU6)
            body += conv_bn(wide, wide, 3, stride, wide, activation=nn.ReLU6)
            body += conv_bn(wide, filters, 1, activation=None)
            layers += [Add(body)] if stride == 1 and width == filters else body
            width = filters
    return nn.Sequential(*layers, *conv_bn(width, 1280, 1, activation=nn.ReLU6), *head(1280))


def resnet18(channels):
    layers = [*conv_bn(channels, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for stage, filters in enumerate((64, 128, 256, 512)):
        for unit in range(2):
            stride = 2 if unit == 0 and stage > 0 else 1
            body = conv_bn(width, filters, 3, stride) + conv_bn(filters, filters, 3, activation=None)
            changes = stride != 1 or width != filters
            shortcut = conv_bn(width, filters, 1, stride, activation=None) if changes else None
            layers.append(Add(body, shortcut, nn.ReLU))
            width = filters
    return nn.Sequential(*layers, *head(512))


NETWORKS = {"mobilenet_v1": mobilenet_v1, "mobilenet_v2": mobilenet_v2, "resnet18": resnet18}
