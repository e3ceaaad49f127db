#include "intact/data/resize.h"

#include <algorithm>
#include <cmath>

#include "data/image_geometry.h"

namespace intact {
namespace {

/// An output place along one axis: lower * (1 - weight) + upper * weight of the input.
struct Tap {
  int64_t lower = 0;
  int64_t upper = 0;
  float weight = 0;
};

std::vector<Tap> taps(int64_t from, int64_t to, Interpolation interpolation) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  std::vector<Tap> result(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    Tap& tap = result[static_cast<size_t>(i)];
    if (interpolation == Interpolation::Nearest) {
      tap.lower = std::min(static_cast<int64_t>(static_cast<double>(i) * scale), from - 1);
      tap.upper = tap.lower;
      continue;
    }
    const double center = std::max((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0);
    tap.lower = std::min(static_cast<int64_t>(center), from - 1);
    tap.upper = std::min(tap.lower + 1, from - 1);
    tap.weight = static_cast<float>(center - std::floor(center));
  }
  return result;
}

void resize_plane(const float* from,
                  const ImageGeometry& size,
                  const std::vector<Tap>& rows,
                  const std::vector<Tap>& columns,
                  float* to) {
  for (const Tap& row : rows) {
    const float* lower = from + row.lower * size.width * size.channels;
    const float* upper = from + row.upper * size.width * size.channels;
    for (const Tap& column : columns) {
      for (int64_t e = 0; e < size.channels; ++e) {
        const int64_t left = column.lower * size.channels + e;
        const int64_t right = column.upper * size.channels + e;
        const float top = lower[left] + (lower[right] - lower[left]) * column.weight;
        const float bottom = upper[left] + (upper[right] - upper[left]) * column.weight;
        *to++ = top + (bottom - top) * row.weight;
      }
    }
  }
}

}  // namespace

Resize::Resize(int64_t height,
               std::optional<int64_t> width,
               Interpolation interpolation,
               ImageLayout layout)
    : height_(height), width_(width), interpolation_(interpolation), layout_(layout) {
  check(height > 0 && width.value_or(1) > 0,
        "Resize: size {}x{} has a side that is not positive; give at least 1x1",
        height,
        width.value_or(height));
}

Tensor Resize::apply(const Tensor& image, const SampleKey&) const {
  const ImageGeometry size = geometry_of(image, layout_, "Resize");
  check(
      image.numel() > 0, "Resize: the image {} is empty; leave it out", image.shape().to_string());
  const int64_t shorter = std::min(size.height, size.width);
  const int64_t height = width_.has_value() ? height_ : size.height * height_ / shorter;
  const int64_t width = width_.value_or(size.width * height_ / shorter);
  Shape shape = image.shape();
  shape[height_axis(image, layout_)] = height;
  shape[height_axis(image, layout_) + 1] = width;

  const Tensor source = image.cast(DType::Float32);
  Tensor result(DType::Float32, shape);
  const std::vector<Tap> rows = taps(size.height, height, interpolation_);
  const std::vector<Tap> columns = taps(size.width, width, interpolation_);
  for (int64_t plane = 0; plane < size.planes; ++plane) {
    resize_plane(source.data<float>() + plane * size.height * size.width * size.channels,
                 size,
                 rows,
                 columns,
                 result.data<float>() + plane * height * width * size.channels);
  }
  return result;
}

}  // namespace intact
