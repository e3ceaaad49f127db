#include "backend/cpu/multiply_adds.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/multiply_adds.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

constexpr int kChains = 12;  // latency of 4 times 2 units, with some to spare

double multiply_adds_target(int64_t steps) {
  const Vector d;
  VectorOf<Vector> sums[kChains];
  for (int i = 0; i < kChains; ++i) {
    sums[i] = hn::Set(d, static_cast<float>(i));
  }
  const auto factor = hn::Set(d, 0.999f);
  const auto term = hn::Set(d, static_cast<float>(steps));  // unknown to the compiler
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) {
      sums[i] = hn::MulAdd(sums[i], factor, term);
    }
  }
  auto total = sums[0];
  for (int i = 1; i < kChains; ++i) {
    total = hn::Add(total, sums[i]);
  }
  const bool is_read = hn::GetLane(total) != 0.0f;  // always: keeps the loop
  return is_read ? 2.0 * kChains * static_cast<double>(lane_count() * steps) : 0.0;
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(multiply_adds_target);

double multiply_adds(int64_t steps) {
  return HWY_DYNAMIC_DISPATCH(multiply_adds_target)(steps);
}

}  // namespace intact::cpu
#endif
