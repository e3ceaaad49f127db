// quantize_linear: Y = codes of X by Scale, per tensor (quant_axis -1) or per channel. Training
// first updates Scale: a moving average per tensor, max |X| per channel, raised until neighbours
// keep to the attribute pair_limit where there is one.
// dequantize_linear: Y = X * Scale / B. only_observer: Y = X, the op only carries or updates the
// scale. ZeroPoint is ignored by both, as in Paddle (spec 3.2).
#include <cstring>

#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "ops/detail/pair_limit.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

ChannelView view_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  const int32_t axis = op.attr<int32_t>("quant_axis");
  return axis < 0 ? whole_tensor(x) : channel_view(x, axis);
}

void check_scale(const InferContext& op) {
  const Shape& x = op.shape("X");
  const Shape& scale = op.shape("Scale");
  const int32_t axis = op.attr<int32_t>("quant_axis");
  check(axis >= -1 && axis <= 1 && axis < x.rank(),
        "{}: quant_axis is {} for X {}; use -1, 0 or 1, within the rank",
        op.where(),
        axis,
        x.to_string());
  const int64_t want = axis < 0 ? 1 : x[axis];
  check(is_float(op.dtype("Scale")) && compatible(Shape{scale.numel()}, Shape{want}),
        "{}: Scale is {} {} but X {} with quant_axis {} needs {} floats; give one per channel",
        op.where(),
        to_string(op.dtype("Scale")),
        scale.to_string(),
        x.to_string(),
        axis,
        want);
}

void set_outputs(InferContext& op) {
  op.set_output("Y", op.shape("X"), op.dtype("Scale"));
  op.set_output("OutScale", op.shape("Scale"), op.dtype("Scale"));
  for (const char* slot : {"State", "Accum"}) {
    if (op.has_input(std::string("In") + slot)) {
      op.set_output(std::string("Out") + slot, Shape{1}, op.dtype("Scale"));
    }
  }
}

void infer_quantize(InferContext& op) {
  check_quantizer(op);
  check_scale(op);
  check_pair_limit(op);
  check_scalar_input(op, "InState");
  check_scalar_input(op, "InAccum");
  if (!op.attr<bool>("is_test")) {
    require_for_training(op, {}, {"OutScale"});
    if (op.attr<int32_t>("quant_axis") < 0) {
      require_for_training(op, {"InState", "InAccum"}, {"OutState", "OutAccum"});
    }
  }
  set_outputs(op);
}

void infer_dequantize(InferContext& op) {
  check_scale(op);
  set_outputs(op);
}

template <class T>
void update_scale(const KernelContext& op) {
  Tensor scale = op.output("OutScale");
  if (op.attr<int32_t>("quant_axis") < 0) {
    scale.data<T>()[0] = update_moving_average<T>(op);
  } else if (const int32_t limit = pair_limit_of(op.op()); limit > 0) {
    find_pair_limited_scales(op.input("X").data<T>(),
                             op.input("X").shape(),
                             op.attr<int32_t>("quant_axis"),
                             op.attr<int32_t>("bit_length"),
                             limit,
                             scale.data<T>());
  } else {
    find_abs_max(op.input("X").data<T>(), view_of(op), scale.data<T>());
  }
}

void quantize_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor y = op.output("Y");
  const bool is_test = op.attr<bool>("is_test");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    if (!is_test) {
      update_scale<T>(op);
    }
    if (op.attr<bool>("only_observer")) {
      std::memcpy(y.raw(), x.raw(), x.size_bytes());
      return;
    }
    const Tensor scale = is_test ? op.input("Scale") : op.output("OutScale");
    fake_quantize(x.data<T>(),
                  view_of(op),
                  scale.data<T>(),
                  op.attr<int32_t>("bit_length"),
                  round_type(op.op()),
                  FakeQuantizeResult::Codes,
                  y.data<T>());
  });
}

void dequantize_forward(const KernelContext& op) {
  Tensor y = op.output("Y");
  const Tensor x = op.input("X").cast(y.dtype());
  if (op.attr<bool>("only_observer")) {
    std::memcpy(y.raw(), x.raw(), x.size_bytes());
    return;
  }
  dispatch_float(y.dtype(), op.where(), [&]<class T>(T) {
    const T* scales = op.input("Scale").data<T>();
    const T b = static_cast<T>(max_code(op.attr<int32_t>("bit_length")));
    for_each_channel(view_of(op), [&](int64_t begin, int64_t end, int64_t channel) {
      for (int64_t i = begin; i < end; ++i) {
        y.data<T>()[i] = dequantize_code(x.data<T>()[i], scales[channel], b);
      }
    });
  });
}

}  // namespace

void register_quantize_linear(OpRegistry& registry) {
  const std::vector<SlotDef> inputs = {{"X"},
                                       {"Scale"},
                                       {"ZeroPoint"},
                                       {.name = "InAccum", .is_optional = true},
                                       {.name = "InState", .is_optional = true}};
  const std::vector<SlotDef> outputs = {{"Y"},
                                        {.name = "OutState", .is_optional = true},
                                        {.name = "OutAccum", .is_optional = true},
                                        {.name = "OutScale", .is_optional = true}};
  const std::vector<AttrDef> attrs = {
      {"quant_axis", int32_t{0}},
      {"bit_length", int32_t{8}},
      {"round_type", int32_t{0}},
      {"is_test", true},
      {"only_observer", false},
      {.name = "moving_rate", .default_value = 0.9f, .is_extra = true}};
  const std::vector<std::pair<std::string, std::string>> in_place = {
      {"OutScale", "Scale"}, {"OutState", "InState"}, {"OutAccum", "InAccum"}};
  registry.add({.type = "quantize_linear",
                .inputs = inputs,
                .outputs = outputs,
                .attrs = attrs,
                .infer = infer_quantize,
                .forward = quantize_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
                .in_place = in_place});
  registry.add({.type = "dequantize_linear",
                .inputs = inputs,
                .outputs = outputs,
                .attrs = attrs,
                .infer = infer_dequantize,
                .forward = dequantize_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
                .in_place = in_place});
}

}  // namespace intact
