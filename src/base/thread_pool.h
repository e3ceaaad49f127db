#pragma once

#include <cstdint>

namespace intact {

/// Calls body(context, begin, end) for ranges that cover 0..parts-1 once, on the threads of
/// thread_count(). Threads claim ranges as they come: one that the system does not let run delays
/// nobody. A call from within a body, or while another thread's call runs, stays on its own thread.
void run_on_threads(int64_t parts,
                    void (*body)(const void* context, int64_t begin, int64_t end),
                    const void* context);

}  // namespace intact
