// Out[i] = value, of `shape` with dimension output_dim_idx that of Input at input_dim_idx.
// `str_value` holds the value exactly where a float cannot; it wins when it is not empty.
#include <algorithm>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"
#include "ops/detail/parse_value.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Ints& shape = op.attr<Ints>("shape");
  Shape out(std::vector<int64_t>(shape.begin(), shape.end()));
  const int from = normalize_axis(op.where(), op.shape("Input"), op.attr<int32_t>("input_dim_idx"));
  const int to = normalize_axis(op.where(), out, op.attr<int32_t>("output_dim_idx"));
  out[to] = op.shape("Input")[from];
  op.set_output("Out", out, dtype_from_paddle_code(op.attr<int32_t>("dtype")));
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_all(out.dtype(), op.where(), [&]<class T>(T) {
    const T value =
        parse_value<T>(op.attr<std::string>("str_value"), op.attr<float>("value"), op.where());
    std::fill_n(out.data<T>(), out.numel(), value);
  });
}

}  // namespace

void register_fill_constant_batch_size_like(OpRegistry& registry) {
  registry.add({.type = "fill_constant_batch_size_like",
                .inputs = {{"Input"}},
                .outputs = {{"Out"}},
                .attrs = {{.name = "shape", .default_value = Ints{}, .is_required = true},
                          {"input_dim_idx", int32_t{0}},
                          {"output_dim_idx", int32_t{0}},
                          {"dtype", int32_t{5}},
                          {"value", 0.0f},
                          {"str_value", std::string()},
                          {"force_cpu", false}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.inputs = {"Input"}, .outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
