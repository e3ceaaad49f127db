#pragma once

#include <cstdint>

namespace intact::cpu {

/// Which activation codes occur; decides what instructions are exact. Unsigned7: 0..127, so that
/// pairs of products with weights of -127..127 fit 16 bits. Signed8: -128..127; shifted to 0..255
/// where products are summed in 32 bits (VNNI), else multiplied as magnitudes (AVX2, AVX-512).
enum class CodeRange { Unsigned7, Signed8 };

/// Code rows are this long: k rounded up to a multiple of 4, the rest 0.
constexpr int64_t padded_depth(int64_t k) {
  return (k + 3) / 4 * 4;
}

/// Bytes of `packed` below.
int64_t packed_codes_bytes(int64_t n, int64_t depth);

/// Packs weight codes w [n,depth] (-127..127, depth a multiple of 4) for code_gemm.
void pack_codes(int64_t n, int64_t depth, const int8_t* w, int8_t* packed);

/// Operands of code_gemm: c[m,n] = float(sum_k a[m,k] * w[n,k]) * multiplier[n]; the sum is exact
/// in 32 bits. a: rows of `lda` codes, `depth` of them read; packed: w by pack_codes.
struct CodeGemm {
  CodeRange range = CodeRange::Signed8;
  int64_t m = 0;
  int64_t n = 0;
  int64_t depth = 0;
  const int8_t* a = nullptr;
  int64_t lda = 0;
  const int8_t* packed = nullptr;
  const float* multiplier = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
};

/// On the calling thread.
void code_gemm(const CodeGemm& gemm);

/// On all threads.
void parallel_code_gemm(const CodeGemm& gemm);

}  // namespace intact::cpu
