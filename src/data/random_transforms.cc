#include <cstring>

#include "data/image_geometry.h"
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

size_t pixel_bytes(const Tensor& image, const ImageGeometry& size) {
  return size_bytes(image.dtype()) * static_cast<size_t>(size.channels);
}

}  // namespace

RandomHorizontalFlip::RandomHorizontalFlip(float probability, uint64_t seed, ImageLayout layout)
    : probability_(probability), seed_(seed), layout_(layout) {
  check(probability >= 0 && probability <= 1,
        "RandomHorizontalFlip: probability {} is outside 0..1; give one inside",
        probability);
}

Tensor RandomHorizontalFlip::apply(const Tensor& image, const SampleKey& key) const {
  const ImageGeometry size = geometry_of(image, layout_, "RandomHorizontalFlip");
  const uint32_t word = draw(seed_, "RandomHorizontalFlip", key)[0];
  if (static_cast<float>(word >> 8) * 0x1p-24f >= probability_) {
    return image;
  }
  Tensor result(image.dtype(), image.shape());
  const size_t bytes = pixel_bytes(image, size);
  const char* from = static_cast<const char*>(image.raw());
  char* to = static_cast<char*>(result.raw());
  for (int64_t row = 0; row < size.planes * size.height; ++row) {
    for (int64_t x = 0; x < size.width; ++x) {
      const int64_t mirrored = row * size.width + size.width - 1 - x;
      std::memcpy(to + static_cast<size_t>(row * size.width + x) * bytes,
                  from + static_cast<size_t>(mirrored) * bytes,
                  bytes);
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
  const ImageGeometry size = geometry_of(image, layout_, "RandomCrop");
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
  shape[height_axis(image, layout_)] = height_;
  shape[height_axis(image, layout_) + 1] = width_;
  Tensor result(image.dtype(), shape);  // zeros
  const size_t bytes = pixel_bytes(image, size);
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
      std::memcpy(static_cast<char*>(result.raw()) + static_cast<size_t>(to) * bytes,
                  static_cast<const char*>(image.raw()) + static_cast<size_t>(from) * bytes,
                  static_cast<size_t>(last - first) * bytes);
    }
  }
  return result;
}

}  // namespace intact
