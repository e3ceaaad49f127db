#include "intact/base/threads.h"

#include <atomic>

#include "base/check.h"
#include "base/openmp.h"

namespace intact {
namespace {

std::atomic<int>& count_setting() {
  static std::atomic<int> count = omp_get_max_threads();  // OMP_NUM_THREADS, or the cores allowed
  return count;
}

}  // namespace

void set_thread_count(int count) {
  check(count >= 1 && count <= 1024, "set_thread_count: count is {}; use 1..1024", count);
  count_setting() = count;
}

int thread_count() {
  return count_setting();
}

}  // namespace intact
