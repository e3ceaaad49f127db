// parse_idx (first byte: the rank) and parse_npy on any bytes: an array of the size its dimensions
// say, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "data/idx.h"
#include "intact/base/error.h"
#include "intact/data/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const intact::IdxArray array = intact::parse_idx(bytes, "fuzz.idx", data[0] % 2 == 0 ? 3 : 1);
    uint64_t count = 1;
    for (const int64_t dim : array.dims) {
      count = dim == 0 ? 0 : count * static_cast<uint64_t>(dim);  // wraps only when 0 follows
    }
    if (count != array.bytes.size()) {
      std::abort();
    }
  } catch (const intact::Error&) {
  }
  try {
    const intact::Tensor tensor = intact::parse_npy(bytes, "fuzz.npy");
    if (!intact::parse_npy(intact::format_npy(tensor), "again").identical(tensor)) {
      std::abort();
    }
  } catch (const intact::Error&) {
  }
  return 0;
}
