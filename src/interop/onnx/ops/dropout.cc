// Dropout for inference = assign; dropout in test mode is Identity or a factor.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  const bool scales = op.attr<std::string>("dropout_implementation") == "downgrade_in_infer";
  const std::string input = writer.input(op, "X");
  const std::string& output = writer.output(op, "Out");
  if (scales) {
    const float factor = 1.0f - op.attr<float>("dropout_prob");
    writer.node("Mul", {input, writer.add_constant(op, "kept", Tensor::scalar(factor))}, output);
  } else {
    writer.node("Identity", {input}, output);
  }
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(3, 1, {"ratio", "seed"});
  if (reader.opset() < 7) {
    fail(ErrorCode::Unsupported, "before opset 7 it drops at random; use opset 7");
  }
  if (node.has_input(2)) {
    const Tensor& training = reader.constant(node, 2);
    if (training.dtype() != DType::Bool || training.numel() != 1 || training.data<bool>()[0]) {
      fail(ErrorCode::Unsupported, "it drops at random; export the model for inference");
    }
  }
  reader.append({.type = "assign",
                 .inputs = {{"X", {&reader.input(node, 0)}}},
                 .outputs = {{"Out", {&reader.output(node)}}}});
}

}  // namespace

void register_dropout(OnnxConverters& converters) {
  converters.add({.ours = {"dropout"}, .write = write, .theirs = {"Dropout"}, .read = read});
}

}  // namespace intact
