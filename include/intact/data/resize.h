#pragma once

#include "intact/data/transforms.h"

namespace intact {

enum class Interpolation { Nearest, Bilinear };

/// Scales an image of any dtype, as float32. Pixel centres are at half steps and no low-pass filter
/// runs before: what OpenCV's resize does with INTER_NEAREST and INTER_LINEAR.
class Resize : public ImageTransform {
 public:
  /// Without a width, `height` is the length of the shorter side and the other one keeps the
  /// aspect, rounded down. Throws: InvalidArgument when a size is not positive.
  explicit Resize(int64_t height,
                  std::optional<int64_t> width = {},
                  Interpolation interpolation = Interpolation::Bilinear,
                  ImageLayout layout = ImageLayout::Chw);
  Tensor apply(const Tensor& image, const SampleKey& key) const override;

 private:
  int64_t height_;
  std::optional<int64_t> width_;
  Interpolation interpolation_;
  ImageLayout layout_;
};

}  // namespace intact
