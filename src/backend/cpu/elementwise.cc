#include "backend/cpu/elementwise.h"

#include <algorithm>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

void activation_range(int64_t begin, int64_t end, Activation activation, const float* x, float* y) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(activate<kActivation>(d, hn::LoadU(d, x + i)), d, y + i);
    });
  });
}

void activation_backward_range(
    int64_t begin, int64_t end, Activation activation, const float* y, const float* dy, float* dx) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
      const auto gradient =
          mask_gradient<kActivation>(d, hn::LoadU(d, y + i), hn::LoadU(d, dy + i));
      hn::StoreU(gradient, d, dx + i);
    });
  });
}

void add_activation_range(
    int64_t begin, int64_t end, const float* a, const float* b, Activation activation, float* y) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
      const auto sum = hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i));
      hn::StoreU(activate<kActivation>(d, sum), d, y + i);
    });
  });
}

void scale_range(int64_t begin, int64_t end, float factor, const float* x, float* y) {
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + i), hn::Set(d, factor)), d, y + i);
  });
}

void add_bias_rows(int64_t rows,
                   int64_t columns,
                   const float* x,
                   const float* bias,
                   Activation activation,
                   float* y) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    for (int64_t row = 0; row < rows; ++row) {
      const float* x_row = x + row * columns;
      float* y_row = y + row * columns;
      for_lanes(0, columns, [&](auto d, int64_t c) HWY_ATTR {
        const auto sum = hn::Add(hn::LoadU(d, x_row + c), hn::LoadU(d, bias + c));
        hn::StoreU(activate<kActivation>(d, sum), d, y_row + c);
      });
    }
  });
}

void add_rows(int64_t rows, int64_t columns, const float* x, float* sums) {
  for_lanes(0, columns, [&](auto d, int64_t c) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (int64_t row = 0; row < rows; ++row) {
      sum = hn::Add(sum, hn::LoadU(d, x + row * columns + c));
    }
    hn::StoreU(sum, d, sums + c);
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(activation_range);
HWY_EXPORT(activation_backward_range);
HWY_EXPORT(add_activation_range);
HWY_EXPORT(scale_range);
HWY_EXPORT(add_bias_rows);
HWY_EXPORT(add_rows);

void activation_forward(int64_t n, Activation activation, const float* x, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(activation_range)(begin, end, activation, x, y);
  });
}

void activation_backward(
    int64_t n, Activation activation, const float* y, const float* dy, float* dx) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(activation_backward_range)(begin, end, activation, y, dy, dx);
  });
}

void add_activation(int64_t n, const float* a, const float* b, Activation activation, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_activation_range)(begin, end, a, b, activation, y);
  });
}

void accumulate(int64_t n, const float* x, float* y) {
  add_activation(n, y, x, Activation::None, y);
}

void copy(int64_t n, const float* x, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) { std::copy(x + begin, x + end, y + begin); });
}

void fill(int64_t n, float value, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) { std::fill(y + begin, y + end, value); });
}

void scale(int64_t n, float factor, const float* x, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scale_range)(begin, end, factor, x, y);
  });
}

void add_bias(int64_t rows,
              int64_t columns,
              const float* x,
              const float* bias,
              Activation activation,
              float* y) {
  for_row_parts(rows, columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_bias_rows)
    (end - begin, columns, x + begin * columns, bias, activation, y + begin * columns);
  });
}

int64_t column_sums_workspace_floats(int64_t rows, int64_t columns) {
  return row_parts(rows, columns) * columns;
}

void column_sums(int64_t rows, int64_t columns, const float* x, float* sums, float* workspace) {
  const int64_t parts = row_parts(rows, columns);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    HWY_DYNAMIC_DISPATCH(add_rows)
    (range.end - range.begin, columns, x + range.begin * columns, workspace + part * columns);
  });
  HWY_DYNAMIC_DISPATCH(add_rows)(parts, columns, workspace, sums);
}

double sum(int64_t n, const float* x) {
  constexpr int64_t kMostParts = 16;
  double partial[kMostParts] = {};
  const int64_t parts = row_parts(n, 1);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(n, parts, part);
    for (int64_t i = range.begin; i < range.end; ++i) {
      partial[part] += static_cast<double>(x[i]);
    }
  });
  double total = 0;
  for (int64_t part = 0; part < parts; ++part) {
    total += partial[part];
  }
  return total;
}

}  // namespace intact::cpu
#endif
