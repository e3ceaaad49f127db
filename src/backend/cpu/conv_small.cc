#include "backend/cpu/conv_small.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"
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

// y [kPixels, co] of adjacent pixels.
template <int kPixels>
HWY_INLINE void forward_pixels(
    const Inputs& inputs, int64_t co, const float* x, const float* w, float* y) {
  for_lanes(0, co, [&](auto d, int64_t o) HWY_ATTR {
    VectorOf<decltype(d)> sums[kPixels];
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      sums[pixel] = hn::Zero(d);
    }
    for (int t = 0; t < inputs.count; ++t) {
      const auto weight = hn::LoadU(d, w + inputs.k[t] * co + o);
      const float* first = x + inputs.x_offset[t];
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        sums[pixel] = hn::MulAdd(hn::Set(d, first[pixel * inputs.x_step]), weight, sums[pixel]);
      }
    }
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      hn::StoreU(sums[pixel], d, y + pixel * co + o);
    }
  });
}

// dw [depth, co] += the products of adjacent pixels.
template <int kPixels>
HWY_INLINE void weight_pixels(
    const Inputs& inputs, int64_t co, const float* x, const float* dy, float* dw) {
  for_lanes(0, co, [&](auto d, int64_t o) HWY_ATTR {
    VectorOf<decltype(d)> gradients[kPixels];
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      gradients[pixel] = hn::LoadU(d, dy + pixel * co + o);
    }
    for (int t = 0; t < inputs.count; ++t) {
      float* out = dw + inputs.k[t] * co + o;
      const float* first = x + inputs.x_offset[t];
      auto sum = hn::LoadU(d, out);
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        sum = hn::MulAdd(hn::Set(d, first[pixel * inputs.x_step]), gradients[pixel], sum);
      }
      hn::StoreU(sum, d, out);
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

void small_forward_rows(
    const ConvShape& s, int64_t begin, int64_t end, const float* x, const float* w, float* y) {
  for_pixels(s,
             begin,
             end,
             x,
             [&]<int kPixels>(const Inputs& inputs, const float* from, int64_t pixel)
                 HWY_ATTR { forward_pixels<kPixels>(inputs, s.co, from, w, y + pixel * s.co); });
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
