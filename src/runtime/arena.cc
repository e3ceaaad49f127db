#include "runtime/arena.h"

#include <sys/mman.h>

#include <cstdlib>

#include "base/check.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace intact {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

/// Large blocks ask for huge pages, as kernels stride through many pages at once.
std::byte* allocate(size_t bytes) {
  const bool is_large = bytes >= 2 * kHugePage;
  void* memory = nullptr;
  if (is_large) {
#ifdef __GLIBC__
    malloc_trim(0);  // what building the program left free would only add to the peak
#endif
    if (posix_memalign(&memory, kHugePage, bytes) != 0) {
      return nullptr;
    }
#ifdef MADV_HUGEPAGE
    // A wish: failure leaves small pages. The last, partial page stays small.
    madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
    return static_cast<std::byte*>(memory);
  }
  return static_cast<std::byte*>(std::aligned_alloc(kLine, bytes));
}

}  // namespace

void Arena::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

std::byte* Arena::reserve(size_t bytes) {
  const size_t rounded = (bytes / kLine + 1) * kLine;
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
