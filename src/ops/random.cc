// uniform_random: Out[i] = min + (max - min) * u(i); gaussian_random: Out[i] = mean + std * z(i);
// truncated_gaussian_random: the same with the first z of a number of draws within [-2, 2].
// The stream is Philox(stream_seed(seed, name of Out)): every Var draws its own numbers, the same
// on every run, for seed 0 too.
#include "intact/tensor/random.h"

#include <algorithm>
#include <cmath>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const DType dtype = dtype_from_paddle_code(op.attr<int32_t>("dtype"));
  check(is_float(dtype),
        "{}: dtype is {} but must be a float; use float32",
        op.where(),
        to_string(dtype));
  Longs shape =
      int_inputs(op.op(), {.attr = "shape", .tensor = "ShapeTensor", .list = "ShapeTensorList"});
  std::ranges::replace(shape, kUnknownInt, int64_t{-1});
  op.set_output("Out", Shape(std::move(shape)), dtype);
}

void infer_uniform(InferContext& op) {
  check(op.attr<float>("min") <= op.attr<float>("max"),
        "{}: min is {} but max is {}; give min <= max",
        op.where(),
        op.attr<float>("min"),
        op.attr<float>("max"));
  check(op.attr<int32_t>("diag_num") == 0,
        "{}: diag_num is {} but only 0 is supported; leave it out",
        op.where(),
        op.attr<int32_t>("diag_num"));
  infer(op);
}

Philox stream_of(const KernelContext& op) {
  const auto seed = static_cast<uint32_t>(op.attr<int32_t>("seed"));
  return Philox(stream_seed(seed, op.op().output("Out").name()));
}

void uniform_forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  const Philox stream = stream_of(op);
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    const T min = op.attr<float>("min");
    const T range = static_cast<T>(op.attr<float>("max")) - min;
    T* values = out.data<T>();
    for (int64_t i = 0; i < out.numel(); ++i) {
      values[i] = min + range * static_cast<T>(stream.uniform(static_cast<uint64_t>(i)));
    }
  });
}

/// Out[i] = mean + std * standard(i).
template <class Standard>
void fill_normal(const KernelContext& op, const Standard& standard) {
  Tensor out = op.output("Out");
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    const double mean = op.attr<float>("mean");
    const double std = op.attr<float>("std");
    T* values = out.data<T>();
    for (int64_t i = 0; i < out.numel(); ++i) {
      values[i] = static_cast<T>(mean + std * standard(static_cast<uint64_t>(i)));
    }
  });
}

void gaussian_forward(const KernelContext& op) {
  const Philox stream = stream_of(op);
  fill_normal(op, [&](uint64_t i) { return stream.normal(i); });
}

void truncated_gaussian_forward(const KernelContext& op) {
  const Philox stream = stream_of(op);
  fill_normal(op, [&](uint64_t i) {
    double z = stream.normal(i);
    for (uint64_t attempt = 1; std::abs(z) > 2; ++attempt) {
      z = stream.normal(i + (attempt << 40));
    }
    return z;
  });
}

}  // namespace

void register_random(OpRegistry& registry) {
  const std::vector<SlotDef> inputs = {
      {.name = "ShapeTensor", .is_optional = true},
      {.name = "ShapeTensorList", .is_optional = true, .is_list = true}};
  registry.add({.type = "uniform_random",
                .inputs = inputs,
                .outputs = {{"Out"}},
                .attrs = {{"shape", Longs{}},
                          {"dtype", int32_t{5}},
                          {"min", -1.0f},
                          {"max", 1.0f},
                          {"seed", int32_t{0}},
                          {"diag_num", int32_t{0}},
                          {"diag_step", int32_t{0}},
                          {"diag_val", 1.0f}},
                .infer = infer_uniform,
                .forward = uniform_forward,
                .gradient = {}});
  const std::vector<AttrDef> normal = {{"shape", Longs{}},
                                       {"mean", 0.0f},
                                       {"std", 1.0f},
                                       {"seed", int32_t{0}},
                                       {"dtype", int32_t{5}}};
  registry.add({.type = "gaussian_random",
                .inputs = inputs,
                .outputs = {{"Out"}},
                .attrs = normal,
                .infer = infer,
                .forward = gaussian_forward,
                .gradient = {}});
  registry.add({.type = "truncated_gaussian_random",
                .outputs = {{"Out"}},
                .attrs = normal,
                .infer = infer,
                .forward = truncated_gaussian_forward,
                .gradient = {}});
}

}  // namespace intact
