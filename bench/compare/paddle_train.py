"""Training steps of MobileNetV1 (28x28), float and QAT: Paddle 2.6.2 with PaddleSlim 2.6.0, static mode, against intact.

Needs the reference system on Python 3.11; scripts/compare.sh --all sets it up.
"""
import zlib  # noqa: F401  these three before paddle, or it crashes
import matplotlib  # noqa: F401
import cv2  # noqa: F401
import statistics

import numpy as np
import paddle
import paddleslim

import harness

BLOCKS = [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
BLOCKS += [(512, 512, 1)] * 5 + [(512, 1024, 2), (1024, 1024, 1)]


def conv_bn(x, filters, kernel, stride=1, groups=1):
    x = paddle.static.nn.conv2d(x, filters, kernel, stride, kernel // 2, groups=groups, bias_attr=False)
    return paddle.static.nn.batch_norm(x, act="relu")


def network(image):
    x = conv_bn(image, 32, 3, 2)
    for channels_in, channels_out, stride in BLOCKS:
        x = conv_bn(x, channels_in, 3, stride, channels_in)
        x = conv_bn(x, channels_out, 1)
    x = paddle.nn.functional.adaptive_avg_pool2d(x, 1)
    return paddle.static.nn.fc(x, 10)


class PaddleStep:
    def __init__(self, batch_size, quantize):
        main, startup = paddle.static.Program(), paddle.static.Program()
        with paddle.static.program_guard(main, startup):
            image = paddle.static.data("image", [None, 1, 28, 28], "float32")
            label = paddle.static.data("label", [None, 1], "int64")
            self.loss = paddle.mean(paddle.nn.functional.cross_entropy(network(image), label))
            paddle.optimizer.Momentum(0.01, 0.9).minimize(self.loss)
        place = paddle.CPUPlace()
        self.executor = paddle.static.Executor(place)
        self.executor.run(startup)
        config = {"weight_quantize_type": "channel_wise_abs_max", "activation_quantize_type": "moving_average_abs_max",
                  "onnx_format": False}
        self.program = paddleslim.quant.quant_aware(main, place, config, for_test=False) if quantize else main
        random = np.random.default_rng(0)
        self.feed = {"image": random.standard_normal((batch_size, 1, 28, 28)).astype(np.float32),
                     "label": random.integers(0, 10, (batch_size, 1))}

    def run(self):
        self.executor.run(self.program, feed=self.feed, fetch_list=[self.loss])


def main():
    parser = harness.parser(__doc__)
    parser.set_defaults(rounds=3)
    options = parser.parse_args()
    paddle.enable_static()
    paddle.set_num_threads(options.threads) if hasattr(paddle, "set_num_threads") else None
    report = harness.Report(options, f"Paddle {paddle.__version__}")
    intact = harness.Intact(options)
    for quantize in (False, True):
        step = PaddleStep(options.batch_size, quantize)
        report.alternate(
            f"mobilenet_v1 28x28 {'QAT' if quantize else 'float'} step",
            lambda: statistics.median(harness.times(step.run, 3, warm_up=1)),
            lambda: intact.median("quantize" if quantize else "train"))
    report.write()


if __name__ == "__main__":
    main()
