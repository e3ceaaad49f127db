// The tensors of a Program in deployment form that are codes, for the coverage ledger.
#include <algorithm>

#include "base/check.h"
#include "intact/quant/coverage.h"
#include "quant/ledger_builder.h"

namespace intact {
namespace {

constexpr const char* kQuantize = "onnx_quantize_linear";
constexpr const char* kDequantize = "onnx_dequantize_linear";
constexpr const char* kCodesSuffix = "@codes";

std::string float_name(const Var& codes) {
  std::string name = codes.name();
  if (name.ends_with(kCodesSuffix)) {
    name.resize(name.size() - std::string_view(kCodesSuffix).size());
  }
  return name;
}

/// Reads a step or zero point, which have one element or one a channel.
template <class T>
std::vector<T> values_of(const Op& op, const char* slot, const Scope& scope) {
  const Tensor* tensor = op.has_input(slot) ? scope.find(op.input(slot).name()) : nullptr;
  if (tensor == nullptr) {
    return {};
  }
  const Tensor typed = tensor->cast(dtype_of<T>);
  return {typed.values<T>().begin(), typed.values<T>().end()};
}

/// Dtype, step and zero point of codes, as the op that makes or reads them has them.
QuantizedTensor format_of(const Op& op, const Var& codes, const Scope& scope) {
  QuantizedTensor tensor{.name = float_name(codes), .steps = values_of<float>(op, "Step", scope)};
  const auto zero_points = values_of<int32_t>(op, "ZeroPoint", scope);
  tensor.zero_point = zero_points.empty() ? 0 : zero_points.front();
  if (std::ranges::any_of(zero_points, [&](int32_t z) { return z != tensor.zero_point; })) {
    tensor.flaw = "has several zero points";
  }
  tensor.axis = tensor.steps.size() > 1 ? op.attr_or<int32_t>("axis", 0) : -1;
  const bool is_unsigned = codes.dtype() == DType::UInt8;
  const int bits = codes.dtype() == DType::Int32 ? 32 : 8;
  tensor.low = is_unsigned ? 0 : static_cast<int32_t>(-(int64_t{1} << (bits - 1)));
  tensor.high = is_unsigned ? 255 : static_cast<int32_t>((int64_t{1} << (bits - 1)) - 1);
  tensor.bits = bits;
  tensor.source = fmt::format("{}, step '{}'", op.type(), op.input("Step").name());
  return tensor;
}

bool moves_codes(const Op& op) {
  return op.type() == "reshape2" || op.type() == "flatten_contiguous_range" ||
         op.type() == "transpose2";
}

/// Why some reader of the codes takes them for something else; empty: none does.
std::string misreading(const Var& codes, const QuantizedTensor& written, const Scope& scope) {
  if (codes.consumers().empty()) {
    return "nobody reads its codes";
  }
  for (const Op* reader : codes.consumers()) {
    if (reader->type() == kDequantize) {
      const QuantizedTensor read = format_of(*reader, codes, scope);
      if (read.steps != written.steps || read.zero_point != written.zero_point) {
        return "dequantized by another step than quantized";
      }
    } else if (moves_codes(*reader)) {
      const std::string below =
          misreading(reader->output(reader->has_output("Out") ? "Out" : "Y"), written, scope);
      if (!below.empty()) {
        return below;
      }
    } else {
      return reader->label() + " reads its codes as they are";
    }
  }
  return "";
}

QuantizedTensor activation_of(const Op& quantizer, const Scope& scope) {
  const Var& codes = quantizer.output("Y");
  QuantizedTensor tensor = format_of(quantizer, codes, scope);
  tensor.low = std::max(tensor.low, quantizer.attr_or<int32_t>("qmin", tensor.low));
  tensor.high = std::min(tensor.high, quantizer.attr_or<int32_t>("qmax", tensor.high));
  if (tensor.flaw.empty()) {
    tensor.flaw = misreading(codes, tensor, scope);
  }
  return tensor;
}

QuantizedTensor constant_of(const Op& dequantizer, const Scope& scope) {
  const Var& codes = dequantizer.input("X");
  QuantizedTensor tensor = format_of(dequantizer, codes, scope);
  tensor.is_weight = true;
  if (const Tensor* value = scope.find(codes.name())) {
    tensor.codes = *value;
    tensor.codes_digest = digest_of(*value);
  } else {
    tensor.flaw = "has no codes";
  }
  return tensor;
}

}  // namespace

std::vector<QuantizedTensor> deployed_tensors(const Program& program, const Scope& scope) {
  std::vector<QuantizedTensor> tensors;
  for (const Op* op : program.ops()) {
    if (op->type() == kQuantize) {
      tensors.push_back(activation_of(*op, scope));
    } else if (op->type() == kDequantize && op->input("X").is_persistable()) {
      tensors.push_back(constant_of(*op, scope));
    }
  }
  return tensors;
}

}  // namespace intact
