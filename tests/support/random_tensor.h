#pragma once

#include "intact/tensor/tensor.h"

namespace intact {

/// float32, uniform in [low, high); the same on every run.
Tensor random_tensor(Shape shape, uint64_t seed, float low = -1.0f, float high = 1.0f);
/// Random like the above, but no element is nearer to a multiple of `step` than step/8: keeps
/// numerical derivatives away from kinks.
Tensor kink_free_tensor(Shape shape, uint64_t seed, float low, float high, float step);

}  // namespace intact
