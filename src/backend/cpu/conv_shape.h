#pragma once

#include <cstdint>

namespace intact::cpu {

/// A 2-D convolution: x [n,h,w,ci], weights [co, ci/groups, kh, kw] (Paddle's OIHW), y
/// [n,oh,ow,co]. oh = (h + pad_top + pad_bottom - (dilation_h*(kh-1)+1)) / stride_h + 1, and so ow.
struct ConvShape {
  int64_t n = 0;
  int64_t h = 0;
  int64_t w = 0;
  int64_t ci = 0;
  int64_t co = 0;
  int64_t kh = 1;
  int64_t kw = 1;
  int64_t stride_h = 1;
  int64_t stride_w = 1;
  int64_t pad_top = 0;
  int64_t pad_bottom = 0;
  int64_t pad_left = 0;
  int64_t pad_right = 0;
  int64_t dilation_h = 1;
  int64_t dilation_w = 1;
  int64_t groups = 1;
  int64_t oh = 0;
  int64_t ow = 0;
  /// Whole numbers are held in the floats: kernels add up products plainly, exact up to 2^24.
  bool holds_codes = false;
};

/// Sets oh and ow from the other members.
inline ConvShape with_output_size(ConvShape shape) {
  const int64_t span_h = shape.dilation_h * (shape.kh - 1) + 1;
  const int64_t span_w = shape.dilation_w * (shape.kw - 1) + 1;
  shape.oh = (shape.h + shape.pad_top + shape.pad_bottom - span_h) / shape.stride_h + 1;
  shape.ow = (shape.w + shape.pad_left + shape.pad_right - span_w) / shape.stride_w + 1;
  return shape;
}

/// What a convolution computes: y, the gradient of x, or the gradient of the weights.
enum class ConvPass { Forward, BackwardData, BackwardWeight };

}  // namespace intact::cpu
