// Softmax, LogSoftmax. Before opset 13 they see a matrix: the same where axis is the last. Written
// by OpDef::onnx.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(1, 1, {"axis"});
  Var& input = reader.input(node, 0);
  const bool is_old = reader.opset() < 13;
  const int32_t axis = node.int32("axis", is_old ? 1 : -1);
  if (is_old && axis != -1 && axis != input.shape().rank() - 1) {
    fail(ErrorCode::Unsupported,
         "axis is {} of {} dimensions, which opset {} flattens; use opset 13",
         axis,
         input.shape().rank(),
         reader.opset());
  }
  reader.append({.type = node.type() == "Softmax" ? "softmax" : "log_softmax",
                 .inputs = {{"X", {&input}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = {{"axis", axis}}});
}

}  // namespace

void register_softmax(OnnxConverters& converters) {
  converters.add({.theirs = {"Softmax", "LogSoftmax"}, .read = read});
}

}  // namespace intact
