#include "ops/detail/broadcast.h"

#include "base/check.h"

namespace intact {
namespace {

/// dims placed at `axis` among `rank` dimensions, 1 elsewhere.
std::vector<int64_t> padded(std::vector<int64_t> dims, size_t axis, size_t rank) {
  while (axis + dims.size() > rank && dims.back() == 1) {
    dims.pop_back();
  }
  dims.insert(dims.begin(), axis, 1);
  dims.resize(rank, 1);
  return dims;
}

int64_t broadcast_dim(int64_t x, int64_t y) {
  if (x == 1 || x == y) {
    return y;
  }
  if (y == 1 || y == -1) {
    return x;  // a size the other operand does not know yet
  }
  return x == -1 ? y : -2;
}

}  // namespace

Broadcast::Broadcast(const std::string& where, const Shape& x, const Shape& y, int axis) {
  const auto rank = static_cast<size_t>(std::max(x.rank(), y.rank()));
  const int difference = std::abs(x.rank() - y.rank());
  const int64_t start = axis == -1 || difference == 0 ? difference : axis;
  const Shape& shorter = x.rank() < y.rank() ? x : y;
  int significant = shorter.rank();
  while (significant > 0 && start + significant > static_cast<int64_t>(rank) &&
         shorter[significant - 1] == 1) {
    --significant;
  }
  check(start >= 0 && start + significant <= static_cast<int64_t>(rank),
        "{}: with axis={} the dimensions of {} and {} do not line up; use axis -1 or one in 0..{}",
        where,
        axis,
        x.to_string(),
        y.to_string(),
        difference);
  const auto at = static_cast<size_t>(start);
  const auto x_dims = padded(x.dims(), x.rank() < y.rank() ? at : 0, rank);
  const auto y_dims = padded(y.dims(), x.rank() < y.rank() ? 0 : at, rank);
  std::vector<int64_t> dims(rank);
  for (size_t i = 0; i < rank; ++i) {
    dims[i] = broadcast_dim(x_dims[i], y_dims[i]);
    check(dims[i] != -2,
          "{}: X {} and Y {} do not broadcast with axis={}: sizes {} and {} meet; make them equal "
          "or one of them 1",
          where,
          x.to_string(),
          y.to_string(),
          axis,
          x_dims[i],
          y_dims[i]);
  }
  output_ = Shape(dims);
  axes_.resize(rank);
  int64_t x_stride = 1;
  int64_t y_stride = 1;
  for (size_t i = rank; i-- > 0;) {
    axes_[i] = {dims[i], x_dims[i] == 1 ? 0 : x_stride, y_dims[i] == 1 ? 0 : y_stride};
    x_stride *= x_dims[i];
    y_stride *= y_dims[i];
  }
}

}  // namespace intact
