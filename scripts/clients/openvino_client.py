"""Runs ONNX models in OpenVINO's CPU plugin: see client.py for the arguments."""
import client
import numpy as np
import openvino


def run(path, images, optimizations):
    core = openvino.Core()
    # Optimizations off: the quantized parts stay float simulations.
    config = {"INFERENCE_PRECISION_HINT": "f32"}
    if not optimizations:
        config["LP_TRANSFORMS_MODE"] = "NO"
        config["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"  # or it quantizes the inputs of matrix products itself
    compiled = core.compile_model(path, "CPU", config)
    result = compiled(images)
    return [np.array(result[port]) for port in compiled.outputs]


if __name__ == "__main__":
    client.main("openvino", openvino.__version__.split("-")[0], run)
