// Dot products of four activation codes with four weight codes, for a vector of columns. Exact for
// activations of the CodeRange and weights of -127..127.
#if defined(INTACT_BACKEND_CPU_CODE_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_CODE_DOT_INL_H_
#undef INTACT_BACKEND_CPU_CODE_DOT_INL_H_
#else
#define INTACT_BACKEND_CPU_CODE_DOT_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

#include "backend/cpu/code_gemm.h"

#if HWY_TARGET == HWY_AVX3_DL
// Highway 1.0.3 means avx512vnni here but writes avxvnni.
#undef HWY_TARGET_STR
#define HWY_TARGET_STR HWY_TARGET_STR_AVX3 ",avx512vnni"
#endif

#undef INTACT_HAS_CODE_DOT
#undef INTACT_CODE_DOT_512
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3
#include <immintrin.h>
#define INTACT_HAS_CODE_DOT 1
#define INTACT_CODE_DOT_512 1
#elif HWY_TARGET == HWY_AVX2
#include <immintrin.h>
#define INTACT_HAS_CODE_DOT 1
#define INTACT_CODE_DOT_512 0
#else
#define INTACT_HAS_CODE_DOT 0
#define INTACT_CODE_DOT_512 0
#endif

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

#if INTACT_CODE_DOT_512

using DotVector = __m512i;
constexpr int64_t kDotLanes = 16;
#if HWY_TARGET == HWY_AVX3_DL
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 4;

HWY_INLINE DotVector load_codes(const int8_t* codes) {
  return _mm512_loadu_si512(codes);
}

// What the sums begin with, given the sums of the weights of each column.
template <CodeRange kRange>
HWY_INLINE DotVector start_of(DotVector weight_sums) {
#if HWY_TARGET == HWY_AVX3_DL
  if constexpr (kRange == CodeRange::Signed8) {
    return _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(weight_sums, 7));
  }
#endif
  return _mm512_setzero_si512();
}

template <CodeRange kRange>
HWY_INLINE DotVector broadcast_codes(const int8_t* codes) {
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  const DotVector x = _mm512_set1_epi32(four);
#if HWY_TARGET == HWY_AVX3_DL
  if constexpr (kRange == CodeRange::Signed8) {
    return _mm512_xor_si512(x, _mm512_set1_epi32(static_cast<int32_t>(0x80808080U)));  // x + 128
  }
#endif
  return x;
}

template <CodeRange kRange>
HWY_INLINE DotVector add_dot(DotVector sum, DotVector x, DotVector w) {
#if HWY_TARGET == HWY_AVX3_DL
  return _mm512_dpbusd_epi32(sum, x, w);
#else
  DotVector magnitude = x;
  if constexpr (kRange == CodeRange::Signed8) {
    magnitude = _mm512_abs_epi8(x);
    w = _mm512_mask_sub_epi8(w, _mm512_movepi8_mask(x), _mm512_setzero_si512(), w);
  }
  const DotVector pairs = _mm512_maddubs_epi16(magnitude, w);
  return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#endif
}

// y = sums * multiplier in the first `columns` lanes, which may be more than there are or none.
HWY_INLINE void store_scaled(DotVector sums, const float* multiplier, float* y, int64_t columns) {
  const int64_t lanes = columns < 0 ? 0 : columns > kDotLanes ? kDotLanes : columns;
  const auto mask = static_cast<__mmask16>((1U << lanes) - 1U);
  const __m512 scaled =
      _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_maskz_loadu_ps(mask, multiplier));
  _mm512_mask_storeu_ps(y, mask, scaled);
}

#elif INTACT_HAS_CODE_DOT

using DotVector = __m256i;
constexpr int64_t kDotLanes = 8;
constexpr int kTileRows = 4;
constexpr int kTileVectors = 2;

HWY_INLINE DotVector load_codes(const int8_t* codes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
}

template <CodeRange kRange>
HWY_INLINE DotVector start_of(DotVector) {
  return _mm256_setzero_si256();
}

template <CodeRange kRange>
HWY_INLINE DotVector broadcast_codes(const int8_t* codes) {
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  return _mm256_set1_epi32(four);
}

// Magnitudes are at most 128, so a pair sums to 2 * 128 * 127 = 32,512 at most.
template <CodeRange kRange>
HWY_INLINE DotVector add_dot(DotVector sum, DotVector x, DotVector w) {
  DotVector magnitude = x;
  if constexpr (kRange == CodeRange::Signed8) {
    magnitude = _mm256_abs_epi8(x);
    w = _mm256_sign_epi8(w, x);
  }
  const DotVector pairs = _mm256_maddubs_epi16(magnitude, w);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

HWY_INLINE void store_scaled(DotVector sums, const float* multiplier, float* y, int64_t columns) {
  const int32_t lanes = columns < 0 ? 0 : columns > kDotLanes ? 8 : static_cast<int32_t>(columns);
  const __m256i mask =
      _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256 values = _mm256_cvtepi32_ps(sums);
  _mm256_maskstore_ps(y, mask, _mm256_mul_ps(values, _mm256_maskload_ps(multiplier, mask)));
}

#endif

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
