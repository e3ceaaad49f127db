#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"

// x and y are [pixels,channels]; per-channel arrays are [channels].
namespace intact::cpu {

/// Where batch_norm_statistics writes; each [channels]. variance is biased (divided by pixels).
struct ChannelStatistics {
  float* mean = nullptr;
  float* variance = nullptr;
  float* min = nullptr;
  float* max = nullptr;
};

// Both workspaces hold doubles too: align them to 8 bytes.
int64_t batch_norm_statistics_workspace_floats(int64_t pixels, int64_t channels);

/// One read of x. Sums are of x - pivot (the channel's first value), in float over blocks of 64
/// pixels and in double over the blocks.
void batch_norm_statistics(int64_t pixels,
                           int64_t channels,
                           const float* x,
                           const ChannelStatistics& out,
                           float* workspace);

/// out = 1/sqrt(variance+epsilon), in float.
void batch_norm_inverse_std(int64_t channels, const float* variance, float epsilon, float* out);

/// a = gamma*inv_std, b = beta - mean*a, in float.
void batch_norm_coefficients(int64_t channels,
                             const float* gamma,
                             const float* beta,
                             const float* mean,
                             const float* inv_std,
                             float* a,
                             float* b);

/// running = running*momentum + batch*(1-momentum), for the mean and the variance.
void batch_norm_update_running(int64_t channels,
                               float momentum,
                               const float* mean,
                               const float* variance,
                               float* running_mean,
                               float* running_variance);

/// y = act(a[c]*x + b[c] + residual), the product rounded before the sum (no fma), hence monotone
/// in x. residual: [pixels,channels] or null (then nothing is added). y may be x or residual.
void scale_shift_activation(int64_t pixels,
                            int64_t channels,
                            const float* x,
                            const float* a,
                            const float* b,
                            const float* residual,
                            Activation activation,
                            float* y);

/// The exact absolute maximum of scale_shift_activation's y (without residual), from the channels'
/// min and max of x.
float abs_max_after(int64_t channels,
                    const float* min,
                    const float* max,
                    const float* a,
                    const float* b,
                    Activation activation);

/// Inputs of the backward pass of y = act(a*x + b [+ residual]), xhat = (x-mean)*inv_std.
/// dy' = dy where act'(z) is 1, else 0. z is recomputed as a*x+b, or, when y is given
/// (needed with a residual), read off y. Relu: z > 0; Relu6: 0 < z < 6.
struct BatchNormBackward {
  int64_t pixels = 0;
  int64_t channels = 0;
  Activation activation = Activation::None;
  const float* x = nullptr;
  const float* dy = nullptr;
  const float* y = nullptr;
  const float* a = nullptr;
  const float* b = nullptr;
  const float* mean = nullptr;
  const float* inv_std = nullptr;
};

int64_t batch_norm_backward_workspace_floats(int64_t pixels, int64_t channels);

/// Pass 1: sum_dy[c] = sum dy' (the gradient of beta), sum_dy_xhat[c] = sum dy'*xhat (the gradient
/// of gamma). masked_dy: where to store dy' (the gradient of the residual), or null; may be dy.
void batch_norm_backward_sums(const BatchNormBackward& in,
                              float* sum_dy,
                              float* sum_dy_xhat,
                              float* masked_dy,
                              float* workspace);

/// Pass 2: dx = a * (dy' - sum_dy/pixels - xhat*sum_dy_xhat/pixels); a = gamma*inv_std. With null
/// sums (statistics not of this batch): dx = a * dy'. dx may be dy.
void batch_norm_backward_data(const BatchNormBackward& in,
                              const float* sum_dy,
                              const float* sum_dy_xhat,
                              float* dx);

}  // namespace intact::cpu
