#include "backend/cpu/optimizer.h"

#include <cmath>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/optimizer.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// Parameters were read by both cores of a product, so that a store waits until the other core has
// given its copy up, long where the two share no cache. Asked for this many floats before.
HWY_INLINE void ask_to_write(float* param) {
  constexpr int64_t kAhead = 256;
  __builtin_prefetch(param + kAhead, 1, 3);
}

void momentum_range(int64_t begin,
                    int64_t end,
                    const MomentumOptions& options,
                    const float* grad,
                    float* param,
                    float* velocity) {
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    ask_to_write(param + i);
    const auto rate = hn::Set(d, options.learning_rate);
    const auto mu = hn::Set(d, options.mu);
    const auto p = hn::LoadU(d, param + i);
    auto g = hn::Mul(hn::LoadU(d, grad + i), hn::Set(d, options.rescale_grad));
    if (options.l2_decay != 0.0f) {
      g = hn::Add(g, hn::Mul(hn::Set(d, options.l2_decay), p));
    }
    const auto v = hn::Add(hn::Mul(mu, hn::LoadU(d, velocity + i)), g);
    const auto direction = options.use_nesterov ? hn::Add(g, hn::Mul(mu, v)) : v;
    hn::StoreU(v, d, velocity + i);
    hn::StoreU(hn::Sub(p, hn::Mul(rate, direction)), d, param + i);
  });
}

void sgd_range(int64_t begin, int64_t end, float learning_rate, const float* grad, float* param) {
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    ask_to_write(param + i);
    const auto change = hn::Mul(hn::Set(d, learning_rate), hn::LoadU(d, grad + i));
    hn::StoreU(hn::Sub(hn::LoadU(d, param + i), change), d, param + i);
  });
}

void adam_range(int64_t begin,
                int64_t end,
                const AdamOptions& options,
                const float* grad,
                float* param,
                float* moment1,
                float* moment2) {
  const float root = std::sqrt(1.0f - options.beta2_power);
  const float rate_now = options.learning_rate * root / (1.0f - options.beta1_power);
  const float floor_now = options.epsilon * root;
  const float rest1 = 1.0f - options.beta1;
  const float rest2 = 1.0f - options.beta2;
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    ask_to_write(param + i);
    const auto g = hn::LoadU(d, grad + i);
    const auto m = hn::Add(hn::Mul(hn::Set(d, options.beta1), hn::LoadU(d, moment1 + i)),
                           hn::Mul(hn::Set(d, rest1), g));
    const auto v = hn::Add(hn::Mul(hn::Set(d, options.beta2), hn::LoadU(d, moment2 + i)),
                           hn::Mul(hn::Mul(hn::Set(d, rest2), g), g));
    hn::StoreU(m, d, moment1 + i);
    hn::StoreU(v, d, moment2 + i);
    const auto step = hn::Div(m, hn::Add(hn::Sqrt(v), hn::Set(d, floor_now)));
    const auto p = hn::LoadU(d, param + i);
    hn::StoreU(hn::Sub(p, hn::Mul(hn::Set(d, rate_now), step)), d, param + i);
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(momentum_range);
HWY_EXPORT(sgd_range);
HWY_EXPORT(adam_range);

void momentum(
    int64_t n, const MomentumOptions& options, const float* grad, float* param, float* velocity) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(momentum_range)(begin, end, options, grad, param, velocity);
  });
}

void sgd(int64_t n, float learning_rate, const float* grad, float* param) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(sgd_range)(begin, end, learning_rate, grad, param);
  });
}

void adam(int64_t n,
          const AdamOptions& options,
          const float* grad,
          float* param,
          float* moment1,
          float* moment2) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(adam_range)(begin, end, options, grad, param, moment1, moment2);
  });
}

}  // namespace intact::cpu
#endif
