// Dot products of four codes with four weights for a vector of columns, and the way from their sums
// to codes.
#if defined(INTACT_BACKEND_CPU_INTEGER_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_INTEGER_DOT_INL_H_
#undef INTACT_BACKEND_CPU_INTEGER_DOT_INL_H_
#else
#define INTACT_BACKEND_CPU_INTEGER_DOT_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

#include "backend/cpu/integer_gemm.h"

#if HWY_TARGET == HWY_AVX3_DL
// Highway 1.0.3 means avx512vnni here but writes avxvnni.
#undef HWY_TARGET_STR
#define HWY_TARGET_STR HWY_TARGET_STR_AVX3 ",avx512vnni"
#endif

#undef INTACT_DOT_LANES
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3
#include <immintrin.h>
#define INTACT_DOT_LANES 16
#elif HWY_TARGET == HWY_AVX2
#include <immintrin.h>
#define INTACT_DOT_LANES 8
#else
#define INTACT_DOT_LANES 0
#endif

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// What the multiplication sees. Flipped: codes with the top bit inverted, which moves unsigned ones
// to signed ones less 128 and signed ones to unsigned ones plus 128; the sums begin accordingly.
enum class Product { Direct, Flipped, Magnitude, FlippedMagnitude };

#if HWY_TARGET == HWY_AVX3_DL
constexpr bool kSumsInOneStep = true;
#else
constexpr bool kSumsInOneStep = false;
#endif

inline Product product_of(CodeType type, DotMethod method) {
  if (kSumsInOneStep) {
    return type == CodeType::Signed8 ? Product::Flipped : Product::Direct;
  }
  if (type == CodeType::Signed8) {
    return Product::Magnitude;
  }
  return method == DotMethod::Pairs ? Product::Direct : Product::FlippedMagnitude;
}

#if INTACT_DOT_LANES == 16

using IntVector = __m512i;
using RealVector = __m512;
#if HWY_TARGET == HWY_AVX3_DL
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 4;

HWY_INLINE IntVector load_block(const void* p) {
  return _mm512_loadu_si512(p);
}

template <Product kProduct>
HWY_INLINE IntVector start_of(IntVector bias, IntVector weight_sums) {
  if constexpr (kProduct == Product::Flipped) {
    return _mm512_sub_epi32(bias, _mm512_slli_epi32(weight_sums, 7));
  } else if constexpr (kProduct == Product::FlippedMagnitude) {
    return _mm512_add_epi32(bias, _mm512_slli_epi32(weight_sums, 7));
  } else {
    return bias;
  }
}

template <Product kProduct>
HWY_INLINE IntVector broadcast_four(const uint8_t* codes) {
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  const IntVector x = _mm512_set1_epi32(four);
  if constexpr (kProduct == Product::Flipped || kProduct == Product::FlippedMagnitude) {
    return _mm512_xor_si512(x, _mm512_set1_epi32(static_cast<int32_t>(0x80808080U)));
  } else {
    return x;
  }
}

template <Product kProduct>
HWY_INLINE IntVector add_dot(IntVector sum, IntVector x, IntVector w) {
#if HWY_TARGET == HWY_AVX3_DL
  return _mm512_dpbusd_epi32(sum, x, w);
#else
  IntVector magnitude = x;
  if constexpr (kProduct == Product::Magnitude || kProduct == Product::FlippedMagnitude) {
    magnitude = _mm512_abs_epi8(x);
    w = _mm512_mask_sub_epi8(w, _mm512_movepi8_mask(x), _mm512_setzero_si512(), w);
  }
  const IntVector pairs = _mm512_maddubs_epi16(magnitude, w);
  return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#endif
}

HWY_INLINE RealVector set_real(float value) {
  return _mm512_set1_ps(value);
}
HWY_INLINE IntVector set_int(int32_t value) {
  return _mm512_set1_epi32(value);
}

HWY_INLINE __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>((1U << (count < 0 ? 0 : count > 16 ? 16 : count)) - 1U);
}

// float(sums) * multiplier, between low and high
HWY_INLINE RealVector scale_sums(
    IntVector sums, const float* multiplier, int64_t count, RealVector low, RealVector high) {
  const RealVector factor = _mm512_maskz_loadu_ps(first_lanes(count), multiplier);
  const RealVector scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factor);
  return _mm512_min_ps(_mm512_max_ps(scaled, low), high);
}

HWY_INLINE void store_reals(RealVector values, int64_t count, float* y) {
  _mm512_mask_storeu_ps(y, first_lanes(count), values);
}

HWY_INLINE void store_codes(RealVector values, IntVector zero_point, int64_t count, uint8_t* y) {
  const IntVector codes = _mm512_add_epi32(_mm512_cvtps_epi32(values), zero_point);
  _mm512_mask_cvtepi32_storeu_epi8(y, first_lanes(count), codes);
}

#elif INTACT_DOT_LANES == 8

using IntVector = __m256i;
using RealVector = __m256;
constexpr int kTileRows = 4;
constexpr int kTileVectors = 2;

HWY_INLINE IntVector load_block(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

template <Product kProduct>
HWY_INLINE IntVector start_of(IntVector bias, IntVector weight_sums) {
  if constexpr (kProduct == Product::FlippedMagnitude) {
    return _mm256_add_epi32(bias, _mm256_slli_epi32(weight_sums, 7));
  } else {
    return bias;
  }
}

template <Product kProduct>
HWY_INLINE IntVector broadcast_four(const uint8_t* codes) {
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  const IntVector x = _mm256_set1_epi32(four);
  if constexpr (kProduct == Product::FlippedMagnitude) {
    return _mm256_xor_si256(x, _mm256_set1_epi32(static_cast<int32_t>(0x80808080U)));
  } else {
    return x;
  }
}

// Magnitudes are at most 128, so a pair sums to 2 * 128 * 127 = 32,512 at most.
template <Product kProduct>
HWY_INLINE IntVector add_dot(IntVector sum, IntVector x, IntVector w) {
  IntVector magnitude = x;
  if constexpr (kProduct == Product::Magnitude || kProduct == Product::FlippedMagnitude) {
    magnitude = _mm256_abs_epi8(x);
    w = _mm256_sign_epi8(w, x);
  }
  const IntVector pairs = _mm256_maddubs_epi16(magnitude, w);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

HWY_INLINE RealVector set_real(float value) {
  return _mm256_set1_ps(value);
}
HWY_INLINE IntVector set_int(int32_t value) {
  return _mm256_set1_epi32(value);
}

HWY_INLINE __m256i first_lanes(int64_t count) {
  const auto lanes = static_cast<int32_t>(count < 0 ? 0 : count > 8 ? 8 : count);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

HWY_INLINE RealVector scale_sums(
    IntVector sums, const float* multiplier, int64_t count, RealVector low, RealVector high) {
  const RealVector factor =
      count >= 8 ? _mm256_loadu_ps(multiplier) : _mm256_maskload_ps(multiplier, first_lanes(count));
  const RealVector scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), factor);
  return _mm256_min_ps(_mm256_max_ps(scaled, low), high);
}

HWY_INLINE void store_reals(RealVector values, int64_t count, float* y) {
  if (count >= 8) {
    return _mm256_storeu_ps(y, values);
  }
  _mm256_maskstore_ps(y, first_lanes(count), values);
}

HWY_INLINE void store_codes(RealVector values, IntVector zero_point, int64_t count, uint8_t* y) {
  const IntVector codes = _mm256_add_epi32(_mm256_cvtps_epi32(values), zero_point);
  // The lowest byte of each number, whatever its sign.
  const IntVector bytes = _mm256_shuffle_epi8(codes,
                                              _mm256_setr_epi8(0,
                                                               4,
                                                               8,
                                                               12,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               0,
                                                               4,
                                                               8,
                                                               12,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1,
                                                               -1));
  const __m128i both =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  if (count >= 8) {
    return _mm_storel_epi64(reinterpret_cast<__m128i*>(y), both);
  }
  uint8_t eight[8];
  _mm_storel_epi64(reinterpret_cast<__m128i*>(eight), both);
  if (count > 0) {
    std::memcpy(y, eight, static_cast<size_t>(count));
  }
}

#endif

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
