#include "support/random_tensor.h"

#include <cmath>

#include "intact/tensor/random.h"

namespace intact {

Tensor random_tensor(Shape shape, uint64_t seed, float low, float high) {
  const Philox random(seed);
  Tensor tensor(DType::Float32, std::move(shape));
  uint64_t i = 0;
  for (float& value : tensor.values<float>()) {
    value = low + (high - low) * random.uniform(i++);
  }
  return tensor;
}

Tensor kink_free_tensor(Shape shape, uint64_t seed, float low, float high, float step) {
  Tensor tensor = random_tensor(std::move(shape), seed, low, high);
  for (float& value : tensor.values<float>()) {
    const float kink = std::round(value / step) * step;
    const float margin = step / 8;
    if (std::abs(value - kink) < margin) {
      value = kink + (value < kink ? -margin : margin);
    }
  }
  return tensor;
}

}  // namespace intact
