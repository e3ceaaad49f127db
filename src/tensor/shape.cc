#include "intact/tensor/shape.h"

#include "base/check.h"

namespace intact {
namespace {

int normalized_axis(const Shape& shape, int axis) {
  const int result = axis < 0 ? axis + shape.rank() : axis;
  if (result < 0 || result >= shape.rank()) {  // not check(): it would format the shape each time
    fail(ErrorCode::InvalidArgument,
         "shape: axis {} is outside rank {} of {}; use an axis in range",
         axis,
         shape.rank(),
         shape.to_string());
  }
  return result;
}

}  // namespace

int64_t Shape::operator[](int axis) const {
  return dims_[static_cast<size_t>(normalized_axis(*this, axis))];
}

int64_t& Shape::operator[](int axis) {
  return dims_[static_cast<size_t>(normalized_axis(*this, axis))];
}

bool Shape::is_known() const {
  for (int64_t dim : dims_) {
    if (dim < 0) {
      return false;
    }
  }
  return true;
}

int64_t Shape::numel() const {
  return numel(0, rank());
}

int64_t Shape::numel(int begin, int end) const {
  int64_t product = 1;
  for (int axis = begin; axis < end; ++axis) {
    const int64_t dim = dims_[static_cast<size_t>(axis)];
    if (dim < 0) {
      return -1;
    }
    if (dim != 0 && product > (int64_t{1} << 62) / dim) {
      fail(ErrorCode::InvalidArgument,
           "shape: {} has more than 2^62 elements; use smaller dimensions",
           to_string());
    }
    product *= dim;
  }
  return product;
}

std::string Shape::to_string() const {
  return fmt::format("[{}]", fmt::join(dims_, ","));
}

bool compatible(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) {
    return false;
  }
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] >= 0 && b[axis] >= 0 && a[axis] != b[axis]) {
      return false;
    }
  }
  return true;
}

}  // namespace intact
