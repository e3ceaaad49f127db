#include "ops/detail/constant_value.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

constexpr int64_t kLargestTensor = 4096;     // shapes are made of few numbers
constexpr double kLargestNumber = 1 << 30;   // their kernels cannot overflow
constexpr double kLargestOperand = 1 << 14;  // nor sums and products of two of these
constexpr int kMostOps = 256;

// What shapes are computed with. A file may hold any op: these are cheap and defined on all values
// within the bounds above.
constexpr std::array<std::string_view, 12> kMoves = {"shape",
                                                     "slice",
                                                     "strided_slice",
                                                     "concat",
                                                     "stack",
                                                     "unstack",
                                                     "split",
                                                     "assign",
                                                     "cast",
                                                     "reshape2",
                                                     "squeeze2",
                                                     "unsqueeze2"};
constexpr std::array<std::string_view, 4> kArithmetic = {
    "scale", "elementwise_add", "elementwise_sub", "elementwise_mul"};

/// Ops that one outermost constant_value() may still visit, those of kernels it runs included.
thread_local int remaining_ops = 0;

class Budget {
 public:
  Budget() : is_outermost_(remaining_ops == 0) {
    if (is_outermost_) {
      remaining_ops = kMostOps;
    }
  }
  ~Budget() {
    if (is_outermost_) {
      remaining_ops = 0;
    }
  }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  /// The last one stays, so that 0 means none is running.
  static bool take() { return remaining_ops > 1 && remaining_ops-- > 0; }

 private:
  bool is_outermost_;
};

bool is_number(DType dtype) {
  return dtype == DType::Int32 || dtype == DType::Int64 || dtype == DType::Float32 ||
         dtype == DType::Float64;
}

bool is_small(const Var& var) {
  return is_number(var.dtype()) && var.shape().is_known() && var.shape().numel() <= kLargestTensor;
}

bool is_within(const Tensor& tensor, double largest) {
  const Tensor wide = tensor.cast(DType::Float64);
  return std::ranges::all_of(wide.values<double>(),
                             [largest](double value) { return std::abs(value) <= largest; });
}

bool is_safe_fill(const Op& op) {
  if (op.has_input("ValueTensor")) {
    return true;
  }
  const auto& text = op.attr<std::string>("str_value");
  const double value = text.empty() ? static_cast<double>(op.attr<float>("value"))
                                    : std::strtod(text.c_str(), nullptr);
  return std::abs(value) <= kLargestNumber;
}

/// The op may run on these inputs whatever they hold.
bool is_safe(const Op& op, const KernelContext::TensorSlots& inputs) {
  if (op.type() == "fill_constant") {
    return is_safe_fill(op);
  }
  if (std::ranges::count(kMoves, op.type()) > 0) {
    return true;
  }
  if (std::ranges::count(kArithmetic, op.type()) == 0) {
    return false;
  }
  for (const char* attr : {"scale", "bias"}) {
    if (op.has_attr(attr) && !(std::abs(op.attr<float>(attr)) <= kLargestOperand)) {
      return false;
    }
  }
  return std::ranges::all_of(inputs, [](const auto& slot) {
    return std::ranges::all_of(
        slot.second, [](const Tensor& input) { return is_within(input, kLargestOperand); });
  });
}

std::optional<Tensor> evaluate(const Var& var);

/// A tensor of the Var's shape without memory.
std::optional<Tensor> shape_only(const Var& var) {
  static char nothing = 0;
  if (!var.shape().is_known()) {
    return std::nullopt;
  }
  return Tensor::view(var.dtype(), var.shape(), &nothing);
}

std::optional<Tensor> output_of(const Op& op, const Var& var) {
  KernelContext::TensorSlots inputs;
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* input : vars) {
      std::optional<Tensor> known = op.type() == "shape" ? shape_only(*input) : evaluate(*input);
      if (!known.has_value()) {
        return std::nullopt;
      }
      inputs[slot].push_back(*known);
    }
  }
  KernelContext::TensorSlots outputs;
  std::optional<Tensor> wanted;
  for (const auto& [slot, vars] : op.outputs()) {
    for (const Var* output : vars) {
      if (!is_small(*output)) {
        return std::nullopt;
      }
      outputs[slot].emplace_back(output->dtype(), output->shape());
      if (output == &var) {
        wanted = outputs[slot].back();
      }
    }
  }
  if (!op.is_forward() || !is_safe(op, inputs)) {
    return std::nullopt;
  }
  op.def().forward(KernelContext(op, std::move(inputs), std::move(outputs)));
  return is_within(*wanted, kLargestNumber) ? wanted : std::nullopt;
}

std::optional<Tensor> evaluate(const Var& var) {
  const bool is_computed =
      !var.is_persistable() && !var.is_data() && var.producers().size() == 1 && is_small(var);
  return is_computed && Budget::take() ? output_of(*var.producers().front(), var) : std::nullopt;
}

}  // namespace

std::optional<Tensor> constant_value(const Var& var) {
  const Budget budget;
  return evaluate(var);
}

}  // namespace intact
