// Out = X[0] + X[1] + ..., left to right. Adds the parts of a gradient.
#include <algorithm>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  for (size_t i = 1; i < op.input_count("X"); ++i) {
    check(compatible(op.shape("X", 0), op.shape("X", i)) && op.dtype("X", 0) == op.dtype("X", i),
          "{}: X[0] is {} {} but X[{}] is {} {}; sum takes equal shapes and dtypes",
          op.where(),
          to_string(op.dtype("X", 0)),
          op.shape("X", 0).to_string(),
          i,
          to_string(op.dtype("X", i)),
          op.shape("X", i).to_string());
  }
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    T* values = out.data<T>();
    std::copy_n(op.input("X").data<T>(), out.numel(), values);
    for (size_t part = 1; part < op.input_count("X"); ++part) {
      const T* x = op.input("X", part).data<T>();
      for (int64_t i = 0; i < out.numel(); ++i) {
        values[i] += x[i];
      }
    }
  });
}

// Each part's gradient is a copy: scale by 1, as Paddle writes it.
void gradient(GradientContext& op) {
  Var* dout = op.output_grad("Out");
  for (size_t i = 0; i < op.op().input_list("X").size(); ++i) {
    if (Var* dx = op.input_grad("X", i)) {
      op.append({.type = "scale", .inputs = {{"X", {dout}}}, .outputs = {{"Out", {dx}}}});
    }
  }
}

}  // namespace

void register_sum(OpRegistry& registry) {
  registry.add({.type = "sum",
                .inputs = {{.name = "X", .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = {{"use_mkldnn", false}, {"mkldnn_data_type", std::string("float32")}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient});
}

}  // namespace intact
