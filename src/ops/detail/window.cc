#include "ops/detail/window.h"

#include <algorithm>

#include "base/check.h"

namespace intact {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

void check_pair(const std::string& where, const char* name, const Ints& values, int32_t minimum) {
  check(values.size() == 2 && values[0] >= minimum && values[1] >= minimum,
        "{}: {} is [{}]; give two values >= {}, for height and width",
        where,
        name,
        fmt::join(values, ","),
        minimum);
}

/// Source: Paddle 2.6.2 UpdatePaddingAndDilation.
void pad_same(WindowAxis& axis, int64_t input) {
  axis.dilation = 1;
  const int64_t needed = (ceil_div(input, axis.stride) - 1) * axis.stride + axis.kernel - input;
  axis.pad_before = std::max<int64_t>(needed, 0) / 2;
  axis.pad_after = std::max<int64_t>(needed, 0) - axis.pad_before;
}

}  // namespace

int64_t WindowAxis::output_size(int64_t input, bool ceil_mode) const {
  if (input < 0) {
    return -1;
  }
  const int64_t room = input + pad_before + pad_after - extent();
  return room < 0 ? 0 : (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
}

Window2d make_window(const std::string& where,
                     const WindowAttributes& attributes,
                     int64_t input_h,
                     int64_t input_w) {
  const auto& [kernel, strides, paddings, dilations, algorithm] = attributes;
  check_pair(where, "the kernel size", kernel, 1);
  check_pair(where, "strides", strides, 1);
  check_pair(where, "dilations", dilations, 1);
  check((paddings.size() == 2 || paddings.size() == 4) && *std::ranges::min_element(paddings) >= 0,
        "{}: paddings is [{}]; give [h,w] or [top,bottom,left,right], each >= 0",
        where,
        fmt::join(paddings, ","));
  const size_t half = paddings.size() / 2;
  Window2d window = {.h = {kernel[0], strides[0], dilations[0], paddings[0], paddings[half - 1]},
                     .w = {kernel[1], strides[1], dilations[1], paddings[half], paddings.back()}};
  if (algorithm == "SAME") {
    pad_same(window.h, input_h);
    pad_same(window.w, input_w);
  } else if (algorithm == "VALID") {
    window.h.pad_before = window.h.pad_after = 0;
    window.w.pad_before = window.w.pad_after = 0;
  } else {
    check(algorithm == "EXPLICIT",
          "{}: padding_algorithm is '{}'; use EXPLICIT, SAME or VALID",
          where,
          algorithm);
  }
  return window;
}

std::vector<Span> window_spans(
    const Window2d& window, int64_t input_h, int64_t input_w, int64_t output_h, int64_t output_w) {
  const auto& [h, w] = window;
  std::vector<Span> spans;
  for (int64_t y = 0; y < h.kernel; ++y) {
    for (int64_t x = 0; x < w.kernel; ++x) {
      const int64_t shift = x * w.dilation - w.pad_before;  // ow reads iw = ow * stride + shift
      const int64_t first = std::max<int64_t>(0, ceil_div(-shift, w.stride));
      const int64_t last = std::min(output_w, ceil_div(input_w - shift, w.stride));
      for (int64_t oh = 0; oh < output_h && first < last; ++oh) {
        const int64_t ih = oh * h.stride + y * h.dilation - h.pad_before;
        if (ih >= 0 && ih < input_h) {
          spans.push_back({.tap = y * w.kernel + x,
                           .input = ih * input_w + first * w.stride + shift,
                           .output = oh * output_w + first,
                           .count = last - first});
        }
      }
    }
  }
  return spans;
}

}  // namespace intact
