#pragma once

#include <cstddef>
#include <vector>

namespace intact {

/// A piece of memory needed from step `first` to step `last`, both included.
struct Buffer {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
  size_t offset = 0;  // set by plan_memory
};

/// Places buffers in one arena so that those alive at the same step do not overlap: largest first,
/// each at the lowest offset that is free. Offsets are multiples of 64. Returns the arena's size.
size_t plan_memory(std::vector<Buffer>& buffers);

}  // namespace intact
