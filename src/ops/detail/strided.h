#pragma once

#include <cstdint>
#include <vector>

#include "intact/tensor/shape.h"

namespace intact {

/// Strides of a C-order tensor.
inline std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()), 1);
  for (int axis = shape.rank() - 2; axis >= 0; --axis) {
    strides[static_cast<size_t>(axis)] = strides[static_cast<size_t>(axis) + 1] * shape[axis + 1];
  }
  return strides;
}

/// body(i, offset) for each element i of `shape` in C order; offset = base + index . strides.
template <class Body>
void for_each_strided(const Shape& shape,
                      const std::vector<int64_t>& strides,
                      int64_t base,
                      const Body& body) {
  const int rank = shape.rank();
  std::vector<int64_t> index(static_cast<size_t>(rank), 0);
  const int64_t count = shape.numel();
  int64_t offset = base;
  for (int64_t i = 0; i < count; ++i) {
    body(i, offset);
    for (int axis = rank - 1; axis >= 0; --axis) {
      const auto a = static_cast<size_t>(axis);
      offset += strides[a];
      if (++index[a] < shape[axis]) {
        break;
      }
      offset -= strides[a] * index[a];
      index[a] = 0;
    }
  }
}

}  // namespace intact
