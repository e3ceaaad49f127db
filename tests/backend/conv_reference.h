#pragma once

#include "backend/cpu/conv_shape.h"
#include "backend/kernel_test.h"

namespace intact::cpu {

inline int64_t x_size(const ConvShape& s) {
  return s.n * s.h * s.w * s.ci;
}
inline int64_t y_size(const ConvShape& s) {
  return s.n * s.oh * s.ow * s.co;
}
inline int64_t w_size(const ConvShape& s) {
  return s.co * (s.ci / s.groups) * s.kh * s.kw;
}

/// visit(index in x, index in w, index in y) for every product of the convolution.
template <class Visit>
void for_products(const ConvShape& s, const Visit& visit) {
  const int64_t ci_group = s.ci / s.groups;
  const int64_t co_group = s.co / s.groups;
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        for (int64_t ky = 0; ky < s.kh; ++ky) {
          for (int64_t kx = 0; kx < s.kw; ++kx) {
            const int64_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
            const int64_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) {
              continue;
            }
            for (int64_t o = 0; o < s.co; ++o) {
              for (int64_t i = 0; i < ci_group; ++i) {
                visit(((n * s.h + iy) * s.w + ix) * s.ci + o / co_group * ci_group + i,
                      ((o * ci_group + i) * s.kh + ky) * s.kw + kx,
                      ((n * s.oh + oy) * s.ow + ox) * s.co + o);
              }
            }
          }
        }
      }
    }
  }
}

struct ConvResults {
  Floats y, dx, dw;
};

/// Naive loops in double.
inline ConvResults naive_conv(const ConvShape& s,
                              const Floats& x,
                              const Floats& w,
                              const Floats& dy) {
  std::vector<double> y(y_size(s)), dx(x_size(s)), dw(w_size(s));
  for_products(s, [&](int64_t i, int64_t k, int64_t o) {
    y[o] += static_cast<double>(x[i]) * static_cast<double>(w[k]);
    dx[i] += static_cast<double>(dy[o]) * static_cast<double>(w[k]);
    dw[k] += static_cast<double>(dy[o]) * static_cast<double>(x[i]);
  });
  return {Floats(y.begin(), y.end()), Floats(dx.begin(), dx.end()), Floats(dw.begin(), dw.end())};
}

/// Runs the three kernels at 1 and 2 threads and compares them with the naive loops.
template <class Forward, class BackwardData, class BackwardWeight, class WorkspaceFloats>
void check_conv(const ConvShape& s,
                const Forward& forward,
                const BackwardData& backward_data,
                const BackwardWeight& backward_weight,
                const WorkspaceFloats& workspace_floats,
                float tolerance = 3e-6f) {  // float sums, relative to the largest element
  const Floats x = random_floats(x_size(s), 1);
  const Floats w = random_floats(w_size(s), 2);
  const Floats dy = random_floats(y_size(s), 3);
  const ConvResults expected = naive_conv(s, x, w, dy);
  const auto run = [&](auto kernel, ConvPass pass, const Floats& a, const Floats& b, int64_t size) {
    return run_everywhere(
        [&] {
          Floats out = garbage(size);
          Floats scratch = garbage(workspace_floats(s, pass));
          kernel(s, a.data(), b.data(), out.data(), scratch.data());
          return out;
        },
        tolerance);  // fused or not
  };
  expect_near(run(forward, ConvPass::Forward, x, w, y_size(s)), expected.y, tolerance);
  expect_near(run(backward_data, ConvPass::BackwardData, dy, w, x_size(s)), expected.dx, tolerance);
  expect_near(
      run(backward_weight, ConvPass::BackwardWeight, x, dy, w_size(s)), expected.dw, tolerance);
}

}  // namespace intact::cpu
