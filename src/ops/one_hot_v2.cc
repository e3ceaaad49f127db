// Out[..., d] = 1 where d = X[...], else 0. Values outside 0..depth-1 are an error, or give zeros
// with allow_out_of_range.
#include <algorithm>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

int64_t depth_of(const Op& op) {
  return int_input(op, {.attr = "depth", .tensor = "depth_tensor"});
}

void infer(InferContext& op) {
  const int64_t depth = depth_of(op.op());
  check(depth >= 1, "{}: depth is {}; use 1 or more", op.where(), depth);
  check(op.dtype("X") == DType::Int64 || op.dtype("X") == DType::Int32,
        "{}: X is {} but must be int64 or int32; cast it",
        op.where(),
        to_string(op.dtype("X")));
  std::vector<int64_t> dims = op.shape("X").dims();
  dims.push_back(depth);
  op.set_output("Out", Shape(dims), dtype_from_paddle_code(op.attr<int32_t>("dtype")));
}

void forward(const KernelContext& op) {
  const Tensor ids = op.input("X").cast(DType::Int64);
  Tensor out = op.output("Out");
  const int64_t depth = depth_of(op.op());
  const bool allows_others = op.attr<bool>("allow_out_of_range");
  dispatch_all(out.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(out.data<T>(), out.numel(), T{});
    for (int64_t i = 0; i < ids.numel(); ++i) {
      const int64_t id = ids.data<int64_t>()[i];
      const bool is_inside = id >= 0 && id < depth;
      check(is_inside || allows_others,
            "{}: X[{}] is {} but depth is {}; use 0..{}, or set allow_out_of_range",
            op.where(),
            i,
            id,
            depth,
            depth - 1);
      if (is_inside) {
        out.data<T>()[i * depth + id] = static_cast<T>(1);
      }
    }
  });
}

}  // namespace

void register_one_hot_v2(OpRegistry& registry) {
  registry.add(
      {.type = "one_hot_v2",
       .inputs = {{"X"}, {.name = "depth_tensor", .is_optional = true}},
       .outputs = {{"Out"}},
       .attrs = {{"depth", int32_t{-1}}, {"dtype", int32_t{5}}, {"allow_out_of_range", false}},
       .infer = infer,
       .forward = forward,
       .gradient = {}});
}

}  // namespace intact
