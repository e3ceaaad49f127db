#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "intact/tensor/tensor.h"

namespace intact {

/// Names one draw of the random transforms: each is a pure function of (its seed, epoch, index).
struct SampleKey {
  int64_t epoch = 0;
  int64_t index = 0;
};

/// A function from image to image. Implementations are cheap values, safe to share by threads.
class ImageTransform {
 public:
  virtual ~ImageTransform() = default;
  virtual Tensor apply(const Tensor& image, const SampleKey& key) const = 0;
  /// For a [H,W] (rank 2) or [1,H,W] (rank 3) image: the rank of the result when each of its
  /// elements is a function of the input element at the same place alone, nothing otherwise. A
  /// chain of such transforms may run as a table of 256 values.
  virtual std::optional<int> pixelwise_rank(int) const { return std::nullopt; }
};

/// Handle of an ImageTransform; the default one returns its input.
class Transform {
 public:
  Transform() = default;
  template <class T>
  requires std::derived_from<std::remove_cvref_t<T>, ImageTransform> Transform(
      T&& transform)  // NOLINT(google-explicit-constructor): Compose({Transpose(), ...})
      : impl_(std::make_shared<std::remove_cvref_t<T>>(std::forward<T>(transform))) {}

  Tensor operator()(const Tensor& image, const SampleKey& key = {}) const {
    return impl_ ? impl_->apply(image, key) : image;
  }
  std::optional<int> pixelwise_rank(int rank) const {
    return impl_ ? impl_->pixelwise_rank(rank) : rank;
  }

 private:
  std::shared_ptr<const ImageTransform> impl_;
};

enum class ImageLayout { Chw, Hwc };

/// Applies transforms in order.
class Compose : public ImageTransform {
 public:
  explicit Compose(std::vector<Transform> transforms) : transforms_(std::move(transforms)) {}
  Tensor apply(const Tensor& image, const SampleKey& key) const override;
  std::optional<int> pixelwise_rank(int rank) const override;

 private:
  std::vector<Transform> transforms_;
};

/// Permutes the axes; a [H,W] image first becomes [H,W,1].
class Transpose : public ImageTransform {
 public:
  explicit Transpose(std::vector<int> order = {2, 0, 1}) : order_(std::move(order)) {}
  Tensor apply(const Tensor& image, const SampleKey& key) const override;
  std::optional<int> pixelwise_rank(int rank) const override;

 private:
  std::vector<int> order_;
};

/// (x - mean[channel]) / std[channel] in float32; the result is float32.
class Normalize : public ImageTransform {
 public:
  /// mean, std: one value per channel, or one for all. Throws: InvalidArgument when their counts
  /// differ or a std is 0.
  Normalize(std::vector<float> mean, std::vector<float> std, ImageLayout layout = ImageLayout::Chw);
  Tensor apply(const Tensor& image, const SampleKey& key) const override;
  std::optional<int> pixelwise_rank(int rank) const override;

 private:
  std::vector<float> mean_;
  std::vector<float> std_;
  ImageLayout layout_;
};

/// Mirrors left and right with the given probability.
class RandomHorizontalFlip : public ImageTransform {
 public:
  explicit RandomHorizontalFlip(float probability = 0.5f,
                                uint64_t seed = 0,
                                ImageLayout layout = ImageLayout::Chw);
  Tensor apply(const Tensor& image, const SampleKey& key) const override;

 private:
  float probability_;
  uint64_t seed_;
  ImageLayout layout_;
};

/// Cuts a height x width window out of the image surrounded by `padding` zeros on each side.
class RandomCrop : public ImageTransform {
 public:
  RandomCrop(int64_t height,
             int64_t width,
             int64_t padding = 0,
             uint64_t seed = 0,
             ImageLayout layout = ImageLayout::Chw);
  Tensor apply(const Tensor& image, const SampleKey& key) const override;

 private:
  int64_t height_;
  int64_t width_;
  int64_t padding_;
  uint64_t seed_;
  ImageLayout layout_;
};

}  // namespace intact
