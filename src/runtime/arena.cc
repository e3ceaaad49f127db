#include "runtime/arena.h"

#include <cstdlib>

#include "base/check.h"

namespace intact {

void Arena::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

std::byte* Arena::reserve(size_t bytes) {
  const size_t rounded = (bytes / 64 + 1) * 64;
  if (rounded > size_bytes_) {
    memory_.reset();
    size_bytes_ = 0;
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, rounded)));
    check(memory_ != nullptr,
          "run: {} bytes for activations could not be allocated; use a smaller batch",
          rounded);
    size_bytes_ = rounded;
  }
  return memory_.get();
}

}  // namespace intact
