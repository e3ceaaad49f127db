#pragma once

#include <cstdint>

namespace intact::cpu {

/// Window of output (oy,ox): rows [oy*stride_h - pad_top, +kh) clipped to [0,h), columns alike.
/// adaptive: rows [floor(oy*h/oh), ceil((oy+1)*h/oh)); k, stride and pad are ignored. Global
/// pooling is adaptive with oh = ow = 1. x is [n,h,w,c], y is [n,oh,ow,c].
struct PoolShape {
  int64_t n = 0;
  int64_t h = 0;
  int64_t w = 0;
  int64_t c = 0;
  int64_t kh = 1;
  int64_t kw = 1;
  int64_t stride_h = 1;
  int64_t stride_w = 1;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
  int64_t oh = 0;
  int64_t ow = 0;
  bool adaptive = false;
  bool exclusive = true;  // average: divide by the clipped window's size, not by kh*kw
};

void max_pool_forward(const PoolShape& shape, const float* x, float* y);

/// dx[first element of the window, in row order, that equals y] += dy; writes every element of dx.
void max_pool_backward(
    const PoolShape& shape, const float* x, const float* y, const float* dy, float* dx);

void avg_pool_forward(const PoolShape& shape, const float* x, float* y);

/// dx = sum of dy/window size over the windows that hold the element; writes every element of dx.
void avg_pool_backward(const PoolShape& shape, const float* dy, float* dx);

}  // namespace intact::cpu
