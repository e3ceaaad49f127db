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
# (largest difference of logits, label flips). Float: sums of up to 1,024 terms are added in another order. Quantized: batch
# norm is rounded in another order, so a value next to a tie takes the neighbouring code, and one step of one code in an
# early layer is seen in the logits (which reach 20); a network trained on few images may then change its mind once.
TOLERANCE = {"float": (1e-4, 0), "v1": (2.0, 1), "v2": (2.0, 1)}


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intact", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", required=True)
    options = parser.parse_args()
    images = test_images(options.data)
    failures = 0
    print(f"Paddle {paddle.__version__}, {IMAGES} test images")
    for name in ("float", "v1", "v2"):
        prefix = pathlib.Path(options.models) / name
        ours = run_intact(options.intact, prefix, images)
        for client, run in (("Executor", run_executor), ("Predictor", run_predictor)):
            theirs = run(prefix, images)
            difference = float(np.abs(theirs - ours).max())
            flips = int((theirs.argmax(1) != ours.argmax(1)).sum())
            allowed, allowed_flips = TOLERANCE[name]
            is_good = theirs.shape == ours.shape and difference <= allowed and flips <= allowed_flips
            failures += not is_good
            print(f"{name:6} {client:9} difference of logits {difference:.1e} (at most {allowed:g})  "
                  f"label flips {flips}  {'ok' if is_good else 'FAILED'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
