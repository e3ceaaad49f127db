#include <array>
#include <limits>
#include <set>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/mapped_file.h"
#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "interop/inference_program.h"
#include "interop/onnx/converter.h"
#include "interop/wire.h"

namespace intact {
namespace {

constexpr int64_t kIrVersion = 8;  // of ONNX 1.11 and 1.12, opsets 16 and 17
constexpr int kMinOpset = 1;
constexpr int kMaxOpset = 21;

enum Message {
  kModel,
  kEntry,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kValueInfo,
  kType,
  kTensorType,
  kShape,
  kDimension,
};
constexpr std::array<WireNesting, 15> kNestings = {{{kModel, 8, kEntry},
                                                    {kModel, 14, kEntry},
                                                    {kModel, 7, kGraph},
                                                    {kGraph, 1, kNode},
                                                    {kGraph, 5, kTensor},
                                                    {kGraph, 11, kValueInfo},
                                                    {kGraph, 12, kValueInfo},
                                                    {kGraph, 13, kValueInfo},
                                                    {kNode, 5, kAttribute},
                                                    {kAttribute, 5, kTensor},
                                                    {kTensor, 13, kEntry},
                                                    {kValueInfo, 2, kType},
                                                    {kType, 1, kTensorType},
                                                    {kTensorType, 2, kShape},
                                                    {kShape, 1, kDimension}}};

template <class Proto>
Proto decode(std::string_view bytes, const std::string& where, int message, const char* what) {
  Proto result;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !result.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail(ErrorCode::Format,
         "{}: is not an ONNX {}: damaged or cut off at byte {} of {}; get the file again",
         where,
         what,
         malformed_offset(bytes, message, kNestings),
         bytes.size());
  }
  return result;
}

int64_t opset_of(const proto::ModelProto& model, const std::string& where) {
  std::optional<int64_t> version;
  for (const proto::OperatorSetIdProto& import : model.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") {
      version = import.version();
    }
  }
  if (!model.has_graph() || !version) {
    fail(ErrorCode::Format, "{}: holds no graph or no opset; give an ONNX model", where);
  }
  if (*version < kMinOpset || *version > kMaxOpset) {
    fail(ErrorCode::Unsupported,
         "{}: follows opset {}; this build reads {} to {}",
         where,
         *version,
         kMinOpset,
         kMaxOpset);
  }
  return *version;
}

/// An unknown dimension is named: "batch" where it is the first, so that all of a graph's agree.
void add_value_info(const Var& var, proto::ValueInfoProto& info) {
  info.set_name(var.name());
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(to_onnx(var.dtype()));
  type.mutable_shape();
  for (int axis = 0; axis < var.shape().rank(); ++axis) {
    auto& dim = *type.mutable_shape()->add_dim();
    if (var.shape()[axis] >= 0) {
      dim.set_dim_value(var.shape()[axis]);
    } else {
      dim.set_dim_param(axis == 0 ? "batch" : fmt::format("{}_{}", var.name(), axis));
    }
  }
}

}  // namespace

std::string write_onnx(const std::vector<std::string>& feeds,
                       const std::vector<std::string>& fetches,
                       const Program& program,
                       const Scope& scope,
                       const OnnxOptions& options) {
  check(options.opset >= 13 && options.opset <= 17,
        "write_onnx: opset is {}; use 13 to 17",
        options.opset);
  const Program part = inference_program("write_onnx", program, scope, feeds, fetches);
  proto::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("intact");
  proto::OperatorSetIdProto& import = *model.add_opset_import();
  import.set_domain("");
  import.set_version(options.opset);
  proto::GraphProto& graph = *model.mutable_graph();
  graph.set_name("intact");
  for (const std::string& name : feeds) {
    add_value_info(part.var(name), *graph.add_input());
  }
  for (const std::string& name : fetches) {
    const Var& var = part.var(name);
    check(!var.producers().empty(), "write_onnx: no op writes '{}'; fetch an op's output", name);
    add_value_info(var, *graph.add_output());
  }
  OnnxWriter(part, scope, fetches, options.opset, graph).write();
  return model.SerializeAsString();
}

void save_onnx_model(const std::string& path,
                     const std::vector<std::string>& feeds,
                     const std::vector<std::string>& fetches,
                     const Program& program,
                     const Scope& scope,
                     const OnnxOptions& options) {
  write_file(path, write_onnx(feeds, fetches, program, scope, options));
}

InferenceModel read_onnx(std::string_view bytes,
                         const std::string& where,
                         const OnnxReadOptions& options) {
  const auto model = decode<proto::ModelProto>(bytes, where, kModel, "model");
  const int64_t opset = opset_of(model, where);
  return OnnxReader(model.graph(), opset, bytes, where, options).read();
}

InferenceModel load_onnx_model(const std::string& path) {
  return read_onnx(MappedFile(path).bytes(), path);
}

InferenceModel load_model(const std::string& path) {
  return path.ends_with(".onnx") ? load_onnx_model(path) : load_inference_model(path);
}

std::string expose_onnx_values(std::string_view bytes,
                               const std::string& where,
                               const Program& program,
                               const std::vector<std::string>& names) {
  auto model = decode<proto::ModelProto>(bytes, where, kModel, "model");
  for (const std::string& name : names) {
    add_value_info(program.var(name), *model.mutable_graph()->add_output());
  }
  return model.SerializeAsString();
}

std::vector<std::string> onnx_op_types() {
  std::set<std::string> types;
  for (const auto& list : {onnx_converters().foreign_types(), renamed_types()}) {
    types.insert(list.begin(), list.end());
  }
  return {types.begin(), types.end()};
}

Tensor read_onnx_tensor(std::string_view bytes, const std::string& where) {
  return from_onnx(decode<proto::TensorProto>(bytes, where, kTensor, "tensor"), where);
}

}  // namespace intact
