#include "interop/onnx/window.h"

#include <algorithm>

namespace intact {
namespace {

/// Padding that gives ceil(input / stride) outputs; SAME_UPPER puts the odd one behind.
std::pair<int32_t, int32_t> same_padding(
    int64_t input, int64_t kernel, int64_t stride, int64_t dilation, bool is_upper) {
  const int64_t outputs = (input + stride - 1) / stride;
  const int64_t total =
      std::max<int64_t>(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - input);
  const int64_t before = is_upper ? total / 2 : total - total / 2;
  return {static_cast<int32_t>(before), static_cast<int32_t>(total - before)};
}

void require_two(const Ints& values, const char* what, bool is_positive) {
  if (values.size() != 2) {
    fail(ErrorCode::Unsupported,
         "{} has {} dimensions; only windows of two are supported",
         what,
         values.size());
  }
  if (is_positive && std::min(values[0], values[1]) < 1) {
    fail(ErrorCode::Format, "{} is {}, which must be positive", what, values);
  }
}

Ints explicit_padding(const OnnxNode& node) {
  const Ints pads = node.ints("pads", Ints{0, 0, 0, 0});
  if (pads.size() != 4 || *std::min_element(pads.begin(), pads.end()) < 0) {
    fail(ErrorCode::Unsupported, "pads is {}; give four values, not negative", pads);
  }
  return {pads[0], pads[2], pads[1], pads[3]};
}

}  // namespace

Longs pads_of(const OnnxWriter& writer, const Op& op) {
  const Ints& p = op.attr<Ints>("paddings");
  if (p.size() == 4) {
    return {p[0], p[2], p[1], p[3]};
  }
  if (p.size() != 2) {
    writer.refuse(op, "paddings is {}; give two or four values", p);
  }
  return {p[0], p[1], p[0], p[1]};
}

void add_padding(const OnnxWriter& writer, const Op& op, OnnxAttrs& attrs) {
  const auto& algorithm = op.attr<std::string>("padding_algorithm");
  if (algorithm == "SAME") {
    attrs.emplace_back("auto_pad", std::string("SAME_UPPER"));
  } else if (algorithm == "VALID") {
    attrs.emplace_back("auto_pad", std::string("VALID"));
  } else {
    attrs.emplace_back("pads", pads_of(writer, op));
  }
}

OnnxWindow read_window(const OnnxNode& node, const Shape& input, const Ints& kernel) {
  if (input.rank() != 4) {
    fail(ErrorCode::Unsupported, "input is {}; only [N,C,H,W] is supported", input.to_string());
  }
  OnnxWindow window{.kernel = kernel,
                    .strides = node.ints("strides", Ints{1, 1}),
                    .paddings = {},
                    .dilations = node.ints("dilations", Ints{1, 1})};
  require_two(window.kernel, "kernel_shape", true);
  require_two(window.strides, "strides", true);
  require_two(window.dilations, "dilations", true);
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  if (auto_pad == "NOTSET") {
    window.paddings = explicit_padding(node);
    return window;
  }
  if (auto_pad == "VALID") {
    window.paddings = {0, 0, 0, 0};
    return window;
  }
  if (auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    fail(ErrorCode::Format, "auto_pad is '{}'", auto_pad);
  }
  if (input[2] < 0 || input[3] < 0) {
    fail(ErrorCode::Unsupported,
         "auto_pad is {} but the size of the input {} is unknown",
         auto_pad,
         input.to_string());
  }
  for (int axis = 0; axis < 2; ++axis) {
    const auto [before, after] = same_padding(input[2 + axis],
                                              kernel[axis],
                                              window.strides[axis],
                                              window.dilations[axis],
                                              auto_pad == "SAME_UPPER");
    window.paddings.push_back(before);
    window.paddings.push_back(after);
  }
  return window;
}

OnnxWindow read_conv_window(const OnnxNode& node, const Shape& input, const Shape& filter) {
  if (filter.rank() != 4) {
    fail(ErrorCode::Unsupported,
         "the filter is {}; only two-dimensional windows are supported",
         filter.to_string());
  }
  const Ints kernel = {static_cast<int32_t>(filter[2]), static_cast<int32_t>(filter[3])};
  const Ints declared = node.ints("kernel_shape", kernel);
  if (declared != kernel) {
    fail(ErrorCode::Format, "kernel_shape is {} but the filter {}", declared, filter.to_string());
  }
  return read_window(node, input, kernel);
}

}  // namespace intact
