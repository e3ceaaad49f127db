#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "intact/tensor/shape.h"

namespace intact {

/// Paddle's broadcasting of two tensors. axis -1: dimensions are matched from the right. axis k:
/// those of the operand with fewer dimensions start at dimension k of the other (a bias: axis 1);
/// its trailing 1s may stick out. A dimension of 1 repeats.
class Broadcast {
 public:
  /// Dimensions may be -1. Throws: InvalidArgument, starting with `where`, naming both shapes.
  Broadcast(const std::string& where, const Shape& x, const Shape& y, int axis);

  const Shape& output() const { return output_; }

  /// Calls body(output offset, x offset, y offset) for each output element in order. All
  /// dimensions must be known.
  template <class Body>
  void for_each(const Body& body) const;

 private:
  struct Axis {
    int64_t size;
    int64_t x_stride;  // 0: repeated
    int64_t y_stride;
  };
  Shape output_;
  std::vector<Axis> axes_;
};

template <class Body>
void Broadcast::for_each(const Body& body) const {
  const int64_t count = output_.numel();
  if (count == 0) {
    return;
  }
  const Axis inner = axes_.empty() ? Axis{1, 0, 0} : axes_.back();
  std::vector<int64_t> index(axes_.size(), 0);
  int64_t x = 0;
  int64_t y = 0;
  for (int64_t out = 0; out < count; out += inner.size) {
    for (int64_t i = 0; i < inner.size; ++i) {
      body(out + i, x + i * inner.x_stride, y + i * inner.y_stride);
    }
    // Next row: like an odometer, axis by axis from the last but one.
    for (size_t a = axes_.size() - std::min<size_t>(axes_.size(), 1); a-- > 0;) {
      x += axes_[a].x_stride;
      y += axes_[a].y_stride;
      if (++index[a] < axes_[a].size) {
        break;
      }
      x -= axes_[a].x_stride * axes_[a].size;
      y -= axes_[a].y_stride * axes_[a].size;
      index[a] = 0;
    }
  }
}

}  // namespace intact
