#include "intact/base/threads.h"

#include "base/check.h"
#include "base/openmp.h"

namespace intact {

void set_thread_count(int count) {
  check(count >= 1 && count <= 1024, "set_thread_count: count is {}; use 1..1024", count);
  omp_set_num_threads(count);
}

int thread_count() {
  return omp_get_max_threads();
}

}  // namespace intact
