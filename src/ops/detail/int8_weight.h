#pragma once

#include <string>

#include "base/check.h"
#include "intact/ir/kernel_context.h"
#include "ops/detail/fake_quantize.h"
#include "tensor/dispatch.h"

namespace intact {

/// The attribute of an op that holds the value of one code of `weight`, per channel (spec 8.2).
inline std::string weight_steps_attribute(const std::string& weight) {
  return weight + "_quant_scale";
}

/// The axis weight_steps_attribute runs along: a matrix has its output channels last.
inline int weight_steps_axis(const Op& op, const Shape& weight) {
  return op.def().quant.weight_axis == 0 ? 0 : weight.rank() - 1;
}

/// values[i] of a channel times its step; `steps`: one, or one per channel.
inline void scale_by_steps(const std::string& where,
                           const Floats& steps,
                           int axis,
                           Tensor& values) {
  const ChannelView view =
      steps.size() == 1 ? whole_tensor(values.shape()) : channel_view(values.shape(), axis);
  check(static_cast<int64_t>(steps.size()) == view.channels,
        "{}: its weight {} has {} channels but {} steps; quantize the model again",
        where,
        values.shape().to_string(),
        view.channels,
        steps.size());
  dispatch_float(values.dtype(), where, [&]<class T>(T) {
    for_each_channel(view, [&](int64_t begin, int64_t end, int64_t channel) {
      for (int64_t i = begin; i < end; ++i) {
        values.data<T>()[i] *= static_cast<T>(steps[static_cast<size_t>(channel)]);
      }
    });
  });
}

/// The weight in the dtype of the activations it meets. A stored int8 or int16 stands for code *
/// step where the op carries steps; else for its own value, as in Paddle's int8 program.
inline Tensor weight_as(DType dtype, const KernelContext& op, const std::string& slot) {
  const Tensor& stored = op.input(slot);
  if (stored.dtype() != DType::Int8 && stored.dtype() != DType::Int16) {
    return stored;
  }
  Tensor weight = stored.cast(dtype);
  const std::string attribute = weight_steps_attribute(op.op().input(slot).name());
  if (op.op().has_attr(attribute)) {
    const int axis = weight_steps_axis(op.op(), weight.shape());
    scale_by_steps(op.where(), op.attr<Floats>(attribute), axis, weight);
  }
  return weight;
}

}  // namespace intact
