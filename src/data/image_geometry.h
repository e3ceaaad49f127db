#pragma once

#include "base/check.h"
#include "intact/data/transforms.h"

namespace intact {

/// An image as planes of rows of pixels of channels: CHW has one-channel pixels, HWC one plane.
struct ImageGeometry {
  int64_t planes = 1;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 1;  // of a pixel
};

inline ImageGeometry geometry_of(const Tensor& image, ImageLayout layout, const char* where) {
  const Shape& shape = image.shape();
  check(shape.rank() == 2 || shape.rank() == 3,
        "{}: the image has shape {} but must have 2 or 3 axes; reshape it",
        where,
        shape.to_string());
  if (shape.rank() == 2) {
    return {1, shape[0], shape[1], 1};
  }
  if (layout == ImageLayout::Chw) {
    return {shape[0], shape[1], shape[2], 1};
  }
  return {1, shape[0], shape[1], shape[2]};
}

/// The axis of the height; the width's follows.
inline int height_axis(const Tensor& image, ImageLayout layout) {
  return image.shape().rank() == 3 && layout == ImageLayout::Chw ? 1 : 0;
}

}  // namespace intact
