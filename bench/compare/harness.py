"""What the comparisons share: running `intact bench` and a peer alternately, and reporting ratios of medians."""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


def parser(description):
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--intact", default="build/release/bin/intact", help="the intact command")
    result.add_argument("--threads", type=int, default=2)
    result.add_argument("--batch-size", type=int, default=64)
    result.add_argument("--rounds", type=int, default=5, help="alternations of the two sides")
    result.add_argument("--steps", type=int, default=20, help="steps a side and round")
    result.add_argument("--json", help="also write the rows to this file")
    return result


def times(step, count, warm_up=3):
    """Milliseconds of `count` calls."""
    for _ in range(warm_up):
        step()
    result = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        result.append((time.perf_counter() - start) * 1e3)
    return result


def own_peak_bytes():
    """Peak resident memory of this process. (What the kernel says of a child counts its parent's pages before exec.)"""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


class Intact:
    """The intact command as one side of a comparison."""

    def __init__(self, options):
        self.options = options

    def command(self, what, *more, steps=None, batch_size=None):
        options = self.options
        return [options.intact, "bench", what, "--batch-size", str(batch_size or options.batch_size), "--threads",
                str(options.threads), "--steps", str(steps or options.steps), *more]

    def median(self, what, *more, steps=None, batch_size=None):
        return self.measure(what, *more, steps=steps, batch_size=batch_size)["median_ms"]

    def measure(self, what, *more, steps=None, batch_size=None):
        """The command's report: median_ms, peak_memory_bytes, ..."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "bench.json"
            subprocess.run([*self.command(what, *more, steps=steps, batch_size=batch_size), "--json", str(out)],
                           check=True, stdout=subprocess.DEVNULL)
            return json.loads(out.read_text())


class Report:
    """Rows of (what, theirs, ours), printed as they come."""

    def __init__(self, options, peer):
        self.options = options
        self.peer = peer
        self.rows = []
        print(f"{peer}, {options.threads} threads, {cpu_name()}", flush=True)

    def alternate(self, what, theirs, ours):
        """theirs, ours: functions that give a median in ms."""
        pairs = [(theirs(), ours()) for _ in range(self.options.rounds)]
        self.add(what, *(statistics.median(side) for side in zip(*pairs)))

    def add(self, what, theirs, ours, unit="ms"):
        row = {"peer": self.peer, "what": what, "theirs": theirs, "ours": ours, "unit": unit, "ratio": theirs / ours}
        self.rows.append(row)
        print(f"{what}: {self.peer.split()[0]} {theirs:.2f} {unit}, intact {ours:.2f} {unit}, "
              f"ratio {row['ratio']:.2f}", flush=True)

    def write(self):
        if self.options.json:
            path = pathlib.Path(self.options.json)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"cpu": cpu_name(), "threads": self.options.threads, "rows": self.rows}, indent=2))


def compare_inference(report, intact, kind, batch_size, open_peer):
    """kind: fp32 or int8; open_peer() gives a function that is one inference of the peer. What that holds is gone before
    ours is timed: threads of a peer may poll for work."""
    steps = report.options.steps * (1 if batch_size > 1 else 20)
    report.alternate(
        f"mobilenet_v1 28x28 {kind} inference, batch {batch_size}",
        lambda: statistics.median(times(open_peer(), steps)),
        lambda: intact.median("infer", *(["--integer"] if kind == "int8" else []), steps=steps, batch_size=batch_size))


def demo_models(intact, folder, data):
    """A MobileNetV1 trained on few images, as float and quantized (portable) ONNX files in `folder`."""
    folder = pathlib.Path(folder)
    run = lambda *arguments: subprocess.run([intact, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    if not (folder / "int8.onnx").exists():
        run("train", "--model", "mobilenet_v1", "--data", data, "--limit", 640, "--out", folder / "float")
        run("quantize", folder / "float", "--data", data, "--limit", 640, "--deploy", "portable", "--out", folder / "qat")
        run("convert", folder / "float", "--format", "onnx", "--out", folder / "float.onnx")
        run("convert", folder / "qat", "--format", "onnx", "--out", folder / "int8.onnx")
    return folder / "float.onnx", folder / "int8.onnx"
