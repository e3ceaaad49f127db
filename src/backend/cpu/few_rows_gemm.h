#pragma once

#include "backend/cpu/float_gemm.h"

namespace intact::cpu {

/// True where packing b would cost as much as the product: inference of a few images.
inline bool has_few_rows(const FloatGemm& gemm) {
  return gemm.m < 16 && gemm.b_codes == nullptr && !gemm.transpose_a && gemm.transpose_b;
}

/// float_gemm for has_few_rows(gemm), which reads both matrices where they lie. On the calling
/// thread; a product's sum over k runs in as many interleaved parts as a vector has lanes.
void few_rows_gemm(const FloatGemm& gemm);

}  // namespace intact::cpu
