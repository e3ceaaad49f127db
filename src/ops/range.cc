// Out = Start, Start + Step, ... up to but without End. The number of elements is part of Out's
// shape, so the inputs must follow from attributes and shapes (constant_value).
#include <cmath>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/constant_value.h"
#include "ops/detail/dispatch_number.h"

namespace intact {
namespace {

int64_t size_of(const std::string& where, DType dtype, const std::vector<Tensor>& bounds) {
  int64_t size = 0;
  dispatch_number(dtype, where, [&]<class T>(T) {
    const T start = bounds[0].data<T>()[0];
    const T end = bounds[1].data<T>()[0];
    const T step = bounds[2].data<T>()[0];
    const auto steps = (static_cast<double>(end) - static_cast<double>(start)) / step;
    check(step != 0 && steps >= 0 && steps < 1e9,
          "{}: Start {}, End {} and Step {} make no range; Step must lead from Start to End",
          where,
          start,
          end,
          step);
    size = static_cast<int64_t>(std::ceil(steps));
  });
  return size;
}

void infer(InferContext& op) {
  std::vector<Tensor> bounds;
  for (const char* slot : {"Start", "End", "Step"}) {
    check(op.shape(slot).numel() == 1 && op.dtype(slot) == op.dtype("Start"),
          "{}: {} is {} {} but must be one {}; use shape [1]",
          op.where(),
          slot,
          to_string(op.dtype(slot)),
          op.shape(slot).to_string(),
          to_string(op.dtype("Start")));
    if (const auto value = constant_value(op.op().input(slot))) {
      bounds.push_back(*value);
    }
  }
  const bool is_known = bounds.size() == 3;
  op.set_output("Out",
                Shape{is_known ? size_of(op.where(), op.dtype("Start"), bounds) : -1},
                op.dtype("Start"));
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_number(out.dtype(), op.where(), [&]<class T>(T) {
    const T start = op.input("Start").data<T>()[0];
    const T step = op.input("Step").data<T>()[0];
    for (int64_t i = 0; i < out.numel(); ++i) {
      out.data<T>()[i] = start + static_cast<T>(i) * step;
    }
  });
}

}  // namespace

void register_range(OpRegistry& registry) {
  registry.add({.type = "range",
                .inputs = {{"Start"}, {"End"}, {"Step"}},
                .outputs = {{"Out"}},
                .attrs = {},
                .infer = infer,
                .forward = forward,
                .gradient = {}});
}

}  // namespace intact
