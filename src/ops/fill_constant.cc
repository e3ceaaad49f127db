// Out[i] = value, with the shape and dtype of the attributes. `str_value` holds the value exactly
// when a float cannot (int64); it wins when it is not empty, as in Paddle.
#include <algorithm>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/parse_value.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  Longs shape =
      int_inputs(op.op(), {.attr = "shape", .tensor = "ShapeTensor", .list = "ShapeTensorList"});
  std::ranges::replace(shape, kUnknownInt, int64_t{-1});
  const DType dtype = dtype_from_paddle_code(op.attr<int32_t>("dtype"));
  check(!op.has_input("ValueTensor") ||
            (op.shape("ValueTensor").numel() == 1 && op.dtype("ValueTensor") == dtype),
        "{}: ValueTensor must be one {}; use shape [1], or the attribute value",
        op.where(),
        to_string(dtype));
  op.set_output("Out", Shape(std::move(shape)), dtype);
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_all(out.dtype(), op.where(), [&]<class T>(T) {
    const T value = op.has_input("ValueTensor") ? op.input("ValueTensor").data<T>()[0]
                                                : parse_value<T>(op.attr<std::string>("str_value"),
                                                                 op.attr<float>("value"),
                                                                 op.where());
    std::fill_n(out.data<T>(), out.numel(), value);
  });
}

}  // namespace

void register_fill_constant(OpRegistry& registry) {
  registry.add({.type = "fill_constant",
                .inputs = {{.name = "ValueTensor", .is_optional = true},
                           {.name = "ShapeTensor", .is_optional = true},
                           {.name = "ShapeTensorList", .is_optional = true, .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = {{"dtype", int32_t{5}},
                          {"shape", Longs{}},
                          {"value", 0.0f},
                          {"str_value", std::string()},
                          {"force_cpu", false},
                          {"place_type", int32_t{-1}}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
