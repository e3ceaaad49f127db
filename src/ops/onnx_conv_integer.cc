// onnx_conv_integer: Y = conv2d of (X - XZeroPoint) with (Filter - FilterZeroPoint), int32.
// onnx_qlinear_conv: the same sums plus Bias (int32), requantized to the codes of Y.
// NCHW, OIHW; padding is the real value 0. Source: ONNX ConvInteger-10, QLinearConv-10.
#include "base/check.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/convolution.h"
#include "ops/detail/onnx_codes.h"

namespace intact {
namespace {

Window2d window_of(const Op& op, const Shape& x, const Shape& filter) {
  return make_window(op.label(),
                     {.kernel = {static_cast<int32_t>(filter[2]), static_cast<int32_t>(filter[3])},
                      .strides = op.attr<Ints>("strides"),
                      .paddings = op.attr<Ints>("paddings"),
                      .dilations = op.attr<Ints>("dilations"),
                      .padding_algorithm = "EXPLICIT"},
                     x[2],
                     x[3]);
}

Shape output_shape(InferContext& op) {
  check_codes(op, "X");
  check_codes(op, "Filter");
  const Shape& x = op.shape("X");
  const Shape& filter = op.shape("Filter");
  const int32_t groups = op.attr<int32_t>("groups");
  check(x.rank() == 4 && filter.rank() == 4,
        "{}: X is {} and Filter {}; both need 4 dimensions, NCHW and OIHW",
        op.where(),
        x.to_string(),
        filter.to_string());
  check(groups >= 1 && filter[0] % groups == 0 &&
            (x[1] < 0 || filter[1] < 0 || x[1] == filter[1] * groups),
        "{}: X {} and Filter {} do not fit groups={}; give Filter [O, {}/groups, H, W]",
        op.where(),
        x.to_string(),
        filter.to_string(),
        groups,
        x[1]);
  check_per_channel(op, "XZeroPoint", op.dtype("X"), 1);
  check_per_channel(op, "FilterZeroPoint", op.dtype("Filter"), filter[0]);
  const Window2d window = window_of(op.op(), x, filter);
  const Shape y = {x[0], filter[0], window.h.output_size(x[2]), window.w.output_size(x[3])};
  check(y[2] != 0 && y[3] != 0,
        "{}: Filter {} does not fit into X {} with its padding; pad more or use a smaller Filter",
        op.where(),
        filter.to_string(),
        x.to_string());
  return y;
}

void infer_integer(InferContext& op) {
  op.set_output("Y", output_shape(op), DType::Int32);
}

void infer_qlinear(InferContext& op) {
  const Shape y = output_shape(op);
  check_codes(op, "YZeroPoint");
  check_per_channel(op, "XStep", DType::Float32, 1);
  check_per_channel(op, "FilterStep", DType::Float32, y[1]);
  check_per_channel(op, "YStep", DType::Float32, 1);
  check_per_channel(op, "YZeroPoint", op.dtype("YZeroPoint"), 1);
  if (op.has_input("Bias")) {
    check(op.dtype("Bias") == DType::Int32 && compatible(op.shape("Bias"), Shape{y[1]}),
          "{}: Bias is {} {}; give int32, one for each of {} channels",
          op.where(),
          to_string(op.dtype("Bias")),
          op.shape("Bias").to_string(),
          y[1]);
  }
  op.set_output("Y", y, op.dtype("YZeroPoint"));
}

Tensor sums_of(const KernelContext& op) {
  const Tensor x = centered(op, "X", "XZeroPoint", 1);
  const Tensor filter = centered(op, "Filter", "FilterZeroPoint", 0);
  Tensor sums(DType::Float64, op.output("Y").shape());
  const Convolution conv(window_of(op.op(), x.shape(), filter.shape()),
                         op.attr<int32_t>("groups"),
                         x.shape(),
                         filter.shape(),
                         sums.shape());
  conv.forward(x.data<double>(), filter.data<double>(), sums.data<double>());
  return sums;
}

void forward_integer(const KernelContext& op) {
  store_sums(sums_of(op), op.output("Y"));
}

void forward_qlinear(const KernelContext& op) {
  Tensor sums = sums_of(op);
  if (op.has_input("Bias")) {
    const Shape& y = sums.shape();
    const int64_t plane = y[2] * y[3];
    for (int64_t i = 0; i < sums.numel(); ++i) {
      sums.data<double>()[i] += op.input("Bias").data<int32_t>()[i / plane % y[1]];
    }
  }
  requantize_sums(op, sums, {.x_step = "XStep", .w_step = "FilterStep", .axis = 1}, op.output("Y"));
}

}  // namespace

void register_onnx_conv_integer(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"strides", Ints{1, 1}},
                                      {"paddings", Ints{0, 0}},
                                      {"dilations", Ints{1, 1}},
                                      {"groups", int32_t{1}}};
  registry.add({.type = "onnx_conv_integer",
                .inputs = {{"X"},
                           {"Filter"},
                           {.name = "XZeroPoint", .is_optional = true},
                           {.name = "FilterZeroPoint", .is_optional = true}},
                .outputs = {{"Y"}},
                .attrs = attrs,
                .infer = infer_integer,
                .forward = forward_integer,
                .gradient = {}});
  registry.add({.type = "onnx_qlinear_conv",
                .inputs = {{"X"},
                           {"XStep"},
                           {"XZeroPoint"},
                           {"Filter"},
                           {"FilterStep"},
                           {"FilterZeroPoint"},
                           {"YStep"},
                           {"YZeroPoint"},
                           {.name = "Bias", .is_optional = true}},
                .outputs = {{"Y"}},
                .attrs = attrs,
                .infer = infer_qlinear,
                .forward = forward_qlinear,
                .gradient = {}});
}

}  // namespace intact
