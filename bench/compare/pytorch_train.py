"""Training step of MobileNetV1 (28x28, 1 channel): PyTorch eager against intact, alternating in one run.

Needs a Python with torch (about 5.5 GB installed, never in CI) and a built intact command:
    python3 -m venv .venv-torch && .venv-torch/bin/pip install torch numpy
    .venv-torch/bin/python bench/compare/pytorch_train.py --intact build/release/bin/intact
Prints the ratio of medians, float and QAT, with versions and CPU.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import torch
from torch import nn

BLOCKS = [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
BLOCKS += [(512, 512, 1)] * 5 + [(512, 1024, 2), (1024, 1024, 1)]


def conv_bn_relu(channels_in, channels_out, kernel, stride, groups=1):
    return [
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    ]


def mobilenet_v1():
    layers = conv_bn_relu(1, 32, 3, 2)
    for channels_in, channels_out, stride in BLOCKS:
        layers += conv_bn_relu(channels_in, channels_in, 3, stride, channels_in)
        layers += conv_bn_relu(channels_in, channels_out, 1, 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 10))


def quantized_for_training(model):
    from torch.ao import quantization

    wrapped = nn.Sequential(quantization.QuantStub(), model, quantization.DeQuantStub())
    wrapped.qconfig = quantization.get_default_qat_qconfig("x86")
    return quantization.prepare_qat(wrapped.train())


class TorchStep:
    def __init__(self, batch_size, quantize):
        torch.manual_seed(0)
        model = mobilenet_v1()
        if quantize:
            model = quantized_for_training(model)
        self.model = model.to(memory_format=torch.channels_last).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.images = torch.randn(batch_size, 1, 28, 28).to(memory_format=torch.channels_last)
        self.labels = torch.randint(0, 10, (batch_size,))

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def times(self, steps):
        result = []
        for _ in range(steps):
            start = time.perf_counter()
            self.run()
            result.append((time.perf_counter() - start) * 1e3)
        return result


def intact_median(command, batch_size, threads, quantize, steps):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "bench.json"
        subprocess.run(
            [command, "bench", "quantize" if quantize else "train", "--model", "mobilenet_v1", "--batch-size", str(batch_size),
             "--threads", str(threads), "--steps", str(steps), "--json", str(out)],
            check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())["median_ms"]


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intact", default="build/release/bin/intact", help="the intact command")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="alternations of the two sides")
    parser.add_argument("--steps", type=int, default=20, help="steps a side and round")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"PyTorch {torch.__version__}, {options.threads} threads, batch {options.batch_size}, {cpu_name()}")
    for quantize in (False, True):
        step = TorchStep(options.batch_size, quantize)
        step.times(3)
        theirs, ours = [], []
        for _ in range(options.rounds):
            theirs.append(statistics.median(step.times(options.steps)))
            ours.append(intact_median(options.intact, options.batch_size, options.threads, quantize, options.steps))
        them, us = statistics.median(theirs), statistics.median(ours)
        name = "QAT" if quantize else "float"
        print(f"{name} step: PyTorch {them:.1f} ms, intact {us:.1f} ms, PyTorch / intact = {them / us:.2f}")


if __name__ == "__main__":
    main()
