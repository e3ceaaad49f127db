#pragma once

#include <algorithm>
#include <cmath>

#include "intact/tensor/tensor.h"

namespace intact {

/// No NaN and no infinity; true for integers.
inline bool is_finite(const Tensor& tensor) {
  const auto all_finite = [](const auto& values) {
    return std::all_of(
        values.begin(), values.end(), [](auto value) { return std::isfinite(value); });
  };
  if (!tensor.is_defined()) {
    return true;
  }
  switch (tensor.dtype()) {
    case DType::Float32:
      return all_finite(tensor.values<float>());
    case DType::Float64:
      return all_finite(tensor.values<double>());
    default:
      return true;
  }
}

}  // namespace intact
