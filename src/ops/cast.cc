// Out = X as out_dtype; float to integer truncates toward zero.
#include <cstring>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const DType declared = dtype_from_paddle_code(op.attr<int32_t>("in_dtype"));
  check(declared == op.dtype("X"),
        "{}: in_dtype is {} but X is {}; set in_dtype to X's dtype",
        op.where(),
        to_string(declared),
        to_string(op.dtype("X")));
  op.set_output("Out", op.shape("X"), dtype_from_paddle_code(op.attr<int32_t>("out_dtype")));
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  const Tensor converted = op.input("X").cast(out.dtype());
  std::memcpy(out.raw(), converted.raw(), converted.size_bytes());
}

void gradient(GradientContext& op) {
  Var* dout = op.output_grad("Out");
  if (Var* dx = op.input_grad("X")) {
    op.append({.type = "cast",
               .inputs = {{"X", {dout}}},
               .outputs = {{"Out", {dx}}},
               .attrs = {{"in_dtype", op.op().attr<int32_t>("out_dtype")},
                         {"out_dtype", op.op().attr<int32_t>("in_dtype")}}});
  }
}

}  // namespace

void register_cast(OpRegistry& registry) {
  registry.add({.type = "cast",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = {{.name = "out_dtype", .default_value = int32_t{5}, .is_required = true},
                          {.name = "in_dtype", .default_value = int32_t{5}, .is_required = true},
                          {"use_mkldnn", false}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient,
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
