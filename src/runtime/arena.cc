#include "runtime/arena.h"

#include <sys/mman.h>

#include <cstdlib>

#include "base/check.h"

namespace intact {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

/// Large blocks ask for huge pages: kernels stride through many pages at once, and where small ones
/// lie in physical memory makes steps up to a third slower in some processes than in others.
std::byte* allocate(size_t bytes) {
  const bool is_large = bytes >= 2 * kHugePage;
  void* memory = std::aligned_alloc(is_large ? kHugePage : kLine, bytes);
#ifdef MADV_HUGEPAGE
  if (is_large && memory != nullptr) {
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: failure leaves small pages
  }
#endif
  return static_cast<std::byte*>(memory);
}

}  // namespace

void Arena::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

std::byte* Arena::reserve(size_t bytes) {
  const size_t unit = bytes >= 2 * kHugePage ? kHugePage : kLine;
  const size_t rounded = (bytes / unit + 1) * unit;
  if (rounded > size_bytes_) {
    memory_.reset();
    size_bytes_ = 0;
    memory_.reset(allocate(rounded));
    check(memory_ != nullptr,
          "run: {} bytes for activations could not be allocated; use a smaller batch",
          rounded);
    size_bytes_ = rounded;
  }
  return memory_.get();
}

}  // namespace intact
