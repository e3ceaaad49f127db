#pragma once

#include <cstdint>

#include "base/thread_pool.h"

namespace intact {

/// Calls body(part) for part = 0..parts-1, spread over the threads. Determinism rule: `parts` and
/// what a part covers are functions of shapes alone, never of the thread count, and parts write
/// disjoint memory. `body` must not throw.
template <class Body>
void parallel_for(int64_t parts, const Body& body) {
  const auto run = [](const void* context, int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      (*static_cast<const Body*>(context))(part);
    }
  };
  if (parts <= 1) {
    return run(&body, 0, parts);
  }
  run_on_threads(parts, run, &body);
}

/// [begin, end) of part `part` when `total` items are split evenly into `parts`.
struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

inline Range split_evenly(int64_t total, int64_t parts, int64_t part) {
  return {total * part / parts, total * (part + 1) / parts};
}

}  // namespace intact
