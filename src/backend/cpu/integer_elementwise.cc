#include "backend/cpu/integer_elementwise.h"

#include <cmath>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/integer_elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/integer_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

void quantize_range(
    int64_t begin, int64_t end, const float* x, const CodeScale& scale, uint8_t* codes) {
  const float low = static_cast<float>(scale.lo - scale.zero_point);
  const float high = static_cast<float>(scale.hi - scale.zero_point);
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    const auto v = hn::Div(hn::LoadU(d, x + i), hn::Set(d, scale.step));
    const auto number = hn::IfThenElse(hn::Eq(v, v), v, hn::Set(d, low));
    const auto limited = hn::Min(hn::Max(number, hn::Set(d, low)), hn::Set(d, high));
    store_as_codes(d, limited, scale.zero_point, codes + i);
  });
}

void dequantize_range(
    int64_t begin, int64_t end, const uint8_t* codes, const CodeScale& scale, float* y) {
  with_code_type(scale.type, [&]<class Code>() HWY_ATTR {
    for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
      const auto zero_point = hn::Set(d, static_cast<float>(scale.zero_point));
      const auto shifted = hn::Sub(load_codes_as_reals<Code>(d, codes + i), zero_point);
      hn::StoreU(hn::Mul(shifted, hn::Set(d, scale.step)), d, y + i);
    });
  });
}

// A fused multiply-add on every target.
template <class V>
HWY_INLINE V fused(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::fma(hn::GetLane(a), hn::GetLane(b), hn::GetLane(c)));
#elif HWY_TARGET == HWY_EMU128
  for (size_t i = 0; i < hn::Lanes(hn::DFromV<V>()); ++i) {
    a.raw[i] = std::fma(a.raw[i], b.raw[i], c.raw[i]);
  }
  return a;
#else
  static_assert(HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL ||
                    HWY_TARGET == HWY_NEON,
                "does MulAdd round once?");
  return hn::MulAdd(a, b, c);
#endif
}

void add_range(int64_t begin,
               int64_t end,
               const uint8_t* a,
               const uint8_t* b,
               const CodeAdd& add,
               uint8_t* y) {
  with_code_type(add.a_type, [&]<class A>() HWY_ATTR {
    with_code_type(add.b_type, [&]<class B>() HWY_ATTR {
      for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
        const auto part = fused(
            load_codes_as_reals<B>(d, b + i), hn::Set(d, add.ratio_b), hn::Set(d, add.offset));
        const auto sum = fused(load_codes_as_reals<A>(d, a + i), hn::Set(d, add.ratio_a), part);
        const auto lo = hn::Set(d, static_cast<float>(add.lo));
        const auto hi = hn::Set(d, static_cast<float>(add.hi));
        store_as_codes(d, hn::Min(hn::Max(sum, lo), hi), 0, y + i);
      });
    });
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(quantize_range);
HWY_EXPORT(dequantize_range);
HWY_EXPORT(add_range);

void quantize_codes(int64_t n, const float* x, const CodeScale& scale, uint8_t* codes) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_range)(begin, end, x, scale, codes);
  });
}

void dequantize_codes(int64_t n, const uint8_t* codes, const CodeScale& scale, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(dequantize_range)(begin, end, codes, scale, y);
  });
}

void look_up_codes(int64_t n, const uint8_t* x, const uint8_t* table, uint8_t* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      y[i] = table[x[i]];
    }
  });
}

void add_codes(int64_t n, const uint8_t* a, const uint8_t* b, const CodeAdd& add, uint8_t* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_range)(begin, end, a, b, add, y);
  });
}

}  // namespace intact::cpu
#endif
