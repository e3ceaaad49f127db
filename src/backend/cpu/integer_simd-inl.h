// Codes to and from vectors of floats.
#if defined(INTACT_BACKEND_CPU_INTEGER_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_INTEGER_SIMD_INL_H_
#undef INTACT_BACKEND_CPU_INTEGER_SIMD_INL_H_
#else
#define INTACT_BACKEND_CPU_INTEGER_SIMD_INL_H_
#endif

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/requantize.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// Codes of type Code (uint8_t or int8_t) as floats.
template <class Code, class D>
HWY_INLINE VectorOf<D> load_codes_as_reals(D d, const uint8_t* codes) {
  const hn::Rebind<int32_t, D> d32;
  const hn::Rebind<Code, D> d8;
  const auto* typed = reinterpret_cast<const Code*>(codes);
  return hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, typed)));
}

// The code rint(v) + zero_point, of 8 bits with any sign, of a v that lies between lo - zero_point
// and hi - zero_point.
template <class D>
HWY_INLINE void store_as_codes(D /*d*/, VectorOf<D> v, int32_t zero_point, uint8_t* codes) {
  const hn::Rebind<int32_t, D> d32;
  store_low_bytes(hn::Add(nearest_int(v), hn::Set(d32, zero_point)), codes);
}

template <class D>
HWY_INLINE VectorOf<D> limit(VectorOf<D> v, VectorOf<D> low, VectorOf<D> high) {
  return hn::Min(hn::Max(v, low), high);
}

// call.template operator()<uint8_t or int8_t>().
template <class Call>
HWY_INLINE void with_code_type(CodeType type, const Call& call) {
  if (type == CodeType::Unsigned8) {
    call.template operator()<uint8_t>();
  } else {
    call.template operator()<int8_t>();
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
