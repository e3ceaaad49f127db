#include "runtime/memory.h"

#include <algorithm>
#include <numeric>

namespace intact {
namespace {

size_t round_up(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

bool overlap_in_time(const Buffer& a, const Buffer& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

size_t plan_memory(std::vector<Buffer>& buffers) {
  std::vector<size_t> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });
  size_t total = 0;
  std::vector<const Buffer*> placed;  // sorted by offset
  for (const size_t index : by_size) {
    Buffer& buffer = buffers[index];
    size_t offset = 0;
    for (const Buffer* other : placed) {
      if (!overlap_in_time(buffer, *other)) {
        continue;
      }
      if (offset + buffer.bytes <= other->offset) {
        break;
      }
      offset = std::max(offset, round_up(other->offset + other->bytes));
    }
    buffer.offset = offset;
    total = std::max(total, offset + round_up(buffer.bytes));
    const auto position = std::upper_bound(
        placed.begin(), placed.end(), &buffer, [](const Buffer* a, const Buffer* b) {
          return a->offset < b->offset;
        });
    placed.insert(position, &buffer);
  }
  return total;
}

}  // namespace intact
