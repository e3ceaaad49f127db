#include "quant/weight_codes.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "intact/tensor/quantize.h"
#include "ops/detail/pair_limit.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

// Calls visit(element, channel) in C order; channel is 0 when there is no axis.
template <class Visit>
void for_each_channel(const Shape& shape, int axis, Visit visit) {
  const int64_t channels = axis < 0 ? 1 : shape[axis];
  const int64_t inner = axis < 0 ? shape.numel() : shape.numel(axis + 1, shape.rank());
  const int64_t outer = inner * channels == 0 ? 0 : shape.numel() / (inner * channels);
  int64_t element = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t i = 0; i < inner; ++i) {
        visit(static_cast<size_t>(element++), static_cast<size_t>(channel));
      }
    }
  }
}

template <class T>
Tensor abs_max_as(const Tensor& tensor, int axis) {
  Tensor result(tensor.dtype(), axis < 0 ? Shape{1} : Shape{tensor.shape()[axis]});
  const auto values = tensor.values<T>();
  const auto maxima = result.values<T>();
  for_each_channel(tensor.shape(), axis, [&](size_t element, size_t channel) {
    maxima[channel] = std::max(maxima[channel], std::abs(values[element]));
  });
  return result;
}

template <class T>
T reference_code(T w, T scale, T b, bool is_v2) {
  const T s = scale == 0 ? static_cast<T>(1e-8) : scale;
  if (is_v2) {
    return std::clamp(std::nearbyint(w / s * b), -b - 1, b);
  }
  return std::nearbyint(std::clamp(w, -s, s) / s * b);
}

template <class T>
T simulated_code(T w, T scale, T b, const Op& quantizer) {
  const auto round = static_cast<RoundType>(quantizer.attr_or<int32_t>("round_type", 0));
  return quantize_code(w, scale, inverse_scale(scale), b, round);
}

template <class T>
Tensor codes_as(const Tensor& weight,
                const Tensor& scale,
                const Op& quantizer,
                const QuantConfig& config) {
  const T b = static_cast<T>(max_code(quantizer.attr_or<int32_t>("bit_length", 8)));
  const bool is_v2 = quantizer.type() == "quantize_linear";
  const bool is_reference = config.round_type == QuantRounding::Reference;
  const int axis = scale.numel() == 1 ? -1 : quantizer.attr_or<int32_t>("quant_axis", -1);
  Tensor result(weight.dtype(), weight.shape());
  const auto values = weight.values<T>();
  const auto scales = scale.values<T>();
  const auto codes = result.values<T>();
  for_each_channel(weight.shape(), axis, [&](size_t element, size_t channel) {
    codes[element] = is_reference ? reference_code(values[element], scales[channel], b, is_v2)
                                  : simulated_code(values[element], scales[channel], b, quantizer);
  });
  return result;
}

void check_float(const Tensor& tensor) {
  check(tensor.dtype() == DType::Float32 || tensor.dtype() == DType::Float64,
        "convert: a weight is {}; only float32 and float64 weights can be quantized",
        to_string(tensor.dtype()));
}

}  // namespace

Tensor abs_max(const Tensor& tensor, int axis) {
  check_float(tensor);
  return tensor.dtype() == DType::Float32 ? abs_max_as<float>(tensor, axis)
                                          : abs_max_as<double>(tensor, axis);
}

Tensor computed_scale(const Tensor& weight, const Op& quantizer) {
  const int axis = quantizer.type() == "fake_quantize_abs_max"
                       ? -1
                       : quantizer.attr_or<int32_t>("quant_axis", -1);
  Tensor scale = abs_max(weight, axis);
  if (const int32_t limit = pair_limit_of(quantizer); limit > 0) {
    const int bits = quantizer.attr_or<int32_t>("bit_length", 8);
    dispatch_float(weight.dtype(), "convert", [&]<class T>(T) {
      find_pair_limited_scales(
          weight.data<T>(), weight.shape(), axis, bits, limit, scale.data<T>());
    });
  }
  return scale;
}

bool computes_scale(const Op& quantizer) {
  if (quantizer.type() == "fake_quantize_abs_max") {
    return true;
  }
  if (quantizer.attr_or<bool>("is_test", true)) {
    return false;
  }
  if (quantizer.type() == "quantize_linear") {
    return quantizer.attr_or<int32_t>("quant_axis", -1) >= 0 ||
           quantizer.attr_or<float>("moving_rate", 0.9f) == 0;
  }
  return quantizer.type() == "fake_channel_wise_quantize_abs_max";
}

Tensor weight_codes(const Tensor& weight,
                    const Tensor& scale,
                    const Op& quantizer,
                    const QuantConfig& config) {
  check_float(weight);
  check(scale.dtype() == weight.dtype(),
        "convert: a weight is {} but its scale {}; they must agree",
        to_string(weight.dtype()),
        to_string(scale.dtype()));
  return weight.dtype() == DType::Float32 ? codes_as<float>(weight, scale, quantizer, config)
                                          : codes_as<double>(weight, scale, quantizer, config);
}

}  // namespace intact
