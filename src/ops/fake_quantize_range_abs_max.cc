// The scale is the largest max |X| of the last window_size training steps, kept as Paddle does: the
// window is searched again only when the step that leaves it held the maximum (spec 3.2).
#include <cmath>

#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check_quantizer(op);
  check_scalar_input(op, "InScale");
  const int32_t window = op.attr<int32_t>("window_size");
  check(window >= 1, "{}: window_size is {}; use 1 or more", op.where(), window);
  if (!op.attr<bool>("is_test")) {
    require_for_training(op, {"Iter"}, {"OutScales"});
    check(op.dtype("Iter") == DType::Int64 && op.shape("Iter").numel() == 1,
          "{}: Iter is {} {} but must be one int64; use a step counter",
          op.where(),
          to_string(op.dtype("Iter")),
          op.shape("Iter").to_string());
  }
  op.set_output("Out", op.shape("X"), op.dtype("X"));
  op.set_output("OutScale", Shape{1}, op.dtype("X"));
  op.set_output("OutScales", Shape{window}, op.dtype("X"));
}

/// Puts `current` into the window at step `step` and returns the new scale. While step < window the
/// search leaves out the newest entry, as Paddle's does.
template <class T>
T update_window(T current, T scale, int64_t step, T* window, int64_t window_size) {
  T& slot = window[step % window_size];
  const T removed = slot;
  slot = current;
  if (scale < current) {
    return current;
  }
  if (std::abs(removed - scale) < static_cast<T>(1e-6)) {
    const int64_t count = std::max<int64_t>(1, std::min(step, window_size));
    find_abs_max(window, {1, 1, count}, &scale);
  }
  return scale;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    T scale = op.input("InScale").data<T>()[0];
    if (!op.attr<bool>("is_test")) {
      T current = 0;
      find_abs_max(x.data<T>(), whole_tensor(x.shape()), &current);
      Tensor window = op.output("OutScales");
      scale = update_window(
          current, scale, op.input("Iter").data<int64_t>()[0], window.data<T>(), window.numel());
    }
    op.output("OutScale").data<T>()[0] = scale;
    fake_quantize(x.data<T>(),
                  whole_tensor(x.shape()),
                  &scale,
                  op.attr<int32_t>("bit_length"),
                  round_type(op.op()),
                  FakeQuantizeResult::Codes,
                  out.data<T>());
  });
}

}  // namespace

void register_fake_quantize_range_abs_max(OpRegistry& registry) {
  registry.add({.type = "fake_quantize_range_abs_max",
                .inputs = {{"X"}, {"InScale"}, {.name = "Iter", .is_optional = true}},
                .outputs = {{"Out"}, {"OutScale"}, {.name = "OutScales", .is_optional = true}},
                .attrs = {{"window_size", int32_t{10000}},
                          {"bit_length", int32_t{8}},
                          {"is_test", false},
                          {.name = "round_type", .default_value = int32_t{1}, .is_extra = true}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs},
                .in_place = {{"OutScale", "InScale"}}});
}

}  // namespace intact
