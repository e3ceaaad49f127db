#include "intact/base/threads.h"

#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/check.h"
#include "base/default_thread_count.h"

namespace intact {
namespace {

unsigned allowed_cores() {
#ifdef __linux__
  cpu_set_t set;  // hardware_concurrency() knows of no affinity
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<unsigned>(CPU_COUNT(&set));
  }
#endif
  return std::thread::hardware_concurrency();
}

std::atomic<int>& count_setting() {
  static std::atomic<int> count =
      default_thread_count(std::getenv("OMP_NUM_THREADS"), allowed_cores());
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
