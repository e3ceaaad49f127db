#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"

// Flat arrays of n floats; an output may be one of the inputs unless said otherwise.
namespace intact::cpu {

/// y = act(x).
void activation_forward(int64_t n, Activation activation, const float* x, float* y);

/// dx = dy where act' is 1 (Relu: y > 0; Relu6: 0 < y < 6), else 0. y is the forward output.
void activation_backward(
    int64_t n, Activation activation, const float* y, const float* dy, float* dx);

/// y = act(a + b).
void add_activation(int64_t n, const float* a, const float* b, Activation activation, float* y);

/// y += x.
void accumulate(int64_t n, const float* x, float* y);

/// y = x; the two must not overlap.
void copy(int64_t n, const float* x, float* y);

/// y = value.
void fill(int64_t n, float value, float* y);

/// y = x * factor.
void scale(int64_t n, float factor, const float* x, float* y);

/// y[r,c] = act(x[r,c] + bias[c]).
void add_bias(int64_t rows,
              int64_t columns,
              const float* x,
              const float* bias,
              Activation activation,
              float* y);

int64_t column_sums_workspace_floats(int64_t rows, int64_t columns);

/// sums[c] = sum over r of x[r,c]: the gradient of a bias.
void column_sums(int64_t rows, int64_t columns, const float* x, float* sums, float* workspace);

/// The sum of all elements; partial sums in double, added in a fixed order.
double sum(int64_t n, const float* x);

/// y[n,hw,c] = x[n,c,hw]; x and y must not overlap.
void nchw_to_nhwc(int64_t n, int64_t c, int64_t hw, const float* x, float* y);

/// y[n,c,hw] = x[n,hw,c]; x and y must not overlap.
void nhwc_to_nchw(int64_t n, int64_t c, int64_t hw, const float* x, float* y);

}  // namespace intact::cpu
