// Pads the last three dimensions of X, NCDHW; paddings are [left,right,top,bottom,front,back].
// mode: constant (value), reflect (without the edge), replicate (the edge), circular.
#include <algorithm>
#include <array>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// Padding before and after dimension 2 + axis (D, H, W).
std::array<int64_t, 2> padding(const Op& op, int axis) {
  const Ints& paddings = op.attr<Ints>("paddings");
  const auto at = static_cast<size_t>(2 * (2 - axis));
  return {paddings[at], paddings[at + 1]};
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Ints& paddings = op.attr<Ints>("paddings");
  const auto& mode = op.attr<std::string>("mode");
  check(x.rank() == 5, "{}: X is {}; give 5 dimensions, NCDHW", op.where(), x.to_string());
  check(op.attr<std::string>("data_format") == "NCDHW",
        "{}: data_format is '{}'; only NCDHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_format"));
  check(paddings.size() == 6 && *std::ranges::min_element(paddings) >= 0,
        "{}: paddings is [{}]; give [left,right,top,bottom,front,back], each >= 0",
        op.where(),
        fmt::join(paddings, ","));
  check(mode == "constant" || mode == "reflect" || mode == "replicate" || mode == "circular",
        "{}: mode is '{}'; use constant, reflect, replicate or circular",
        op.where(),
        mode);
  Shape out = x;
  for (int axis = 0; axis < 3; ++axis) {
    const auto [before, after] = padding(op.op(), axis);
    const int64_t size = x[2 + axis];
    const int64_t largest = mode == "reflect" ? size - 1 : size;
    check(
        size < 0 || mode == "constant" || mode == "replicate" || std::max(before, after) <= largest,
        "{}: a padding of {} is more than mode '{}' allows for size {}; use at most {}",
        op.where(),
        std::max(before, after),
        mode,
        size,
        largest);
    out[2 + axis] = size < 0 ? -1 : size + before + after;
  }
  op.set_output("Out", out, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// Input position each output position along one axis copies; -1: the constant.
std::vector<int64_t> sources(const Op& op, int axis, int64_t size) {
  const auto& mode = op.attr<std::string>("mode");
  const auto [before, after] = padding(op, axis);
  std::vector<int64_t> result;
  for (int64_t i = -before; i < size + after; ++i) {
    if (i >= 0 && i < size) {
      result.push_back(i);
    } else if (mode == "constant") {
      result.push_back(-1);
    } else if (mode == "reflect") {
      result.push_back(i < 0 ? -i : 2 * (size - 1) - i);
    } else if (mode == "replicate") {
      result.push_back(i < 0 ? 0 : size - 1);
    } else {
      result.push_back(i < 0 ? i + size : i - size);
    }
  }
  return result;
}

/// Calls body(output offset, input offset or -1) for each element of Out.
template <class Body>
void for_each_copy(const Op& op, const Shape& x, const Body& body) {
  const auto depth = sources(op, 0, x[2]);
  const auto height = sources(op, 1, x[3]);
  const auto width = sources(op, 2, x[4]);
  int64_t out = 0;
  for (int64_t volume = 0; volume < x[0] * x[1]; ++volume) {
    for (int64_t d : depth) {
      for (int64_t h : height) {
        for (int64_t w : width) {
          const bool is_inside = d >= 0 && h >= 0 && w >= 0;
          body(out++, is_inside ? ((volume * x[2] + d) * x[3] + h) * x[4] + w : -1);
        }
      }
    }
  }
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    const T* from = x.data<T>();
    T* to = op.output("Out").data<T>();
    const T value = static_cast<T>(op.attr<float>("value"));
    for_each_copy(
        op.op(), x.shape(), [&](int64_t o, int64_t i) { to[o] = i < 0 ? value : from[i]; });
  });
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  dispatch_float(dout.dtype(), op.where(), [&]<class T>(T) {
    const T* from = dout.data<T>();
    Tensor dx = op.output("X@GRAD");
    std::vector<double> sum(static_cast<size_t>(dx.numel()));
    for_each_copy(op.op(), dx.shape(), [&](int64_t o, int64_t i) {
      if (i >= 0) {
        sum[i] += from[o];
      }
    });
    std::copy(sum.begin(), sum.end(), dx.data<T>());
  });
}

}  // namespace

void register_pad3d(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {.name = "paddings", .default_value = Ints{}, .is_required = true},
      {"mode", std::string("constant")},
      {"value", 0.0f},
      {"data_format", std::string("NCDHW")}};
  registry.add(
      {.type = "pad3d",
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {"X"}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "pad3d_grad",
                .inputs = {{"X"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
