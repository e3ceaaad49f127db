// QuantizeLinear, DequantizeLinear = onnx_quantize_linear, onnx_dequantize_linear, one to one. A
// zero point that is left out is uint8 0, or 0 of the codes. A range narrower than the dtype's is a
// Clip of the codes: in front of the quantizer it would keep runtimes from fusing the layer.
#include <algorithm>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

std::string add_code(OnnxWriter& writer, const Op& op, const std::string& what, int32_t code) {
  return op.output("Y").dtype() == DType::Int8
             ? writer.add_constant(op, what, Tensor::scalar(static_cast<int8_t>(code)))
             : writer.add_constant(op, what, Tensor::scalar(static_cast<uint8_t>(code)));
}

/// Every reader is a Gemm that flattens the codes and dequantizes them itself (gemm.cc).
bool is_flattened_only(const OnnxWriter& writer, const Op& op) {
  const Var& y = op.output("Y");
  const auto& readers = y.consumers();
  return !writer.is_fetched(y) && !readers.empty() &&
         std::all_of(readers.begin(), readers.end(), [&](const Op* reader) {
           return flattens_codes(*reader) && &reader->input("Y") != &y;
         });
}

void write(OnnxWriter& writer, const Op& op) {
  const bool is_quantize = op.type() == "onnx_quantize_linear";
  std::vector<std::string> inputs = {writer.input(op, "X"), writer.step(op, "Step")};
  if (op.has_input("ZeroPoint") && op.input("X").dtype() != DType::Int32) {
    inputs.push_back(writer.step(op, "ZeroPoint"));  // of int32 it is always 0
  }
  OnnxAttrs attrs;
  if (op.input("Step").shape().numel() != 1) {
    attrs.emplace_back("axis", int64_t{op.attr<int32_t>("axis")});
  }
  if (!is_quantize) {
    if (!is_flattened_only(writer, op)) {
      writer.node("DequantizeLinear", inputs, writer.output(op, "Y"), attrs);
    }
    return;
  }
  const bool is_signed = op.output("Y").dtype() == DType::Int8;
  const int32_t min = std::max(op.attr<int32_t>("qmin"), is_signed ? -128 : 0);
  const int32_t max = std::min(op.attr<int32_t>("qmax"), is_signed ? 127 : 255);
  const bool is_whole = max - min == 255;
  const std::string& output = writer.output(op, "Y");
  const std::string codes = is_whole ? output : writer.fresh(op, "unclipped");
  writer.node("QuantizeLinear", inputs, codes, attrs);
  if (!is_whole) {
    writer.node("Clip",
                {codes, add_code(writer, op, "min", min), add_code(writer, op, "max", max)},
                output);
  }
}

/// Zeros of the shape of the step.
Var& zero_point(OnnxReader& reader, const Var& step, DType dtype) {
  Shape shape = step.shape();
  if (!shape.is_known()) {
    fail(ErrorCode::Unsupported, "the scale is {}, of unknown size", shape.to_string());
  }
  return reader.parameter("zero_point", Tensor(dtype, std::move(shape)));
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(3, 1, {"axis", "saturate"});
  const bool is_quantize = node.type() == "QuantizeLinear";
  Var& x = reader.input(node, 0);
  Var& step = reader.input(node, 1);
  const DType dtype = is_quantize ? DType::UInt8 : x.dtype();
  Var& zero = node.has_input(2) ? reader.input(node, 2) : zero_point(reader, step, dtype);
  const int32_t axis = node.int32("axis", 1);
  const bool is_per_channel = step.shape().rank() == 1 && step.shape()[0] != 1;
  reader.append({.type = is_quantize ? "onnx_quantize_linear" : "onnx_dequantize_linear",
                 .inputs = {{"X", {&x}}, {"Step", {&step}}, {"ZeroPoint", {&zero}}},
                 .outputs = {{"Y", {&reader.output(node)}}},
                 .attrs = {{"axis", is_per_channel && axis < 0 ? axis + x.shape().rank() : axis}}});
}

}  // namespace

void register_quantize_linear(OnnxConverters& converters) {
  converters.add({.ours = {"onnx_quantize_linear", "onnx_dequantize_linear"},
                  .write = write,
                  .theirs = {"QuantizeLinear", "DequantizeLinear"},
                  .read = read});
}

}  // namespace intact
