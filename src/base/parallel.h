#pragma once

#include <cstdint>

namespace intact {

/// Calls body(part) for part = 0..parts-1, spread over the threads. Determinism rule: `parts` and
/// what a part covers are functions of shapes alone, never of the thread count, and parts write
/// disjoint memory. `body` must not throw.
template <class Body>
void parallel_for(int64_t parts, const Body& body) {
  if (parts <= 1) {
    for (int64_t part = 0; part < parts; ++part) {
      body(part);
    }
    return;
  }
#pragma omp parallel for schedule(static)
  for (int64_t part = 0; part < parts; ++part) {
    body(part);
  }
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
