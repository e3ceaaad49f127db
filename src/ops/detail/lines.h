#pragma once

#include <cstdint>
#include <string>

#include "base/check.h"
#include "intact/tensor/shape.h"

namespace intact {

/// axis as 0..rank-1. Throws: InvalidArgument, starting with `where`.
inline int normalize_axis(const std::string& where, const Shape& shape, int64_t axis) {
  const int64_t result = axis < 0 ? axis + shape.rank() : axis;
  check(result >= 0 && result < shape.rank(),
        "{}: axis is {} but the tensor {} has {} dimensions; use {}..{}",
        where,
        axis,
        shape.to_string(),
        shape.rank(),
        -shape.rank(),
        shape.rank() - 1);
  return static_cast<int>(result);
}

/// A tensor as lines along one axis: element k of line l is at start(l) + k * stride.
struct Lines {
  Lines(const Shape& shape, int axis)
      : count(shape.numel(0, axis) * shape.numel(axis + 1, shape.rank())),
        size(shape[axis]),
        stride(shape.numel(axis + 1, shape.rank())) {}

  int64_t count;
  int64_t size;
  int64_t stride;

  int64_t start(int64_t line) const { return line / stride * stride * size + line % stride; }
};

}  // namespace intact
