#pragma once

#include <cstdint>

namespace intact::cpu {

/// c[m,n] = op(a)[m,k] * op(b)[k,n] + beta * c, all row-major; op transposes when asked, and then
/// `a` is stored as [k,m] (or `b` as [n,k]). lda, ldb, ldc: stored row lengths. beta 0 does not
/// read c. Runs on the calling thread alone, so it may be called inside parallel_for, and its
/// result does not depend on the thread count.
void gemm(bool transpose_a,
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
          int64_t ldc);

}  // namespace intact::cpu
