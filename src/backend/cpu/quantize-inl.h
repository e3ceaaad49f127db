// quantize_code and dequantize_code of intact/tensor/quantize.h on vectors, with equal bits.
#if defined(INTACT_BACKEND_CPU_QUANTIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#undef INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#else
#define INTACT_BACKEND_CPU_QUANTIZE_INL_H_
#endif

#include <cmath>

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
  const hn::Rebind<int32_t, D> d32;
  const hn::Rebind<int8_t, D> d8;
  hn::StoreU(hn::DemoteTo(d8, hn::ConvertTo(d32, code)), d8, codes);
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
