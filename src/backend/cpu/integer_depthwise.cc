#include "backend/cpu/integer_depthwise.h"

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/integer_depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/integer_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

constexpr int64_t kMaxTaps = kMaxDepthwiseTaps;

// Which taps of one output lie inside the input.
struct Taps {
  int count = 0;
  int64_t source[kMaxTaps];  // offset of the pixel's first channel
  int64_t weight[kMaxTaps];
};

inline void find_taps(const ConvShape& s, int64_t oy, int64_t ox, Taps& taps) {
  const ForwardAxis rows = forward_rows(s);
  const ForwardAxis columns = forward_columns(s);
  taps.count = 0;
  int64_t y = 0;
  int64_t x = 0;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    for (int64_t kx = 0; rows.find(oy, ky, y) && kx < s.kw; ++kx) {
      if (columns.find(ox, kx, x)) {
        taps.source[taps.count] = (y * s.w + x) * s.ci;
        taps.weight[taps.count++] = (ky * s.kw + kx) * s.ci;
      }
    }
  }
}

template <class Code, bool kHasZeroPoint, class D>
HWY_INLINE void outputs(
    D d, const IntegerDepthwise& conv, const Taps& taps, const uint8_t* x, int64_t c, int64_t y) {
  const Requantize& r = conv.requantize;
  const hn::Rebind<int32_t, D> d32;
  auto sum = hn::Zero(d);
  const auto x_zero_point = hn::Set(d, static_cast<float>(conv.x_zero_point));
  for (int t = 0; t < taps.count; ++t) {
    auto code = load_codes_as_reals<Code>(d, x + taps.source[t] + c);
    if constexpr (kHasZeroPoint) {
      code = hn::Sub(code, x_zero_point);
    }
    sum = hn::MulAdd(code, hn::LoadU(d, conv.w + taps.weight[t] + c), sum);
  }
  const auto acc = hn::Add(hn::ConvertTo(d32, sum), hn::LoadU(d32, conv.bias + c));
  const auto scaled = hn::Mul(hn::ConvertTo(d, acc), hn::LoadU(d, r.multiplier + c));
  if (conv.reals != nullptr) {
    return hn::StoreU(
        limit<D>(scaled, hn::Set(d, r.low), hn::Set(d, r.high)), d, conv.reals + y + c);
  }
  const auto lo = hn::Set(d, static_cast<float>(r.lo - r.zero_point));
  const auto hi = hn::Set(d, static_cast<float>(r.hi - r.zero_point));
  store_as_codes(d, limit<D>(scaled, lo, hi), r.zero_point, conv.codes + y + c);
}

template <class Code, bool kHasZeroPoint>
HWY_INLINE void rows_of(const IntegerDepthwise& conv, int64_t begin, int64_t end) {
  const ConvShape& s = conv.shape;
  Taps taps;
  for (int64_t row = begin; row < end; ++row) {
    const uint8_t* x = conv.x + row / s.oh * s.h * s.w * s.ci;
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      find_taps(s, row % s.oh, ox, taps);
      const int64_t y = (row * s.ow + ox) * s.co;
      for_lanes(0, s.co, [&](auto d, int64_t c) HWY_ATTR {
        outputs<Code, kHasZeroPoint>(d, conv, taps, x, c, y);
      });
    }
  }
}

void integer_depthwise_rows(const IntegerDepthwise& conv, int64_t begin, int64_t end) {
  with_code_type(conv.type, [&]<class Code>() HWY_ATTR {
    if (conv.x_zero_point == 0) {
      rows_of<Code, false>(conv, begin, end);
    } else {
      rows_of<Code, true>(conv, begin, end);
    }
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(integer_depthwise_rows);

void integer_depthwise(const IntegerDepthwise& conv) {
  const ConvShape& s = conv.shape;
  for_row_parts(s.n * s.oh, s.ow * s.co * s.kh * s.kw / 4, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(integer_depthwise_rows)(conv, begin, end);
  });
}

}  // namespace intact::cpu
#endif
