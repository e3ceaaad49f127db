#include "backend/cpu/conv_small.h"

#include <algorithm>

#include "backend/cpu/codes.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"
#include "backend/cpu/tap_order.h"
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

// The valid inputs of one output pixel: x[x_offset[t]] goes with weight row k[t]. The next pixel of
// the run reads x_step further.
struct Inputs {
  static constexpr int kCapacity = 32;
  int count = 0;
  int64_t x_step = 0;
  int64_t x_offset[kCapacity];
  int64_t k[kCapacity];
};

HWY_INLINE void find_inputs(const ConvShape& s, int64_t row, int64_t ox, Inputs& inputs) {
  const ForwardAxis rows = forward_rows(s);
  const ForwardAxis columns = forward_columns(s);
  const int64_t image = row / s.oh;
  const int64_t oy = row % s.oh;
  inputs.count = 0;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    int64_t iy = 0;
    if (!rows.find(oy, ky, iy)) {
      continue;
    }
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      int64_t ix = 0;
      if (!columns.find(ox, kx, ix)) {
        continue;
      }
      for (int64_t i = 0; i < s.ci; ++i) {
        inputs.x_offset[inputs.count] = ((image * s.h + iy) * s.w + ix) * s.ci + i;
        inputs.k[inputs.count] = (i * s.kh + ky) * s.kw + kx;
        ++inputs.count;
      }
    }
  }
}

// body(d, VectorCount, o) for o in [0,co): two vectors of output channels at a time, so that an
// input is broadcast for both, then as for_lanes.
template <class Body>
HWY_INLINE void for_output_lanes(int64_t co, const Body& body) {
  const int64_t wide = 2 * lane_count();
  int64_t first = 0;
  for (; first + wide <= co; first += wide) {
    body(Vector(), VectorCount<2>(), first);
  }
  for_lanes(first, co, [&](auto d, int64_t o) HWY_ATTR { body(d, VectorCount<1>(), o); });
}

// y [kPixels, co] of adjacent pixels, times multiplier [co] if there is one.
template <int kPixels>
HWY_INLINE void forward_pixels(const Inputs& inputs,
                               int64_t co,
                               const float* x,
                               const float* w,
                               const float* multiplier,
                               float* y) {
  for_output_lanes(co, [&](auto d, auto vectors, int64_t o) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    VectorOf<decltype(d)> sums[kPixels][kVectors];
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        sums[pixel][v] = hn::Zero(d);
      }
    }
    for (int t = 0; t < inputs.count; ++t) {
      const float* weights = w + inputs.k[t] * co + o;
      const float* first = x + inputs.x_offset[t];
#pragma GCC unroll 4
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        const auto input = hn::Set(d, first[pixel * inputs.x_step]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sums[pixel][v] = hn::MulAdd(input, hn::LoadU(d, weights + v * lanes), sums[pixel][v]);
        }
      }
    }
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        auto sum = sums[pixel][v];
        if (multiplier != nullptr) {
          sum = hn::Mul(sum, hn::LoadU(d, multiplier + o + v * lanes));
        }
        hn::StoreU(sum, d, y + pixel * co + o + v * lanes);
      }
    }
  });
}

// dw [depth, co] += the products of adjacent pixels.
template <int kPixels>
HWY_INLINE void weight_pixels(
    const Inputs& inputs, int64_t co, const float* x, const float* dy, float* dw) {
  for_output_lanes(co, [&](auto d, auto vectors, int64_t o) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    VectorOf<decltype(d)> gradients[kPixels][kVectors];
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        gradients[pixel][v] = hn::LoadU(d, dy + pixel * co + o + v * lanes);
      }
    }
    for (int t = 0; t < inputs.count; ++t) {
      float* out = dw + inputs.k[t] * co + o;
      const float* first = x + inputs.x_offset[t];
      VectorOf<decltype(d)> sums[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        sums[v] = hn::LoadU(d, out + v * lanes);
      }
#pragma GCC unroll 4
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        const auto input = hn::Set(d, first[pixel * inputs.x_step]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sums[v] = hn::MulAdd(input, gradients[pixel][v], sums[v]);
        }
      }
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        hn::StoreU(sums[v], d, out + v * lanes);
      }
    }
  });
}

// body.template operator()<kPixels>(inputs, x, output pixel) for the pixels of rows [begin,end), in
// blocks of four and singly.
template <class Body>
HWY_INLINE void for_pixels(
    const ConvShape& s, int64_t begin, int64_t end, const float* x, const Body& body) {
  constexpr int kBlock = 4;
  Inputs inputs;
  inputs.x_step = s.stride_w * s.ci;
  for (int64_t row = begin; row < end; ++row) {
    for_runs(forward_columns(s), s.kw, s.ow, [&](int64_t ox, int64_t count) HWY_ATTR {
      find_inputs(s, row, ox, inputs);
      int64_t done = 0;
      for (; done + kBlock <= count; done += kBlock) {
        body.template operator()<kBlock>(inputs, x + done * inputs.x_step, row * s.ow + ox + done);
      }
      for (; done < count; ++done) {
        body.template operator()<1>(inputs, x + done * inputs.x_step, row * s.ow + ox + done);
      }
    });
  }
}

void small_forward_rows(const ConvShape& s,
                        int64_t begin,
                        int64_t end,
                        const float* x,
                        const float* w,
                        const float* multiplier,
                        float* y) {
  for_pixels(s,
             begin,
             end,
             x,
             [&]<int kPixels>(const Inputs& inputs, const float* from, int64_t pixel) HWY_ATTR {
               forward_pixels<kPixels>(inputs, s.co, from, w, multiplier, y + pixel * s.co);
             });
}

// dw [depth, co] of output rows [begin,end).
void small_backward_weight_rows(
    const ConvShape& s, int64_t begin, int64_t end, const float* x, const float* dy, float* dw) {
  std::fill_n(dw, s.kh * s.kw * s.ci * s.co, 0.0f);
  for_pixels(s,
             begin,
             end,
             x,
             [&]<int kPixels>(const Inputs& inputs, const float* from, int64_t pixel)
                 HWY_ATTR { weight_pixels<kPixels>(inputs, s.co, from, dy + pixel * s.co, dw); });
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

void forward_rows_of(
    const ConvShape& s, const float* x, const float* w, const float* multiplier, float* y) {
  const int64_t parts = output_row_parts(s);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(s.n * s.oh, parts, part);
    HWY_DYNAMIC_DISPATCH(small_forward_rows)(s, rows.begin, rows.end, x, w, multiplier, y);
  });
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
  forward_rows_of(s, x, workspace, nullptr, y);
}

int64_t small_conv_codes_workspace_floats(const ConvShape& s) {
  return depth_of(s) * s.co + s.n * s.h * s.w * s.ci;
}

void small_conv_codes_forward(const ConvShape& s,
                              const int8_t* x,
                              const int8_t* w,
                              const float* multiplier,
                              float* y,
                              float* workspace) {
  float* inputs = workspace + depth_of(s) * s.co;
  split_taps(s.co, depth_of(s), w, 1.0f, 1.0f, workspace, s.co);
  codes_as_floats(s.n * s.h * s.w * s.ci, x, inputs);
  forward_rows_of(s, inputs, workspace, multiplier, y);
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
