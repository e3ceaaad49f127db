#include <cstring>

#include "base/check.h"
#include "intact/data/transforms.h"
#include "intact/tensor/random.h"

namespace intact {
namespace {

/// Random words of one sample: stream (seed, name), block of (epoch, index).
std::array<uint32_t, 4> draw(uint64_t seed, const char* name, const SampleKey& key) {
  const uint64_t stream = stream_seed(stream_seed(seed, name), std::to_string(key.epoch));
  return Philox(stream).block(static_cast<uint64_t>(key.index));
}

/// Uniform in [0, count), count < 2^32.
int64_t pick(uint32_t word, int64_t count) {
  return static_cast<int64_t>(uint64_t{word} * static_cast<uint64_t>(count) >> 32);
}

/// An image as planes of rows of pixels: CHW has one-element pixels, HWC one plane.
struct Geometry {
  int64_t planes = 1;
  int64_t height = 0;
  int64_t width = 0;
  size_t pixel_bytes = 1;
};

Geometry geometry_of(const Tensor& image, ImageLayout layout, const char* where) {
  const Shape& shape = image.shape();
  check(shape.rank() == 2 || shape.rank() == 3,
        "{}: the image has shape {} but must have 2 or 3 axes; reshape it",
        where,
        shape.to_string());
  const size_t element = size_bytes(image.dtype());
  if (shape.rank() == 2) {
    return {1, shape[0], shape[1], element};
  }
  if (layout == ImageLayout::Chw) {
    return {shape[0], shape[1], shape[2], element};
  }
  return {1, shape[0], shape[1], element * static_cast<size_t>(shape[2])};
}

}  // namespace

RandomHorizontalFlip::RandomHorizontalFlip(float probability, uint64_t seed, ImageLayout layout)
    : probability_(probability), seed_(seed), layout_(layout) {
  check(probability >= 0 && probability <= 1,
        "RandomHorizontalFlip: probability {} is outside 0..1; give one inside",
        probability);
}

Tensor RandomHorizontalFlip::apply(const Tensor& image, const SampleKey& key) const {
  const Geometry size = geometry_of(image, layout_, "RandomHorizontalFlip");
  const uint32_t word = draw(seed_, "RandomHorizontalFlip", key)[0];
  if (static_cast<float>(word >> 8) * 0x1p-24f >= probability_) {
    return image;
  }
  Tensor result(image.dtype(), image.shape());
  const char* from = static_cast<const char*>(image.raw());
  char* to = static_cast<char*>(result.raw());
  for (int64_t row = 0; row < size.planes * size.height; ++row) {
    for (int64_t x = 0; x < size.width; ++x) {
      const int64_t mirrored = row * size.width + size.width - 1 - x;
      std::memcpy(to + static_cast<size_t>(row * size.width + x) * size.pixel_bytes,
                  from + static_cast<size_t>(mirrored) * size.pixel_bytes,
                  size.pixel_bytes);
    }
  }
  return result;
}

RandomCrop::RandomCrop(
    int64_t height, int64_t width, int64_t padding, uint64_t seed, ImageLayout layout)
    : height_(height), width_(width), padding_(padding), seed_(seed), layout_(layout) {
  check(height > 0 && width > 0 && padding >= 0,
        "RandomCrop: window {}x{} with padding {}; give a window of at least 1x1 and no negative "
        "padding",
        height,
        width,
        padding);
}

Tensor RandomCrop::apply(const Tensor& image, const SampleKey& key) const {
  const Geometry size = geometry_of(image, layout_, "RandomCrop");
  const int64_t rows = size.height + 2 * padding_ - height_ + 1;
  const int64_t columns = size.width + 2 * padding_ - width_ + 1;
  check(rows > 0 && columns > 0,
        "RandomCrop: window {}x{} does not fit the image {} with padding {}; use a smaller window",
        height_,
        width_,
        image.shape().to_string(),
        padding_);
  const std::array<uint32_t, 4> words = draw(seed_, "RandomCrop", key);
  const int64_t top = pick(words[0], rows) - padding_;
  const int64_t left = pick(words[1], columns) - padding_;

  Shape shape = image.shape();
  const int height_axis = shape.rank() == 3 && layout_ == ImageLayout::Chw ? 1 : 0;
  shape[height_axis] = height_;
  shape[height_axis + 1] = width_;
  Tensor result(image.dtype(), shape);  // zeros
  const int64_t first = std::max<int64_t>(left, 0);
  const int64_t last = std::min(left + width_, size.width);
  for (int64_t plane = 0; plane < size.planes; ++plane) {
    for (int64_t y = 0; y < height_ && first < last; ++y) {
      const int64_t source_y = top + y;
      if (source_y < 0 || source_y >= size.height) {
        continue;
      }
      const int64_t to = (plane * height_ + y) * width_ + first - left;
      const int64_t from = (plane * size.height + source_y) * size.width + first;
      std::memcpy(
          static_cast<char*>(result.raw()) + static_cast<size_t>(to) * size.pixel_bytes,
          static_cast<const char*>(image.raw()) + static_cast<size_t>(from) * size.pixel_bytes,
          static_cast<size_t>(last - first) * size.pixel_bytes);
    }
  }
  return result;
}

}  // namespace intact
