// The scale is a moving average of max |X|: state <- rate*state + 1, accum <- rate*accum + max|X|,
// scale = accum / state. Training updates it and quantizes with the new scale; test uses InScale.
// moving_average_abs_max_scale only observes.
#include <cstring>

#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "ops/detail/straight_through.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check_quantizer(op);
  for (const char* slot : {"InScale", "InState", "InAccum"}) {
    check_scalar_input(op, slot);
  }
  if (!op.attr<bool>("is_test")) {
    require_for_training(op, {"InState", "InAccum"}, {"OutState", "OutAccum"});
  }
  op.set_output("Out", op.shape("X"), op.dtype("X"));
  for (const char* slot : {"OutScale", "OutState", "OutAccum"}) {
    op.set_output(slot, Shape{1}, op.dtype("X"));
  }
}

void forward(const KernelContext& op, FakeQuantizeResult result) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    T scale = op.input("InScale").data<T>()[0];
    if (!op.attr<bool>("is_test")) {
      scale = update_moving_average<T>(op);
    }
    op.output("OutScale").data<T>()[0] = scale;
    fake_quantize(x.data<T>(),
                  whole_tensor(x.shape()),
                  &scale,
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

void observe_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  if (op.has_output("Out")) {
    std::memcpy(op.output("Out").raw(), x.raw(), x.size_bytes());
  }
  if (op.attr<bool>("is_test")) {
    return;
  }
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    op.output("OutScale").data<T>()[0] = update_moving_average<T>(op);
  });
}

}  // namespace

void register_fake_quantize_moving_average_abs_max(OpRegistry& registry) {
  const SlotDef in_accum = {.name = "InAccum", .is_optional = true};
  const SlotDef in_state = {.name = "InState", .is_optional = true};
  const SlotDef out_state = {.name = "OutState", .is_optional = true};
  const SlotDef out_accum = {.name = "OutAccum", .is_optional = true};
  const AttrDef rate = {"moving_rate", 0.9f};
  const AttrDef bits = {"bit_length", int32_t{8}};
  const AttrDef is_test = {"is_test", false};
  const AttrDef round = {.name = "round_type", .default_value = int32_t{1}, .is_extra = true};
  const std::vector<std::pair<std::string, std::string>> state = {{"OutState", "InState"},
                                                                  {"OutAccum", "InAccum"}};
  auto with_scale = state;
  with_scale.emplace_back("OutScale", "InScale");
  registry.add({.type = "fake_quantize_moving_average_abs_max",
                .inputs = {{"X"}, {"InScale"}, in_accum, in_state},
                .outputs = {{"Out"}, {"OutScale"}, out_state, out_accum},
                .attrs = {rate, bits, is_test, round},
                .infer = infer,
                .forward = codes_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
                .in_place = with_scale});
  registry.add({.type = "fake_quantize_dequantize_moving_average_abs_max",
                .inputs = {{"X"}, {"InScale"}, in_accum, in_state},
                .outputs = {{"Out"}, {"OutScale"}, out_state, out_accum},
                .attrs = {rate, bits, is_test, round},
                .infer = infer,
                .forward = values_forward,
                .gradient = straight_through,
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
                .in_place = with_scale});
  registry.add(
      {.type = "moving_average_abs_max_scale",
       .inputs = {{"X"}, in_accum, in_state},
       .outputs = {{.name = "Out", .is_optional = true}, {"OutScale"}, out_state, out_accum},
       .attrs = {rate, is_test},
       .infer = infer,
       .forward = observe_forward,
       .gradient = straight_through,
       .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
       .in_place = state});
}

}  // namespace intact
