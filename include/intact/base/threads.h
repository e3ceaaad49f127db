#pragma once

namespace intact {

/// Number of threads kernels use, >= 1. Results do not depend on it. Until it is set:
/// $OMP_NUM_THREADS, or the cores this process may use.
void set_thread_count(int count);
int thread_count();

}  // namespace intact
