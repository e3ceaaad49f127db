// Paddle's fused inference op: Out = activation(Input * W + Bias), Input flattened to 2-D at
// in_num_col_dims. Equals mul + elementwise_add + relu; it has no gradient.
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/gemm.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  const Shape& w = op.shape("W");
  const int32_t split = op.attr<int32_t>("in_num_col_dims");
  const auto& activation = op.attr<std::string>("activation_type");
  check(w.rank() == 2, "{}: W is {}; give a matrix", op.where(), w.to_string());
  check(split >= 1 && split < input.rank(),
        "{}: in_num_col_dims={} does not split Input {}; use 1..{}",
        op.where(),
        split,
        input.to_string(),
        input.rank() - 1);
  const int64_t columns = input.numel(split, input.rank());
  check(columns < 0 || w[0] < 0 || columns == w[0],
        "{}: Input {} has {} columns with in_num_col_dims={} but W {} has {} rows; make them equal",
        op.where(),
        input.to_string(),
        columns,
        split,
        w.to_string(),
        w[0]);
  check(!op.has_input("Bias") || w[1] < 0 || op.shape("Bias").numel() == w[1],
        "{}: Bias is {} but W {} has {} columns; give one value a column",
        op.where(),
        op.has_input("Bias") ? op.shape("Bias").to_string() : "",
        w.to_string(),
        w[1]);
  check(activation.empty() || activation == "relu",
        "{}: activation_type is '{}'; only '' and 'relu' are supported, add another as its own op",
        op.where(),
        activation);
  check(!op.attr<bool>("padding_weights"),
        "{}: padding_weights is true, which only Paddle's own W layout has; use an unpadded W",
        op.where());
  std::vector<int64_t> dims(input.dims().begin(), input.dims().begin() + split);
  dims.push_back(w[1]);
  op.set_output("Out", Shape(dims), op.dtype("Input"));
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Shape& w = op.input("W").shape();
  const bool is_relu = op.attr<std::string>("activation_type") == "relu";
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    const auto x = row_major(input.data<T>(), input.numel() / w[0], w[0]);
    const auto weight = row_major(op.input("W").data<T>(), w[0], w[1]);
    std::vector<double> sum(static_cast<size_t>(x.rows * w[1]));
    add_product(x, weight, sum.data());
    T* out = op.output("Out").data<T>();
    for (size_t i = 0; i < sum.size(); ++i) {
      const double bias =
          op.has_input("Bias") ? op.input("Bias").data<T>()[i % static_cast<size_t>(w[1])] : T{0};
      const double value = sum[i] + bias;
      out[i] = static_cast<T>(is_relu && !(value > 0) ? 0 : value);
    }
  });
}

}  // namespace

void register_fc(OpRegistry& registry) {
  registry.add(
      {.type = "fc",
       .inputs = {{"Input"}, {"W"}, {.name = "Bias", .is_optional = true}},
       .outputs = {{"Out"}},
       .attrs = {{"in_num_col_dims", int32_t{1}},
                 {"activation_type", std::string()},
                 {.name = "padding_weights", .default_value = false, .is_extra = true}},
       .infer = infer,
       .forward = forward,
       .gradient = {},
       .quant = {.inputs = {"Input"}, .outputs = {"Out"}, .weight = "W", .weight_axis = 1}});
}

}  // namespace intact
