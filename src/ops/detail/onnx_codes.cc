#include "ops/detail/onnx_codes.h"

#include <limits>
#include <vector>

#include "base/check.h"
#include "tensor/affine_quantize.h"

namespace intact {
namespace {

/// Calls body(i, channel) for each element; the channel is its index along `axis`.
template <class Body>
void for_each_with_channel(const Shape& shape, int axis, const Body& body) {
  const int resolved = axis < 0 ? axis + shape.rank() : axis;
  const int64_t channels = shape[resolved];
  const int64_t inner = shape.numel(resolved + 1, shape.rank());
  for (int64_t i = 0; i < shape.numel(); ++i) {
    body(i, i / inner % channels);
  }
}

/// One value, or one per channel.
std::vector<double> values_of(const Tensor& tensor) {
  const Tensor values = tensor.cast(DType::Float64);
  return {values.data<double>(), values.data<double>() + values.numel()};
}

template <class T>
void requantize_to(const Tensor& sums,
                   const std::vector<float>& multipliers,
                   int32_t zero_point,
                   int axis,
                   Tensor y) {
  constexpr CodeRange kRange = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  for_each_with_channel(sums.shape(), axis, [&](int64_t i, int64_t channel) {
    const size_t index = multipliers.size() == 1 ? 0 : static_cast<size_t>(channel);
    const auto sum = static_cast<int32_t>(static_cast<int64_t>(sums.data<double>()[i]));
    y.data<T>()[i] = static_cast<T>(requantize(sum, multipliers[index], zero_point, kRange));
  });
}

}  // namespace

void check_codes(const InferContext& op, const std::string& slot) {
  check(op.dtype(slot) == DType::Int8 || op.dtype(slot) == DType::UInt8,
        "{}: {} is {}; give codes, int8 or uint8",
        op.where(),
        slot,
        to_string(op.dtype(slot)));
}

void check_per_channel(const InferContext& op,
                       const std::string& slot,
                       DType dtype,
                       int64_t channels) {
  if (!op.has_input(slot)) {
    return;
  }
  const Shape& shape = op.shape(slot);
  check(op.dtype(slot) == dtype,
        "{}: {} is {} but must be {}",
        op.where(),
        slot,
        to_string(op.dtype(slot)),
        to_string(dtype));
  const bool is_one = shape.rank() == 0 || shape == Shape{1};
  check(is_one || (shape.rank() == 1 && compatible(shape, Shape{channels})),
        "{}: {} is {}; give one value or one for each of {} channels",
        op.where(),
        slot,
        shape.to_string(),
        channels);
}

Tensor centered(const KernelContext& op,
                const std::string& slot,
                const std::string& zero_point,
                int axis) {
  Tensor result = op.input(slot).cast(DType::Float64);
  if (!op.has_input(zero_point) || result.numel() == 0) {
    return result;
  }
  const std::vector<double> zeros = values_of(op.input(zero_point));
  for_each_with_channel(result.shape(), axis, [&](int64_t i, int64_t channel) {
    result.data<double>()[i] -= zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(channel)];
  });
  return result;
}

void store_sums(const Tensor& sums, Tensor y) {
  for (int64_t i = 0; i < sums.numel(); ++i) {
    y.data<int32_t>()[i] = static_cast<int32_t>(static_cast<int64_t>(sums.data<double>()[i]));
  }
}

void requantize_sums(const KernelContext& op,
                     const Tensor& sums,
                     const RequantizeSlots& slots,
                     Tensor y) {
  const float x_step = op.input(slots.x_step).data<float>()[0];
  const float y_step = op.input("YStep").data<float>()[0];
  const Tensor& w_steps = op.input(slots.w_step);
  std::vector<float> multipliers;
  for (const float w_step : w_steps.values<float>()) {
    multipliers.push_back(requantize_multiplier(x_step, w_step, y_step));
  }
  const auto zero_point = static_cast<int32_t>(values_of(op.input("YZeroPoint"))[0]);
  if (sums.numel() == 0) {
    return;
  }
  if (y.dtype() == DType::Int8) {
    requantize_to<int8_t>(sums, multipliers, zero_point, slots.axis, y);
  } else {
    requantize_to<uint8_t>(sums, multipliers, zero_point, slots.axis, y);
  }
}

}  // namespace intact
