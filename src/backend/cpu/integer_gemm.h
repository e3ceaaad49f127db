#pragma once

#include <cstdint>

#include "backend/cpu/requantize.h"

namespace intact::cpu {

/// Weights w [n,k] of an integer GEMM, made ready once: blocks for the dot product, and what the
/// sums begin with.
struct PackedWeights {
  int64_t n = 0;
  int64_t depth = 0;  // k rounded up to a multiple of 4; rows of `a` may be read that far
  const int8_t* data = nullptr;
};

int64_t packed_weights_depth(int64_t k);
int64_t packed_weights_bytes(int64_t n, int64_t k);
/// bias: what each sum begins with, zero points included. packed: 64-byte aligned.
void pack_weights(int64_t n, int64_t k, const int8_t* w, const int32_t* bias, int8_t* packed);

/// How four products are summed where the CPU has no instruction that does it in 32 bits. Each is
/// exact under its condition; with VNNI neither matters.
enum class DotMethod {
  Pairs,       // u8 * s8 pairs in 16 bits: codes are unsigned and every pair is proven to fit
  Magnitudes,  // |code| <= 128 times +-weight: always fits, weights of -127..127
  Plain,       // one product at a time: weights of -128 that none of the others takes
};

/// y[m,n] from acc[m,n] = bias[n] + sum_k a[m,k] * w[n,k], exact in 32 bits.
struct IntegerGemm {
  CodeType type = CodeType::Unsigned8;
  DotMethod method = DotMethod::Magnitudes;
  int64_t m = 0;
  const uint8_t* a = nullptr;  // codes of `type`, rows `lda` apart
  int64_t lda = 0;
  PackedWeights weights;
  Requantize requantize;
  uint8_t* codes = nullptr;  // one of the two is written, rows n apart
  float* reals = nullptr;
};

/// On the calling thread.
void integer_gemm(const IntegerGemm& gemm);

/// On all threads.
void parallel_integer_gemm(const IntegerGemm& gemm);

/// "avx512vnni", "avx512", "avx2" or "scalar": what the dispatch uses on this CPU.
const char* integer_gemm_target();

}  // namespace intact::cpu
