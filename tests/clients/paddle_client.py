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
# (largest difference of logits, label flips). Float: sums of up to 1,024 terms are added in another order. Quantized files
# as they are: Paddle takes a batch norm's square root from the CPU's 12-bit estimate and one Newton step, and adds V2's
# products as floats, so that a value next to a tie takes the neighbouring code, which is seen in the logits (which reach
# 20). Paddle's own two executors differ by as much; the last column of the report says how much. What is left is exact:
# "v1*" is the V1 file with each batch norm written as multiply and add, so that both sides round the same way.
TOLERANCE = {"float": (1e-4, 0), "v1": (2.0, 1), "v2": (2.0, 1), "v1*": (1e-4, 0)}


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


def folded_constants(scale, bias, mean, variance, epsilon):
    inverse = np.float32(1) / np.sqrt(variance + np.float32(epsilon))
    return inverse * scale, bias - mean * inverse * scale


def write_batch_norms_out(prefix, target):
    """Saves the model with each batch_norm as elementwise_mul and elementwise_add, by Paddle."""
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    scope = paddle.static.Scope()
    with paddle.static.scope_guard(scope):
        program, feeds, fetches = paddle.static.load_inference_model(str(prefix), executor)
        block = program.global_block()
        for index in reversed([i for i, op in enumerate(block.ops) if op.type == "batch_norm"]):
            op = block.ops[index]
            x, y = op.input("X")[0], op.output("Y")[0]
            inputs = [np.array(scope.find_var(op.input(slot)[0]).get_tensor()) for slot in
                      ("Scale", "Bias", "Mean", "Variance")]
            for name, value in zip((y + ".a", y + ".b"), folded_constants(*inputs, op.attr("epsilon"))):
                block.create_var(name=name, shape=value.shape, dtype="float32", persistable=True)
                scope.var(name).get_tensor().set(value, paddle.CPUPlace())
            block.create_var(name=y + ".scaled", shape=block.var(x).shape, dtype="float32")
            block._remove_op(index)
            block._insert_op(index, type="elementwise_mul", inputs={"X": [x], "Y": [y + ".a"]},
                             outputs={"Out": [y + ".scaled"]}, attrs={"axis": 1})
            block._insert_op(index + 1, type="elementwise_add", inputs={"X": [y + ".scaled"], "Y": [y + ".b"]},
                             outputs={"Out": [y]}, attrs={"axis": 1})
        paddle.static.save_inference_model(str(target), [block.var(feeds[0])], fetches, executor, program=program)


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
    with tempfile.TemporaryDirectory() as folder:
        prefix = pathlib.Path(folder) / "v1"
        write_batch_norms_out(models / "v1", prefix)
        failures += check("v1*", prefix, options.intact, images)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
