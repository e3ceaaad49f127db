// quantize_code and dequantize_code of intact/tensor/quantize.h on vectors, with equal bits.
#if defined(INTACT_BACKEND_CPU_QUANTIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#undef INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#else
#define INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#endif

#include <cmath>
#include <cstring>

#include "backend/cpu/simd-inl.h"
#include "intact/tensor/quantize.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// rint() of the default rounding mode, on every target.
template <class V>
HWY_INLINE V round_to_even(V v) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::nearbyint(hn::GetLane(v)));
#else
  return hn::Round(v);
#endif
}

// nearest_int: the nearest whole numbers (ties to even) of floats that lie within 32 bits.
// store_low_bytes: the lowest byte of each. Highway's conversions also mend numbers that do not
// fit, which takes longer than all else that is done to a code.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int32_t kLowBytes = 0x0C080400;  // of four words

template <size_t kLanes>
HWY_INLINE hn::Vec128<int32_t, kLanes> nearest_int(hn::Vec128<float, kLanes> v) {
  return hn::Vec128<int32_t, kLanes>{_mm_cvtps_epi32(v.raw)};
}
HWY_INLINE hn::Vec256<int32_t> nearest_int(hn::Vec256<float> v) {
  return hn::Vec256<int32_t>{_mm256_cvtps_epi32(v.raw)};
}

template <size_t kLanes>
HWY_INLINE void store_low_bytes(hn::Vec128<int32_t, kLanes> v, void* bytes) {
  const int32_t four = _mm_cvtsi128_si32(_mm_shuffle_epi8(v.raw, _mm_set1_epi32(kLowBytes)));
  std::memcpy(bytes, &four, kLanes);
}
HWY_INLINE void store_low_bytes(hn::Vec256<int32_t> v, void* bytes) {
  const __m256i fours = _mm256_shuffle_epi8(v.raw, _mm256_set1_epi32(kLowBytes));
  const __m128i eight =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
  _mm_storel_epi64(static_cast<__m128i*>(bytes), eight);
}
#if HWY_TARGET != HWY_AVX2
HWY_INLINE hn::Vec512<int32_t> nearest_int(hn::Vec512<float> v) {
  return hn::Vec512<int32_t>{_mm512_cvtps_epi32(v.raw)};
}
HWY_INLINE void store_low_bytes(hn::Vec512<int32_t> v, void* bytes) {
  _mm_storeu_si128(static_cast<__m128i*>(bytes), _mm512_cvtepi32_epi8(v.raw));
}
#endif
#else
template <class V>
HWY_INLINE auto nearest_int(V v) {
  return hn::ConvertTo(hn::RebindToSigned<hn::DFromV<V> >(), round_to_even(v));
}
template <class V>
HWY_INLINE void store_low_bytes(V v, void* bytes) {
  const hn::Rebind<uint32_t, hn::DFromV<V> > d32;
  const hn::Rebind<uint8_t, hn::DFromV<V> > d8;
  hn::StoreU(hn::TruncateTo(d8, hn::BitCast(d32, v)), d8, static_cast<uint8_t*>(bytes));
}
#endif

// std::round: the fraction |v| - trunc|v| is exact, so the comparison with one half is too.
template <class D, class V>
HWY_INLINE V round_away(D d, V v) {
  const auto magnitude = hn::Abs(v);
  const auto whole = hn::Trunc(magnitude);
  const auto is_up = hn::Ge(hn::Sub(magnitude, whole), hn::Set(d, 0.5f));
  const auto rounded = hn::Add(whole, hn::IfThenElseZero(is_up, hn::Set(d, 1.0f)));
  return hn::CopySignToAbs(rounded, v);
}

// quantize_code(x, scale, inverse, b, round) with factor = b * inverse.
template <RoundType kRound, class D, class V>
HWY_INLINE V code_of(D d, V x, V scale, V factor, float b) {
  if constexpr (kRound == RoundType::TiesToEven) {
    const auto rounded = round_to_even(hn::Mul(factor, x));
    return hn::Min(hn::Max(rounded, hn::Set(d, -b - 1)), hn::Set(d, b));
  } else {
    const auto clipped = hn::Min(hn::Max(x, hn::Neg(scale)), scale);
    return round_away(d, hn::Mul(factor, clipped));
  }
}

// code * scale / b
template <class D, class V>
HWY_INLINE V real_of(D d, V code, V scale, float b) {
  return hn::Div(hn::Mul(code, scale), hn::Set(d, b));
}

// Codes held in floats to and from int8.
template <class D, class V>
HWY_INLINE void store_codes(D /*of code*/, V code, int8_t* codes) {
  store_low_bytes(nearest_int(code), codes);
}
template <class D>
HWY_INLINE VectorOf<D> load_float_codes(D d, const int8_t* codes) {
  const hn::Rebind<int32_t, D> d32;
  const hn::Rebind<int8_t, D> d8;
  return hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, codes)));
}

template <class Call>
HWY_INLINE void with_round(RoundType round, const Call& call) {
  if (round == RoundType::TiesToEven) {
    call.template operator()<RoundType::TiesToEven>();
  } else {
    call.template operator()<RoundType::TiesAwayFromZero>();
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
