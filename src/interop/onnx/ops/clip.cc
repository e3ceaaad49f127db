// Clip(X, min?, max?) = relu6 or clip; of a quantizer's codes: the range of the quantizer.
#include <limits>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write_bounds(OnnxWriter& writer, const Op& op, float min, float max) {
  writer.require_inputs(op, {"X"});
  if (op.input("X").dtype() != DType::Float32) {
    writer.refuse(op, "X is {}; only float32 is written", to_string(op.input("X").dtype()));
  }
  writer.node("Clip",
              {writer.input(op, "X"),
               writer.add_constant(op, "min", Tensor::scalar(min)),
               writer.add_constant(op, "max", Tensor::scalar(max))},
              writer.output(op, "Out"));
}

void write_relu6(OnnxWriter& writer, const Op& op) {
  write_bounds(writer, op, 0.0f, op.attr<float>("threshold"));
}

void write_clip(OnnxWriter& writer, const Op& op) {
  write_bounds(writer, op, op.attr<float>("min"), op.attr<float>("max"));
}

float bound(const OnnxReader& reader, const OnnxNode& node, int index, float otherwise) {
  if (!node.has_input(index)) {
    return otherwise;
  }
  const Tensor& value = reader.constant(node, index);
  if (value.dtype() != DType::Float32 || value.numel() != 1) {
    fail(ErrorCode::Unsupported,
         "input {} is {} {} instead of one float32",
         index,
         to_string(value.dtype()),
         value.shape().to_string());
  }
  return value.data<float>()[0];
}

int32_t code_bound(const OnnxReader& reader, const OnnxNode& node, int index, int32_t otherwise) {
  if (!node.has_input(index)) {
    return otherwise;
  }
  const Tensor& value = reader.constant(node, index);
  if (value.numel() != 1) {
    fail(ErrorCode::Unsupported, "input {} is {}", index, value.shape().to_string());
  }
  return value.cast(DType::Int32).data<int32_t>()[0];
}

/// The same quantizer again, with a range of its own.
void read_codes(OnnxReader& reader, const OnnxNode& node, Op& quantizer) {
  const int32_t min = code_bound(reader, node, 1, quantizer.attr<int32_t>("qmin"));
  const int32_t max = code_bound(reader, node, 2, quantizer.attr<int32_t>("qmax"));
  reader.append({.type = quantizer.type(),
                 .inputs = quantizer.inputs(),
                 .outputs = {{"Y", {&reader.output(node)}}},
                 .attrs = {{"axis", quantizer.attr<int32_t>("axis")},
                           {"qmin", std::max(min, quantizer.attr<int32_t>("qmin"))},
                           {"qmax", std::min(max, quantizer.attr<int32_t>("qmax"))}}});
  reader.supersede(quantizer);
}

void read(OnnxReader& reader, const OnnxNode& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  node.expect(3, 1, {"min", "max"});
  Op* producer = reader.input(node, 0).producer();
  if (producer != nullptr && producer->type() == "onnx_quantize_linear") {
    read_codes(reader, node, *producer);
    return;
  }
  const float min = bound(reader, node, 1, node.real("min", -kLargest));
  const float max = bound(reader, node, 2, node.real("max", kLargest));
  OpSpec spec{.type = "relu6",
              .inputs = {{"X", {&reader.input(node, 0)}}},
              .outputs = {{"Out", {&reader.output(node)}}},
              .attrs = {{"threshold", max}}};
  if (min != 0 || max != 6) {
    spec.type = "clip";
    spec.attrs = {{"min", min}, {"max", max}};
  }
  reader.append(std::move(spec));
}

}  // namespace

void register_clip(OnnxConverters& converters) {
  converters.add({.ours = {"relu6"}, .write = write_relu6, .theirs = {"Clip"}, .read = read});
  converters.add({.ours = {"clip"}, .write = write_clip});
}

}  // namespace intact
