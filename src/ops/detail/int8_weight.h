#pragma once

#include "intact/tensor/tensor.h"

namespace intact {

/// The weight in the dtype of the activations it meets. Paddle's int8 program stores the codes as
/// int8 and multiplies them by their value.
inline Tensor weight_as(DType dtype, const Tensor& weight) {
  return weight.dtype() == DType::Int8 ? weight.cast(dtype) : weight;
}

}  // namespace intact
