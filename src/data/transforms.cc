#include "intact/data/transforms.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace intact {

Tensor Compose::apply(const Tensor& image, const SampleKey& key) const {
  Tensor result = image;
  for (const Transform& transform : transforms_) {
    result = transform(result, key);
  }
  return result;
}

std::optional<int> Compose::pixelwise_rank(int rank) const {
  std::optional<int> result = rank;
  for (const Transform& transform : transforms_) {
    result = result ? transform.pixelwise_rank(*result) : std::nullopt;
  }
  return result;
}

std::optional<int> Transpose::pixelwise_rank(int rank) const {
  return rank == 2 && order_ == std::vector<int>{2, 0, 1} ? std::optional(3) : std::nullopt;
}

std::optional<int> Normalize::pixelwise_rank(int rank) const {
  return mean_.size() == 1 ? std::optional(rank) : std::nullopt;
}

Tensor Transpose::apply(const Tensor& image, const SampleKey&) const {
  Tensor input = image;
  if (image.shape().rank() == 2) {
    input = image.reshaped(Shape{image.shape()[0], image.shape()[1], 1});
  }
  const int rank = input.shape().rank();
  std::vector<int> sorted = order_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  check(sorted == axes,
        "Transpose: order {} does not permute the {} axes of the image {}; name each axis once",
        order_,
        rank,
        input.shape().to_string());

  // Strides of the input along the axes of the output.
  std::vector<int64_t> dims;
  std::vector<int64_t> strides;
  for (const int axis : order_) {
    dims.push_back(input.shape()[axis]);
    strides.push_back(input.shape().numel(axis + 1, rank));
  }
  Tensor result(input.dtype(), Shape(dims));
  const size_t element = size_bytes(input.dtype());
  const char* from = static_cast<const char*>(input.raw());
  char* to = static_cast<char*>(result.raw());
  std::vector<int64_t> position(dims.size(), 0);
  const int64_t count = result.numel();
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < dims.size(); ++axis) {
      offset += position[axis] * strides[axis];
    }
    std::copy_n(from + static_cast<size_t>(offset) * element,
                element,
                to + static_cast<size_t>(i) * element);
    for (size_t axis = dims.size(); axis-- > 0;) {
      if (++position[axis] < dims[axis]) {
        break;
      }
      position[axis] = 0;
    }
  }
  return result;
}

Normalize::Normalize(std::vector<float> mean, std::vector<float> std, ImageLayout layout)
    : mean_(std::move(mean)), std_(std::move(std)), layout_(layout) {
  check(!mean_.empty() && mean_.size() == std_.size(),
        "Normalize: {} means and {} standard deviations; give as many of both, at least one",
        mean_.size(),
        std_.size());
  check(std::find(std_.begin(), std_.end(), 0.0f) == std_.end(),
        "Normalize: a standard deviation is 0; give values above 0");
}

Tensor Normalize::apply(const Tensor& image, const SampleKey&) const {
  const int rank = image.shape().rank();
  check(rank == 2 || rank == 3,
        "Normalize: the image has shape {} but must have 2 or 3 axes; reshape it",
        image.shape().to_string());
  const int channel_axis = layout_ == ImageLayout::Chw ? 0 : 2;
  const int64_t channels = rank == 2 ? 1 : image.shape()[channel_axis];
  check(mean_.size() == 1 || static_cast<int64_t>(mean_.size()) == channels,
        "Normalize: {} means but the image {} has {} channels; give one mean per channel, or one",
        mean_.size(),
        image.shape().to_string(),
        channels);
  const bool is_float32 = image.dtype() == DType::Float32;
  const Tensor source = is_float32 ? image : image.cast(DType::Float32);
  Tensor result(DType::Float32, image.shape());
  const float* x = source.data<float>();
  float* y = result.data<float>();
  const int64_t count = result.numel();
  // Elements of one channel that follow each other.
  const int64_t run = rank == 2 || channel_axis == 2 ? 1 : image.shape().numel(1, 3);
  for (int64_t i = 0; i < count; ++i) {
    const size_t channel = mean_.size() == 1 ? 0 : static_cast<size_t>(i / run % channels);
    y[i] = (x[i] - mean_[channel]) / std_[channel];
  }
  return result;
}

}  // namespace intact
