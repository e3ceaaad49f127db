"""Real Paddle 2.6.2 loads models we saved; outputs are compared with `intact run` on test images. See scripts/clients.sh."""
import zlib  # noqa: F401  before paddle, or its bundled zlib crashes
import argparse
import gzip
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import paddle

IMAGES = 64
# (largest difference of logits, label flips). Float: sums of up to 1,024 terms are added in another order. The quantized
# files are those of `convert --exact`: sums of integers, one product and one sum a channel, so that all round alike.
TOLERANCE = {"float": (1e-4, 0), "v1": (1e-4, 0), "v2": (1e-4, 0)}


def test_images(folder):
    name = "t10k-images-idx3-ubyte"
    path = pathlib.Path(folder) / name
    raw = path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, IMAGES * 784, 16).astype(np.float32)
    return ((pixels - np.float32(127.5)) / np.float32(127.5)).reshape(IMAGES, 1, 28, 28)


def run_intact(command, prefix, images):
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "x.npy", pathlib.Path(folder) / "y.npy"
        np.save(source, images)
        subprocess.run([command, "run", prefix, "--input", source, "--output", target], check=True,
                       stdout=subprocess.DEVNULL)
        return np.load(target)


def run_executor(prefix, images):
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    scope = paddle.static.Scope()
    with paddle.static.scope_guard(scope):
        program, feeds, fetches = paddle.static.load_inference_model(str(prefix), executor)
        return executor.run(program, feed={feeds[0]: images}, fetch_list=fetches)[0]


def run_predictor(prefix, images):
    config = paddle.inference.Config(f"{prefix}.pdmodel", f"{prefix}.pdiparams")
    config.disable_gpu()
    config.disable_glog_info()
    predictor = paddle.inference.create_predictor(config)
    handle = predictor.get_input_handle(predictor.get_input_names()[0])
    handle.copy_from_cpu(images)
    predictor.run()
    return predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()


def check(name, prefix, command, images):
    """Number of clients that disagree with `intact run` on the model."""
    ours = run_intact(command, prefix, images)
    results = {"Executor": run_executor(prefix, images), "Predictor": run_predictor(prefix, images)}
    among_themselves = float(np.abs(results["Executor"] - results["Predictor"]).max())
    allowed, allowed_flips = TOLERANCE[name]
    failures = 0
    for client, theirs in results.items():
        difference = float(np.abs(theirs - ours).max())
        flips = int((theirs.argmax(1) != ours.argmax(1)).sum())
        is_good = theirs.shape == ours.shape and difference <= allowed and flips <= allowed_flips
        failures += not is_good
        print(f"{name:5} {client:9} difference of logits {difference:.1e} (at most {allowed:g})  label flips {flips}  "
              f"{'ok' if is_good else 'FAILED'}  (Paddle's two: {among_themselves:.1e})")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intact", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", required=True)
    options = parser.parse_args()
    images = test_images(options.data)
    failures = 0
    print(f"Paddle {paddle.__version__}, {IMAGES} test images")
    models = pathlib.Path(options.models)
    for name in ("float", "v1", "v2"):
        failures += check(name, models / name, options.intact, images)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
