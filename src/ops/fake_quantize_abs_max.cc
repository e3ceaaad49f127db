// OutScale = max |X|, of the tensor or of each channel of quant_axis; Out = codes of X, or their
// values for the quantize_dequantize forms (spec 3.1, 3.2). With the attribute pair_limit the
// channel-wise scale is raised until neighbours keep to it.
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "ops/detail/pair_limit.h"
#include "ops/detail/straight_through.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer_whole(InferContext& op) {
  check_quantizer(op);
  op.set_output("Out", op.shape("X"), op.dtype("X"));
  op.set_output("OutScale", Shape{1}, op.dtype("X"));
}

void infer_channel_wise(InferContext& op) {
  check_quantizer(op);
  const Shape& x = op.shape("X");
  const int32_t axis = op.attr<int32_t>("quant_axis");
  check((axis == 0 || axis == 1) && axis < x.rank(),
        "{}: quant_axis is {} for X {}; use 0 or 1, within the rank",
        op.where(),
        axis,
        x.to_string());
  check_pair_limit(op);
  op.set_output("Out", x, op.dtype("X"));
  op.set_output("OutScale", Shape{x[axis]}, op.dtype("X"));
}

/// At test time the channel-wise op reads the scale it wrote last: OutScale is its input too.
bool keeps_scale(const Op& op) {
  return op.attr_or<bool>("is_test", false);
}

void forward(const KernelContext& op, FakeQuantizeResult result) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  Tensor scale = op.output("OutScale");
  const ChannelView view = op.op().has_attr("quant_axis")
                               ? channel_view(x.shape(), op.attr<int32_t>("quant_axis"))
                               : whole_tensor(x.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    if (const int32_t limit = pair_limit_of(op.op()); limit > 0 && !keeps_scale(op.op())) {
      find_pair_limited_scales(x.data<T>(),
                               x.shape(),
                               op.attr<int32_t>("quant_axis"),
                               op.attr<int32_t>("bit_length"),
                               limit,
                               scale.data<T>());
    } else if (!keeps_scale(op.op())) {
      find_abs_max(x.data<T>(), view, scale.data<T>());
    }
    fake_quantize(x.data<T>(),
                  view,
                  scale.data<T>(),
                  op.attr<int32_t>("bit_length"),
                  round_type(op.op()),
                  result,
                  out.data<T>());
  });
}

void codes_forward(const KernelContext& op) {
  forward(op, FakeQuantizeResult::Codes);
}

void values_forward(const KernelContext& op) {
  forward(op, FakeQuantizeResult::Values);
}

}  // namespace

void register_fake_quantize_abs_max(OpRegistry& registry) {
  const AttrDef bits = {"bit_length", int32_t{8}};
  const AttrDef axis = {"quant_axis", int32_t{0}};
  const AttrDef round = {.name = "round_type", .default_value = int32_t{1}, .is_extra = true};
  const std::vector<SlotDef> outputs = {{"Out"}, {"OutScale"}};
  registry.add({.type = "fake_quantize_abs_max",
                .inputs = {{"X"}},
                .outputs = outputs,
                .attrs = {bits, round},
                .infer = infer_whole,
                .forward = codes_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "fake_quantize_dequantize_abs_max",
                .inputs = {{"X"}},
                .outputs = outputs,
                .attrs = {bits, round},
                .infer = infer_whole,
                .forward = values_forward,
                .gradient = straight_through,
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "fake_channel_wise_quantize_abs_max",
                .inputs = {{"X"}},
                .outputs = outputs,
                .attrs = {axis, bits, {"is_test", false}, round},
                .infer = infer_channel_wise,
                .forward = codes_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "fake_channel_wise_quantize_dequantize_abs_max",
                .inputs = {{"X"}},
                .outputs = outputs,
                .attrs = {axis, bits, round},
                .infer = infer_channel_wise,
                .forward = values_forward,
                .gradient = straight_through,
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
