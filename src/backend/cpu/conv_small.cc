#include "backend/cpu/conv_small.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/conv_small.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

// Inside, weights are [depth, co] with depth in Paddle's order (i,ky,kx), so that one input value
// multiplies a vector of output channels.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// The valid inputs of one output pixel: x[x_offset[t]] goes with weight row k[t].
struct Inputs {
  static constexpr int kCapacity = 32;
  int count = 0;
  int64_t x_offset[kCapacity];
  int64_t k[kCapacity];
};

HWY_INLINE void find_inputs(const ConvShape& s, int64_t row, int64_t ox, Inputs& inputs) {
  const int64_t image = row / s.oh * s.h;
  const int64_t y0 = row % s.oh * s.stride_h - s.pad_top;
  const int64_t x0 = ox * s.stride_w - s.pad_left;
  inputs.count = 0;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    const int64_t iy = y0 + ky * s.dilation_h;
    if (iy < 0 || iy >= s.h) {
      continue;
    }
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      const int64_t ix = x0 + kx * s.dilation_w;
      if (ix < 0 || ix >= s.w) {
        continue;
      }
      for (int64_t i = 0; i < s.ci; ++i) {
        inputs.x_offset[inputs.count] = ((image + iy) * s.w + ix) * s.ci + i;
        inputs.k[inputs.count] = (i * s.kh + ky) * s.kw + kx;
        ++inputs.count;
      }
    }
  }
}

void small_forward_rows(
    const ConvShape& s, int64_t begin, int64_t end, const float* x, const float* w, float* y) {
  Inputs inputs;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      find_inputs(s, row, ox, inputs);
      float* out = y + (row * s.ow + ox) * s.co;
      for_lanes(0, s.co, [&](auto d, int64_t o) HWY_ATTR {
        auto sum = hn::Zero(d);
        for (int t = 0; t < inputs.count; ++t) {
          sum = hn::MulAdd(
              hn::Set(d, x[inputs.x_offset[t]]), hn::LoadU(d, w + inputs.k[t] * s.co + o), sum);
        }
        hn::StoreU(sum, d, out + o);
      });
    }
  }
}

// dw [depth, co] of output rows [begin,end).
void small_backward_weight_rows(
    const ConvShape& s, int64_t begin, int64_t end, const float* x, const float* dy, float* dw) {
  std::fill_n(dw, s.kh * s.kw * s.ci * s.co, 0.0f);
  Inputs inputs;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      find_inputs(s, row, ox, inputs);
      const float* gradient = dy + (row * s.ow + ox) * s.co;
      for_lanes(0, s.co, [&](auto d, int64_t o) HWY_ATTR {
        const auto g = hn::LoadU(d, gradient + o);
        for (int t = 0; t < inputs.count; ++t) {
          float* sum = dw + inputs.k[t] * s.co + o;
          const auto input = hn::Set(d, x[inputs.x_offset[t]]);
          hn::StoreU(hn::MulAdd(input, g, hn::LoadU(d, sum)), d, sum);
        }
      });
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(small_forward_rows);
HWY_EXPORT(small_backward_weight_rows);

namespace {

int64_t depth_of(const ConvShape& s) {
  return s.ci * s.kh * s.kw;
}

int64_t output_row_parts(const ConvShape& s) {
  return row_parts(s.n * s.oh, s.ow * s.co);
}

}  // namespace

bool is_small_conv(const ConvShape& s, ConvPass pass) {
  return pass != ConvPass::BackwardData && s.groups == 1 && depth_of(s) <= 32 && s.ci <= 4;
}

int64_t small_conv_workspace_floats(const ConvShape& s, ConvPass pass) {
  const int64_t weights = depth_of(s) * s.co;
  return pass == ConvPass::Forward ? weights : weights * output_row_parts(s);
}

void small_conv_forward(
    const ConvShape& s, const float* x, const float* w, float* y, float* workspace) {
  transpose(s.co, depth_of(s), w, workspace);
  const int64_t parts = output_row_parts(s);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(s.n * s.oh, parts, part);
    HWY_DYNAMIC_DISPATCH(small_forward_rows)(s, rows.begin, rows.end, x, workspace, y);
  });
}

void small_conv_backward_weight(
    const ConvShape& s, const float* x, const float* dy, float* dw, float* workspace) {
  const int64_t weights = depth_of(s) * s.co;
  const int64_t parts = output_row_parts(s);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(s.n * s.oh, parts, part);
    HWY_DYNAMIC_DISPATCH(small_backward_weight_rows)
    (s, rows.begin, rows.end, x, dy, workspace + part * weights);
  });
  for (int64_t part = 1; part < parts; ++part) {
    for (int64_t i = 0; i < weights; ++i) {
      workspace[i] += workspace[part * weights + i];
    }
  }
  transpose(depth_of(s), s.co, workspace, dw);
}

}  // namespace intact::cpu
#endif
