"""Speed in ONNX Runtime: the int8 file intact exports against the same float network quantized by ONNX Runtime's own tool.

Both are QDQ with u8 activations and per-channel int8 weights; the tool calibrates on 256 MNIST training images. Needs onnxruntime, onnx and
numpy, MNIST in --data and a built intact command: scripts/compare.sh onnxruntime_export sets all that up.
"""
import gzip
import pathlib
import statistics
import tempfile

import harness
import numpy as np
import onnxruntime
from onnxruntime import quantization


class Images(quantization.CalibrationDataReader):
    def __init__(self, name, images):
        self.batches = iter([{name: images[i:i + 64]} for i in range(0, len(images), 64)])

    def get_next(self):
        return next(self.batches, None)


def mnist(directory, count):
    path = pathlib.Path(directory) / "train-images-idx3-ubyte"
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    pixels = np.frombuffer(data, np.uint8, count * 784, 16).reshape(count, 1, 28, 28)
    return (pixels.astype(np.float32) / 255 - 0.5) / 0.5


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def quantized_by_the_tool(model, out, images, folder):
    prepared = pathlib.Path(folder) / "prepared.onnx"
    quantization.quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    name = onnxruntime.InferenceSession(str(prepared), providers=["CPUExecutionProvider"]).get_inputs()[0].name
    quantization.quantize_static(str(prepared), str(out), Images(name, images), per_channel=True,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", required=True, help="directory with the MNIST files")
    options = parser.parse_args()
    report = harness.Report(options, f"ONNXRuntime {onnxruntime.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        fp32, int8 = harness.demo_models(options.intact, folder, options.data)
        by_tool = pathlib.Path(folder) / "by_tool.onnx"
        quantized_by_the_tool(fp32, by_tool, mnist(options.data, 256), folder)
        sessions = [session(path, options.threads) for path in (int8, by_tool)]
        for batch_size in (64, 1):
            image = mnist(options.data, batch_size)
            sides = [[], []]
            for _ in range(options.rounds):
                for side, runner in zip(sides, sessions):
                    name = runner.get_inputs()[0].name
                    side += harness.times(lambda: runner.run(None, {name: image}), options.steps)
            report.add(f"exported int8, batch {batch_size}", statistics.median(sides[1]), statistics.median(sides[0]))
    report.write()


if __name__ == "__main__":
    main()
