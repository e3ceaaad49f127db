// Out = X op Y as bool, with Paddle's broadcasting (detail/broadcast.h). No gradient.
#include <functional>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/broadcast.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

Broadcast broadcast_of(const Op& op, const Shape& x, const Shape& y) {
  return Broadcast(op.label(), x, y, op.attr<int32_t>("axis"));
}

void infer(InferContext& op) {
  check(op.dtype("X") == op.dtype("Y"),
        "{}: X is {} but Y is {}; cast one of them",
        op.where(),
        to_string(op.dtype("X")),
        to_string(op.dtype("Y")));
  const Broadcast broadcast = broadcast_of(op.op(), op.shape("X"), op.shape("Y"));
  op.set_output("Out", broadcast.output(), DType::Bool);
}

template <class Compare>
void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& y = op.input("Y");
  bool* out = op.output("Out").data<bool>();
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    const T* a = x.data<T>();
    const T* b = y.data<T>();
    broadcast_of(op.op(), x.shape(), y.shape()).for_each([&](int64_t o, int64_t i, int64_t j) {
      out[o] = Compare()(a[i], b[j]);
    });
  });
}

template <class Compare>
void register_type(OpRegistry& registry, const std::string& type, const std::string& onnx_type) {
  registry.add({.type = type,
                .inputs = {{"X"}, {"Y"}},
                .outputs = {{"Out"}},
                .attrs = {{"axis", int32_t{-1}}, {"force_cpu", false}},
                .infer = infer,
                .forward = forward<Compare>,
                .gradient = {},
                .quant = {.inputs = {"X", "Y"}, .outputs = {"Out"}, .in_activation_pass = true},
                .onnx = {.type = onnx_type, .attrs = {}}});
}

}  // namespace

void register_compare(OpRegistry& registry) {
  register_type<std::equal_to<>>(registry, "equal", "Equal");
  register_type<std::not_equal_to<>>(registry, "not_equal", "");
  register_type<std::greater<>>(registry, "greater_than", "Greater");
  register_type<std::greater_equal<>>(registry, "greater_equal", "GreaterOrEqual");
  register_type<std::less<>>(registry, "less_than", "Less");
  register_type<std::less_equal<>>(registry, "less_equal", "LessOrEqual");
}

}  // namespace intact
