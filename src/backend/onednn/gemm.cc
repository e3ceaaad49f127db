#include "backend/onednn/gemm.h"

#include <oneapi/dnnl/dnnl.h>

#include "base/check.h"
#include "base/openmp.h"

namespace intact::cpu {
namespace {

// oneDNN takes its thread count from OpenMP; this thread asks for one while the guard lives.
class OneThread {
 public:
  OneThread() : previous_(omp_get_max_threads()) {
    if (previous_ != 1) {
      omp_set_num_threads(1);
    }
  }
  ~OneThread() {
    if (previous_ != 1) {
      omp_set_num_threads(previous_);
    }
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int previous_;
};

}  // namespace

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
          int64_t ldc) {
  if (m == 0 || n == 0) {
    return;
  }
  const OneThread guard;
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N',
                                          transpose_b ? 'T' : 'N',
                                          m,
                                          n,
                                          k,
                                          1.0f,
                                          a,
                                          lda,
                                          b,
                                          ldb,
                                          beta,
                                          c,
                                          ldc);
  if (status != dnnl_success) {
    fail(ErrorCode::Internal,
         "gemm: oneDNN returned status {} for m={} n={} k={} lda={} ldb={} ldc={}",
         static_cast<int>(status),
         m,
         n,
         k,
         lda,
         ldb,
         ldc);
  }
}

}  // namespace intact::cpu
