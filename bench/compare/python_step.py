"""Training steps of MobileNetV1 (28x28) from Python against `intact bench`: what calling from Python costs.

    python3 bench/compare/python_step.py [--intact build/release/bin/intact]

Needs the package intact; scripts/compare.sh python installs it.
"""
import statistics

import numpy as np

import harness
import intact
from intact import nn


class Step:
    """What a user's loop does: run() with numpy feeds, the loss back."""

    def __init__(self, options, quantize):
        intact.set_thread_count(options.threads)
        main, startup, self.scope = intact.Program(), intact.Program(), intact.Scope()
        with intact.ProgramGuard(main, startup):
            label = nn.data("label", [None, 1], "int64")
            logits = nn.mobilenet_v1(nn.data("image", [None, 1, 28, 28]), class_dim=10)
            loss = nn.mean(nn.cross_entropy(logits, label))
            self.fetches = [loss.name]
            intact.Momentum(0.01, 0.9).minimize(loss)
        self.executor = intact.Executor()
        self.executor.run(startup, scope=self.scope)
        self.program = intact.quant_aware(main, scope=self.scope) if quantize else main
        random = np.random.default_rng(0)
        self.feed = {"image": random.standard_normal((options.batch_size, 1, 28, 28)).astype(np.float32),
                     "label": random.integers(0, 10, (options.batch_size, 1))}

    def run(self):
        self.executor.run(self.program, self.feed, self.fetches, self.scope)


def main():
    options = harness.parser(__doc__).parse_args()
    report = harness.Report(options, f"Python (intact {intact.__version__})")
    command = harness.Intact(options)
    for quantize in (False, True):
        step = Step(options, quantize)
        report.alternate(f"mobilenet_v1 28x28 {'QAT' if quantize else 'float'} step, batch {options.batch_size}",
                         lambda: statistics.median(harness.times(step.run, options.steps)),
                         lambda: command.median("quantize" if quantize else "train"))
    report.write()


if __name__ == "__main__":
    main()
