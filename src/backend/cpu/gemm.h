#pragma once

#include <cstdint>

#include "backend/cpu/float_gemm.h"

namespace intact::cpu {

/// Floats of scratch parallel_gemm needs for this shape: packed panels, and partial sums when K is
/// split.
int64_t parallel_gemm_workspace_floats(int64_t m, int64_t n, int64_t k);

/// float_gemm on all threads: split over m and n, and over k when m*n is small and k is large, into
/// parts that depend on the shape only; partial sums are added in a fixed order. `workspace` holds
/// parallel_gemm_workspace_floats(m,n,k) floats.
void parallel_gemm(const FloatGemm& gemm, float* workspace);

/// The same for a `b` of floats.
void parallel_gemm(bool transpose_a,
                   bool transpose_b,
                   int64_t m,
                   int64_t n,
                   int64_t k,
                   const float* a,
                   int64_t lda,
                   const float* b,
                   int64_t ldb,
                   float beta,
                   float* c,
                   int64_t ldc,
                   float* workspace);

}  // namespace intact::cpu
