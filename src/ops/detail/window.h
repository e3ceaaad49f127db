#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intact/ir/attribute.h"

namespace intact {

/// How a sliding window moves along one axis: output o reads input o*stride - pad_before +
/// tap*dilation.
struct WindowAxis {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;

  int64_t extent() const { return dilation * (kernel - 1) + 1; }
  /// Number of window positions; -1 when input is -1. May be <= 0: the window does not fit.
  int64_t output_size(int64_t input, bool ceil_mode = false) const;
};

struct Window2d {
  WindowAxis h;
  WindowAxis w;
};

/// Attributes strides, paddings ([h,w] or [top,bottom,left,right]), padding_algorithm (EXPLICIT;
/// SAME: ceil(input/stride) outputs, dilation 1; VALID: no padding). input sizes may be -1.
/// Throws: InvalidArgument, starting with `where`.
struct WindowAttributes {
  Ints kernel;
  Ints strides;
  Ints paddings;
  Ints dilations;
  std::string padding_algorithm;
};
Window2d make_window(const std::string& where,
                     const WindowAttributes& attributes,
                     int64_t input_h,
                     int64_t input_w);

/// A run of outputs in one row that meet one tap of the window inside the input. Output `output +
/// k` meets input `input + k * stride_w`, k < count; both are offsets into one H*W plane.
struct Span {
  int64_t tap;  // y * kernel_w + x
  int64_t input;
  int64_t output;
  int64_t count;
};

/// All (tap, output row) runs, taps outermost.
std::vector<Span> window_spans(
    const Window2d& window, int64_t input_h, int64_t input_w, int64_t output_h, int64_t output_w);

}  // namespace intact
