#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "intact/data/dataset.h"
#include "intact/data/transforms.h"

namespace intact {

enum class Mode { Train, Test };

struct MnistOptions {
  Mode mode = Mode::Train;
  /// Holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
  /// t10k-labels-idx1-ubyte, also spelled `.idx3-ubyte`, with or without `.gz`.
  std::string directory = {};
  /// Instead of `directory`: the two files themselves.
  std::string image_path = {};
  std::string label_path = {};
  Transform transform = {};
  int64_t class_count = 10;
};

/// MNIST and what shares its format (Fashion-MNIST, KMNIST). Images stay uint8 in memory.
/// A sample before the transform: image float32 [height,width] in 0..255, label int64 [1].
class Mnist : public Dataset {
 public:
  /// Throws: NotFound, Io, Format (with path and byte offset), InvalidArgument.
  explicit Mnist(MnistOptions options);

  int64_t size() const override { return count_; }
  Sample get(int64_t index, int64_t epoch = 0) const override;
  Sample get_batch(std::span<const int64_t> indices, int64_t epoch = 0) const override;

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

 private:
  Tensor raw_image(int64_t index) const;
  void build_pixel_table();

  Transform transform_;
  int64_t count_ = 0;
  int64_t height_ = 0;
  int64_t width_ = 0;
  std::vector<uint8_t> images_;
  std::vector<uint8_t> labels_;
  /// What a pixel-wise transform makes of each byte, and the shape it gives an image.
  std::optional<std::array<float, 256>> pixel_table_;
  Shape image_shape_;
};

}  // namespace intact
