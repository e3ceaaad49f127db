#pragma once

#include <cstdint>

namespace intact::cpu {

/// Floats of scratch parallel_gemm needs for this shape: partial sums, when K is split.
int64_t parallel_gemm_workspace_floats(int64_t m, int64_t n, int64_t k);

/// gemm() of onednn/gemm.h on all threads: split over m and n, and over k when m*n is small and k
/// is large, into parts that depend on (m,n,k) only; partial sums are added in a fixed order.
/// `workspace` holds parallel_gemm_workspace_floats(m,n,k) floats; it may be null when that is 0.
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
