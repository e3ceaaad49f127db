#pragma once

namespace intact {

/// Threads to use until someone says how many: the first number of `setting`, which is
/// $OMP_NUM_THREADS or null, as its users expect of any parallel program; where that is none of
/// 1..1024, the cores.
int default_thread_count(const char* setting, unsigned cores);

}  // namespace intact
