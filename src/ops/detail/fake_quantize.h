#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/tensor/quantize.h"

namespace intact {

/// A tensor seen as [outer, channels, inner] around its channel axis; one channel when per tensor.
struct ChannelView {
  int64_t outer = 1;
  int64_t channels = 1;
  int64_t inner = 1;
};

inline ChannelView whole_tensor(const Shape& shape) {
  return {1, 1, shape.numel()};
}

inline ChannelView channel_view(const Shape& shape, int axis) {
  return {shape.numel(0, axis), shape[axis], shape.numel(axis + 1, shape.rank())};
}

/// body(begin, end, channel): element ranges of one channel, in C order.
template <class Body>
void for_each_channel(const ChannelView& view, const Body& body) {
  for (int64_t outer = 0; outer < view.outer; ++outer) {
    for (int64_t channel = 0; channel < view.channels; ++channel) {
      const int64_t begin = (outer * view.channels + channel) * view.inner;
      body(begin, begin + view.inner, channel);
    }
  }
}

/// scales[channel] = max |x| over the channel.
template <class T>
void find_abs_max(const T* x, const ChannelView& view, T* scales) {
  for (int64_t channel = 0; channel < view.channels; ++channel) {
    scales[channel] = 0;
  }
  for_each_channel(view, [&](int64_t begin, int64_t end, int64_t channel) {
    for (int64_t i = begin; i < end; ++i) {
      scales[channel] = std::max(scales[channel], std::abs(x[i]));
    }
  });
}

enum class FakeQuantizeResult {
  Codes,   // integers held in floats
  Values,  // dequantized again
};

/// out = code of x by its channel's scale, or the value of that code.
template <class T>
void fake_quantize(const T* x,
                   const ChannelView& view,
                   const T* scales,
                   int bits,
                   RoundType round,
                   FakeQuantizeResult result,
                   T* out) {
  const T b = static_cast<T>(max_code(bits));
  for_each_channel(view, [&](int64_t begin, int64_t end, int64_t channel) {
    const T scale = scales[channel];
    const T inverse = inverse_scale(scale);
    for (int64_t i = begin; i < end; ++i) {
      const T code = quantize_code(x[i], scale, inverse, b, round);
      out[i] = result == FakeQuantizeResult::Codes ? code : dequantize_code(code, scale, b);
    }
  });
}

inline RoundType round_type(const Op& op) {
  return static_cast<RoundType>(op.attr<int32_t>("round_type"));
}

/// Checks bit_length and round_type, where the op has them, and that X is a float.
inline void check_quantizer(const InferContext& op) {
  check(is_float(op.dtype("X")),
        "{}: X is {} but must be a float; cast it, or do not quantize this tensor",
        op.where(),
        to_string(op.dtype("X")));
  if (op.op().has_attr("bit_length")) {
    const int32_t bits = op.attr<int32_t>("bit_length");
    check(bits >= 1 && bits <= 16, "{}: bit_length is {}; use 1..16", op.where(), bits);
  }
  if (op.op().has_attr("round_type")) {
    const int32_t round = op.attr<int32_t>("round_type");
    check(round == 0 || round == 1,
          "{}: round_type is {}; use 0 (ties to even) or 1 (ties away from zero)",
          op.where(),
          round);
  }
}

/// Checks that `slot`, when present, has X's dtype and one element.
inline void check_scalar_input(const InferContext& op, const std::string& slot) {
  if (op.has_input(slot)) {
    check(op.shape(slot).numel() == 1 && op.dtype(slot) == op.dtype("X"),
          "{}: {} is {} {} but must be one {}; use shape [1] and X's dtype",
          op.where(),
          slot,
          to_string(op.dtype(slot)),
          op.shape(slot).to_string(),
          to_string(op.dtype("X")));
  }
}

/// Checks that training has what it updates.
inline void require_for_training(const InferContext& op,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  for (const std::string& slot : inputs) {
    check(op.has_input(slot),
          "{}: is_test is false but input {} is missing; give it, or set is_test",
          op.where(),
          slot);
  }
  for (const std::string& slot : outputs) {
    check(op.has_output(slot),
          "{}: is_test is false but output {} is missing; give it, or set is_test",
          op.where(),
          slot);
  }
}

/// Updates InState and InAccum with max |X| and returns the new scale (spec 3.2).
template <class T>
T update_moving_average(const KernelContext& op) {
  T abs_max = 0;
  const Tensor& x = op.input("X");
  find_abs_max(x.data<T>(), whole_tensor(x.shape()), &abs_max);
  T state = op.input("InState").data<T>()[0];
  T accum = op.input("InAccum").data<T>()[0];
  const T scale =
      update_moving_average(abs_max, static_cast<T>(op.attr<float>("moving_rate")), state, accum);
  op.output("OutState").data<T>()[0] = state;
  op.output("OutAccum").data<T>()[0] = accum;
  return scale;
}

}  // namespace intact
