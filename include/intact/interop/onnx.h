#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intact/interop/inference_model.h"

namespace intact {

struct OnnxOptions {
  int opset = 13;  // 13 to 17
};

/// The ops that `fetches` need from `feeds` as a serialized ONNX ModelProto. NCHW; a dimension of
/// unknown size is a named one ("batch"). onnx_quantize_linear and onnx_dequantize_linear become
/// QuantizeLinear and DequantizeLinear one to one; a bias of rank 1 becomes an input of its Conv or
/// Gemm.
/// Throws: Unsupported (an op that has no ONNX form here), and what save_inference_model throws.
std::string write_onnx(const std::vector<std::string>& feeds,
                       const std::vector<std::string>& fetches,
                       const Program& program,
                       const Scope& scope,
                       const OnnxOptions& options = {});

/// write_onnx into a file, atomically. Throws: Io besides.
void save_onnx_model(const std::string& path,
                     const std::vector<std::string>& feeds,
                     const std::vector<std::string>& fetches,
                     const Program& program,
                     const Scope& scope,
                     const OnnxOptions& options = {});

struct OnnxReadOptions {
  /// Graph inputs that are known when the file is read: shapes and other things that ONNX takes as
  /// tensors and Programs as attributes.
  TensorMap constants = {};
};

/// Reads a serialized ModelProto, opset 1 to 21. Initializers that ops read become parameters;
/// feeds and fetches are in the order of the graph. `where` (a path) starts the messages.
/// Throws: Format (damaged, with the byte offset), Unsupported (ops, attributes or types this build
/// lacks, by name and node).
InferenceModel read_onnx(std::string_view bytes,
                         const std::string& where,
                         const OnnxReadOptions& options = {});

/// read_onnx of a file. Throws: NotFound, Io besides.
InferenceModel load_onnx_model(const std::string& path);

/// The same model with more outputs: Vars of what read_onnx made of it. Nothing else changes.
std::string expose_onnx_values(std::string_view bytes,
                               const std::string& where,
                               const Program& program,
                               const std::vector<std::string>& names);

/// ONNX op types that read_onnx knows, sorted.
std::vector<std::string> onnx_op_types();

/// A serialized TensorProto (the .pb files of ONNX's tests). Throws: Format, Unsupported.
Tensor read_onnx_tensor(std::string_view bytes, const std::string& where);

}  // namespace intact
