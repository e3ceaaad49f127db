"""Inference of MobileNetV1 (28x28): OpenVINO on the files intact exports, fp32 and int8, against intact.

Needs openvino and numpy, MNIST in --data, and a built intact command; scripts/compare.sh sets all that up.
"""
import tempfile

import numpy as np
import openvino

import harness


def inference(path, image, threads):
    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape(image.shape)
    compiled = core.compile_model(
        model, "CPU",
        {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    return lambda: request.infer([image])


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", required=True, help="directory with the MNIST files")
    options = parser.parse_args()
    report = harness.Report(options, f"OpenVINO {openvino.__version__.split('-')[0]}")
    intact = harness.Intact(options)
    with tempfile.TemporaryDirectory() as folder:
        files = harness.demo_models(options.intact, folder, options.data)
        for kind, path in zip(("fp32", "int8"), files):
            for batch_size in (64, 1):
                image = np.random.default_rng(0).standard_normal((batch_size, 1, 28, 28)).astype(np.float32)
                harness.compare_inference(report, intact, kind, batch_size, lambda: inference(path, image, options.threads))
    report.write()


if __name__ == "__main__":
    main()
