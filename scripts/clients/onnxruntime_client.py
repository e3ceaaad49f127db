"""Runs ONNX models in ONNX Runtime: see client.py for the arguments."""
import client
import numpy as np
import onnxruntime


def run(path, images, optimizations):
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimizations else levels.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})


# What computes with codes, or moves them.
INTEGER_OPS = {"Clip of codes", "DequantizeLinear", "Flatten", "MaxPool", "NhwcMaxPool", "QGemm", "QuantizeLinear", "Reshape", "Squeeze",
               "Transpose", "Unsqueeze"}


def float_ops(ops):
    """Of the ops that fused_ops() gives, those that compute in float."""
    return {name: count for name, count in (ops or {}).items() if name not in INTEGER_OPS and not name.startswith("QLinear")}


def fused_ops(path):
    """Op types of the graph that ONNX Runtime really runs."""
    import collections
    import tempfile
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = folder + "/profile"
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        shape = [1 if not isinstance(size, int) else size for size in session.get_inputs()[0].shape]
        session.run(None, {session.get_inputs()[0].name: np.zeros(shape, np.float32)})
        import json
        with open(session.end_profiling()) as file:
            events = json.load(file)
    counts = collections.Counter(op_name(event["args"]) for event in events
                                 if event.get("cat") == "Node" and "op_name" in event.get("args", {})
                                 and event["name"].endswith("_kernel_time"))
    return dict(sorted(counts.items()))


def op_name(arguments):
    """Clip is an op of integers and of floats."""
    is_clip_of_codes = arguments["op_name"] == "Clip" and set(arguments["input_type_shape"][0]) <= {"uint8", "int8"}
    return "Clip of codes" if is_clip_of_codes else arguments["op_name"]


if __name__ == "__main__":
    client.main("onnxruntime", onnxruntime.__version__, run, fused_ops, float_ops)
