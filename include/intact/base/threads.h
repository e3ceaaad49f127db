#pragma once

namespace intact {

/// Number of threads kernels use, >= 1. Results do not depend on it.
void set_thread_count(int count);
int thread_count();

}  // namespace intact
