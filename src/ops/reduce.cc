// mean: Out = average of X. reduce_mean, reduce_sum, reduce_max: over the axes `dim` (all when
// reduce_all is set or dim is empty or complete). Sums run in double in C order.
#include <algorithm>
#include <limits>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/strided.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

enum class Reduction { Mean, Sum, Max };

/// is_reduced[axis] of X, from the attributes.
std::vector<bool> reduced_axes(const Op& op, int rank) {
  const Ints& dims = op.attr<Ints>("dim");
  if (op.attr<bool>("reduce_all") || dims.empty()) {
    return std::vector<bool>(static_cast<size_t>(rank), true);
  }
  std::vector<bool> is_reduced(static_cast<size_t>(rank), false);
  for (int32_t dim : dims) {
    const int axis = dim < 0 ? dim + rank : dim;
    // Paddle's default dim is [0], which a scalar has not.
    if (rank == 0 && (dim == 0 || dim == -1)) {
      continue;
    }
    check(axis >= 0 && axis < rank,
          "{}: dim {} is outside rank {} of X; use dims in range",
          op.label(),
          dim,
          rank);
    is_reduced[static_cast<size_t>(axis)] = true;
  }
  return is_reduced;
}

void infer_reduce(InferContext& op) {
  const Shape& x = op.shape("X");
  const std::vector<bool> is_reduced = reduced_axes(op.op(), x.rank());
  std::vector<int64_t> dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!is_reduced[static_cast<size_t>(axis)]) {
      dims.push_back(x[axis]);
    } else if (op.attr<bool>("keep_dim")) {
      dims.push_back(1);
    }
  }
  for (const char* name : {"in_dtype", "out_dtype"}) {
    const int32_t code = op.attr<int32_t>(name);
    check(code < 0 || dtype_from_paddle_code(code) == op.dtype("X"),
          "{}: {} is {} but X is {}; leave it at -1 and use a cast",
          op.where(),
          name,
          code,
          to_string(op.dtype("X")));
  }
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_mean(InferContext& op) {
  op.set_output("Out", Shape{}, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// target[i] is the index in Out that element i of X is reduced into.
std::vector<int64_t> reduction_targets(const Shape& x, const std::vector<bool>& is_reduced) {
  std::vector<int64_t> strides(static_cast<size_t>(x.rank()), 0);
  int64_t stride = 1;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    if (!is_reduced[static_cast<size_t>(axis)]) {
      strides[static_cast<size_t>(axis)] = stride;
      stride *= x[axis];
    }
  }
  std::vector<int64_t> targets(static_cast<size_t>(x.numel()));
  for_each_strided(
      x, strides, 0, [&](int64_t i, int64_t target) { targets[static_cast<size_t>(i)] = target; });
  return targets;
}

std::vector<int64_t> targets_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  return reduction_targets(x,
                           op.op().has_attr("dim")
                               ? reduced_axes(op.op(), x.rank())
                               : std::vector<bool>(static_cast<size_t>(x.rank()), true));
}

template <class T>
void reduce(const KernelContext& op, Reduction reduction) {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  const auto x = op.input("X").values<T>();
  Tensor out = op.output("Out");
  const std::vector<int64_t> targets = targets_of(op);
  const Sum start = reduction == Reduction::Max ? std::numeric_limits<Sum>::lowest() : Sum{};
  std::vector<Sum> sums(static_cast<size_t>(out.numel()), start);
  for (size_t i = 0; i < x.size(); ++i) {
    Sum& sum = sums[static_cast<size_t>(targets[i])];
    const Sum value = x[i];
    if (reduction == Reduction::Max) {
      sum = value > sum || value != value ? value : sum;
    } else {
      sum += value;
    }
  }
  const int64_t count = out.numel() == 0 ? 1 : static_cast<int64_t>(x.size()) / out.numel();
  for (size_t i = 0; i < sums.size(); ++i) {
    const Sum total = reduction == Reduction::Mean ? sums[i] / static_cast<Sum>(count) : sums[i];
    out.data<T>()[i] = static_cast<T>(total);
  }
}

void reduce_forward(const KernelContext& op, Reduction reduction) {
  const DType dtype = op.input("X").dtype();
  if (reduction == Reduction::Mean) {
    return dispatch_float(dtype, op.where(), [&]<class T>(T) { reduce<T>(op, reduction); });
  }
  if (dtype == DType::Int32) {
    return reduce<int32_t>(op, reduction);
  }
  if (dtype == DType::Int64) {
    return reduce<int64_t>(op, reduction);
  }
  dispatch_float(dtype, op.where(), [&]<class T>(T) { reduce<T>(op, reduction); });
}

// dX[i] = dOut[target] (sum), / count (mean), or where X[i] equals the maximum (max, every tie).
void reduce_backward(const KernelContext& op, Reduction reduction) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = op.input("X").values<T>();
    const auto dout = op.input("Out@GRAD").values<T>();
    Tensor dx = op.output("X@GRAD");
    const std::vector<int64_t> targets = targets_of(op);
    const T count = static_cast<T>(x.size() / std::max<size_t>(dout.size(), 1));
    for (size_t i = 0; i < x.size(); ++i) {
      const auto target = static_cast<size_t>(targets[i]);
      T value = dout[target];
      if (reduction == Reduction::Mean) {
        value /= count;
      } else if (reduction == Reduction::Max) {
        value = x[i] == op.input("Out").values<T>()[target] ? value : T{};
      }
      dx.data<T>()[i] = value;
    }
  });
}

void add_reduction(OpRegistry& registry, const std::string& type, Reduction reduction) {
  const bool has_axes = type != "mean";
  std::vector<AttrDef> attrs;
  if (has_axes) {
    attrs = {{"dim", Ints{0}},
             {"keep_dim", false},
             {"reduce_all", false},
             {"in_dtype", int32_t{-1}},
             {"out_dtype", int32_t{-1}}};
  }
  std::vector<SlotDef> grad_inputs = {{"X"}, {"Out@GRAD"}};
  std::vector<std::string> grad_reads;
  if (reduction == Reduction::Max) {
    grad_inputs.push_back({"Out"});
    grad_reads.push_back("Out");
  }
  registry.add({.type = type,
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = has_axes ? infer_reduce : infer_mean,
                .forward = [reduction](const KernelContext& op) { reduce_forward(op, reduction); },
                .gradient =
                    [grad_reads](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X"},
                                         .outputs = grad_reads,
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = type + "_grad",
                .inputs = grad_inputs,
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = [reduction](const KernelContext& op) { reduce_backward(op, reduction); },
                .gradient = {}});
}

}  // namespace

void register_reduce(OpRegistry& registry) {
  add_reduction(registry, "mean", Reduction::Mean);
  add_reduction(registry, "reduce_mean", Reduction::Mean);
  add_reduction(registry, "reduce_sum", Reduction::Sum);
  add_reduction(registry, "reduce_max", Reduction::Max);
}

}  // namespace intact
