#pragma once

#include <cstdint>

// Updates of flat arrays of n floats, in place. Every product and sum is rounded (no fma), in the
// order written, so that a plain loop gives the same bits.
namespace intact::cpu {

struct MomentumOptions {
  float learning_rate = 0;
  float mu = 0;
  bool use_nesterov = false;
  float l2_decay = 0;  // 0: no weight decay
  float rescale_grad = 1;
};

/// g' = grad*rescale_grad, then g' = g' + l2_decay*param if l2_decay != 0; velocity = mu*velocity +
/// g'; param -= lr*velocity, or with Nesterov param -= lr*(g' + mu*velocity).
void momentum(
    int64_t n, const MomentumOptions& options, const float* grad, float* param, float* velocity);

/// param -= lr*grad.
void sgd(int64_t n, float learning_rate, const float* grad, float* param);

struct AdamOptions {
  float learning_rate = 0;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float beta1_power = 0;  // beta1^t of this step t = 1,2,...
  float beta2_power = 0;
};

/// moment1 = beta1*moment1 + (1-beta1)*grad; moment2 = beta2*moment2 + (1-beta2)*grad*grad;
/// root = sqrt(1-beta2_power); lr_t = lr*root/(1-beta1_power);
/// param -= lr_t * (moment1 / (sqrt(moment2) + epsilon*root)). Products left to right.
void adam(int64_t n,
          const AdamOptions& options,
          const float* grad,
          float* param,
          float* moment1,
          float* moment2);

}  // namespace intact::cpu
