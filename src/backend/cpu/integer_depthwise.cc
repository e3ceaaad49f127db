#include "backend/cpu/integer_depthwise.h"

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/integer_depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/depthwise_window-inl.h"
#include "backend/cpu/integer_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// What activations give. Others are rare and get no unrolled loops, for the library's size.
struct UnsignedCodes {
  const uint8_t* x;

  template <class D>
  HWY_INLINE VectorOf<D> load(D d, int64_t index) const {
    return load_codes_as_reals<uint8_t>(d, x + index);
  }
};

struct ShiftedCodes {
  const uint8_t* x;
  uint8_t flip;  // 0x80 makes signed codes unsigned ones plus 128
  int32_t zero_point;

  template <class D>
  HWY_INLINE VectorOf<D> load(D d, int64_t index) const {
    const hn::Rebind<int32_t, D> d32;
    const hn::Rebind<uint8_t, D> d8;
    const auto flipped = hn::Xor(hn::LoadU(d8, x + index), hn::Set(d8, flip));
    const auto code = hn::Sub(hn::PromoteTo(d32, flipped), hn::Set(d32, zero_point));
    return hn::ConvertTo(d, code);
  }
};

struct Requantized {
  const int32_t* bias;
  const float* multiplier;
  float low;
  float high;
  int32_t zero_point;
  uint8_t* codes;  // one of the two is written
  float* reals;

  template <class D>
  HWY_INLINE void store(D d, VectorOf<D> sum, int64_t channel, int64_t index) const {
    const hn::Rebind<int32_t, D> d32;
    const auto acc = hn::Add(nearest_int(sum), hn::LoadU(d32, bias + channel));
    const auto scaled = hn::Mul(hn::ConvertTo(d, acc), hn::LoadU(d, multiplier + channel));
    const auto real = limit<D>(scaled, hn::Set(d, low), hn::Set(d, high));
    if (codes != nullptr) {
      store_as_codes(d, real, zero_point, codes + index);
    } else {
      hn::StoreU(real, d, reals + index);
    }
  }
};

void integer_depthwise_rows(const IntegerDepthwise& conv, int64_t begin, int64_t end) {
  const Requantize& r = conv.requantize;
  const bool to_codes = conv.codes != nullptr;
  const Requantized sink{.bias = conv.bias,
                         .multiplier = r.multiplier,
                         .low = to_codes ? static_cast<float>(r.lo - r.zero_point) : r.low,
                         .high = to_codes ? static_cast<float>(r.hi - r.zero_point) : r.high,
                         .zero_point = r.zero_point,
                         .codes = conv.codes,
                         .reals = conv.reals};
  const int64_t channels = conv.shape.ci;
  const bool is_signed = conv.type == CodeType::Signed8;
  if (!is_signed && conv.x_zero_point == 0) {
    return gather_rows<2>(*conv.gather, channels, begin, end, UnsignedCodes{conv.x}, conv.w, sink);
  }
  const ShiftedCodes source{.x = conv.x,
                            .flip = static_cast<uint8_t>(is_signed ? 0x80 : 0),
                            .zero_point = conv.x_zero_point + (is_signed ? 128 : 0)};
  gather_rows<kLargestUnrolled + 1>(*conv.gather, channels, begin, end, source, conv.w, sink);
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
