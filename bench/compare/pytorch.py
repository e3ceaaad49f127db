"""Training steps, float and QAT, and inference, float and int8: PyTorch (torch.ao, default x86 configuration) eager
channels_last against intact.

Needs a Python with torch (about 5.5 GB installed, never in CI) and a built intact command; scripts/compare.sh pytorch sets that up.
Both sides alternate in one run; ratios of medians are printed.
"""
import statistics
import subprocess
import sys
import warnings

import torch
from torch import nn

import harness
from torch_networks import NETWORKS

warnings.filterwarnings("ignore")  # torch.ao says it will move
# network, channels, image size, part of the steps to time
CASES = [("mobilenet_v1", 1, 28, 1.0), ("resnet18", 3, 64, 0.25), ("mobilenet_v2", 3, 64, 0.25)]


def quantized_for_training(model):
    from torch.ao import quantization

    wrapped = nn.Sequential(quantization.QuantStub(), model, quantization.DeQuantStub())
    wrapped.qconfig = quantization.get_default_qat_qconfig("x86")
    return quantization.prepare_qat(wrapped.train())


class TorchStep:
    def __init__(self, network, channels, size, batch_size, quantize):
        torch.manual_seed(0)
        model = NETWORKS[network](channels)
        if quantize:
            model = quantized_for_training(model)
        self.model = model.to(memory_format=torch.channels_last).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.images = torch.randn(batch_size, channels, size, size).to(memory_format=torch.channels_last)
        self.labels = torch.randint(0, 10, (batch_size,))

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def compare_steps(report, intact, case, options):
    network, channels, size, part = case
    steps = max(3, int(options.steps * part))
    arguments = ["--model", network, "--channels", str(channels), "--image-size", str(size)]
    for quantize in (False, True):
        step = TorchStep(network, channels, size, options.batch_size, quantize)
        report.alternate(
            f"{network} {size}x{size} {'QAT' if quantize else 'float'} step",
            lambda: statistics.median(harness.times(step.run, steps)),
            lambda: intact.median("quantize" if quantize else "train", *arguments, steps=steps))


def quantized_for_inference(model, images):
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx

    prepared = quantize_fx.prepare_fx(model, get_default_qconfig_mapping("x86"), (images,))
    prepared(images)
    return quantize_fx.convert_fx(prepared)


@torch.inference_mode()
def compare_inference(report, intact, options):
    for kind in ("fp32", "int8"):
        for batch_size in (64, 1):
            images = torch.randn(batch_size, 1, 28, 28).to(memory_format=torch.channels_last)
            model = NETWORKS["mobilenet_v1"](1).to(memory_format=torch.channels_last).eval()
            if kind == "int8":
                model = quantized_for_inference(model, images)
            harness.compare_inference(report, intact, kind, batch_size, lambda: lambda: model(images))


def compare_memory(report, intact, options):
    """Peak of a whole process that takes three float steps."""
    mine = [sys.executable, __file__, "--memory-only", "--threads", str(options.threads), "--batch-size",
            str(options.batch_size)]
    theirs = int(subprocess.run(mine, check=True, capture_output=True, text=True).stdout)
    ours = intact.measure("train", steps=3)["peak_memory_bytes"]
    report.add("mobilenet_v1 28x28 float step, peak memory", theirs / 1e6, ours / 1e6, "MB")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--networks", default="mobilenet_v1,resnet18,mobilenet_v2")
    parser.add_argument("--memory-only", action="store_true", help="take three float steps and stop: what is measured")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory_only:
        step = TorchStep("mobilenet_v1", 1, 28, options.batch_size, False)
        for _ in range(3):
            step.run()
        print(harness.own_peak_bytes())
        return
    report = harness.Report(options, f"PyTorch {torch.__version__}")
    intact = harness.Intact(options)
    for case in CASES:
        if case[0] in options.networks.split(","):
            compare_steps(report, intact, case, options)
    if "mobilenet_v1" in options.networks.split(","):
        compare_inference(report, intact, options)
        compare_memory(report, intact, options)
    report.write()


if __name__ == "__main__":
    main()
