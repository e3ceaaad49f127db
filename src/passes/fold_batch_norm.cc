// Before:  Output=%c = conv2d(Input=%x, Filter=%w);  Y=%y = batch_norm(X=%c, ...) {is_test=true}
// After:   Output=%c = conv2d(Input=%x, Filter=%w_folded);
//          Out=%y = elementwise_add(X=%c, Y=%b_folded) {axis=1}
// Also depthwise_conv2d and mul, and with elementwise_add of a bias between the two. For each
// output channel, with a = Scale / sqrt(Variance + epsilon), computed in double:
//   w_folded = w * a,   b_folded = Bias + (b - Mean) * a
// The folded tensors are entries of their own in the Scope. Skips weights that other ops read too,
// and values in between that are read elsewhere. For Programs that are not trained any more.
#include <set>
#include <string>

#include "intact/ir/rewrite_all.h"
#include "intact/passes/passes.h"
#include "passes/batch_norm_affine.h"
#include "passes/constants.h"

namespace intact {
namespace {

/// The Var is a float32 constant whose value is in the Scope.
bool has_value(const Var& var, const Scope& scope) {
  const Tensor* tensor = scope.find(var.name());
  return is_constant()(var) && tensor != nullptr && tensor->dtype() == DType::Float32;
}

/// `bias` adds one value for each channel (axis 1) of X.
bool is_channel_bias(const Op& bias) {
  const int rank = bias.input("X").shape().rank();
  const int32_t axis = bias.attr<int32_t>("axis");
  const Shape& y = bias.input("Y").shape();
  return y.rank() == 1 && (axis == 1 || (axis == -1 && rank == 2)) &&
         y[0] == bias.input("X").shape()[1];
}

const char* why_not_batch_norm(const Op& batch_norm, const Scope& scope) {
  if (!is_test_batch_norm(batch_norm)) {
    return "batch_norm is in training mode";
  }
  for (const char* slot : {"Scale", "Bias", "Mean", "Variance"}) {
    // MeanOut and VarianceOut are Mean and Variance, unchanged in test mode.
    if (!batch_norm.has_input(slot) || !batch_norm.input(slot).is_persistable() ||
        batch_norm.input(slot).dtype() != DType::Float32 ||
        !scope.contains(batch_norm.input(slot).name())) {
      return "its scale, bias, mean or variance is not a float32 constant in the scope";
    }
  }
  for (const auto& [slot, vars] : batch_norm.outputs()) {
    const bool is_saved = slot != "Y" && !vars.front()->is_persistable();
    if (is_saved && !vars.front()->consumers().empty()) {
      return "its saved statistics are read";
    }
  }
  return nullptr;
}

std::string why_not_weighted(const Op& weighted, const Scope& scope) {
  const QuantTraits& traits = weighted.def().quant;
  const Var& weight = weighted.input(traits.weight);
  const Var& output = weighted.output(traits.outputs.front());
  if (!has_value(weight, scope)) {
    return "weight '" + weight.name() + "' is not a float32 constant in the scope";
  }
  if (weight.consumers().size() != 1) {
    return "weight '" + weight.name() + "' is read by other ops too";
  }
  if (output.consumers().size() != 1) {
    return "'" + output.name() + "' is read by other ops too";
  }
  const int rank = output.shape().rank();
  if ((rank != 2 && rank != 4) || weight.shape().rank() != rank) {
    return "the output channels of " + weighted.label() + " are not its second dimension";
  }
  return {};
}

std::string why_not_bias(const Op& bias, const Scope& scope) {
  if (!is_channel_bias(bias) || !has_value(bias.input("Y"), scope)) {
    return bias.label() + " does not add a constant to each channel";
  }
  if (bias.output("Out").consumers().size() != 1) {
    return "'" + bias.output("Out").name() + "' is read by other ops too";
  }
  return {};
}

/// Of batch norm and the bias in front: y = x * a + b.
BatchNormAffine affine_of(const Op& batch_norm, const Op* bias, const Scope& scope) {
  BatchNormAffine affine = batch_norm_affine(batch_norm, scope);
  if (bias != nullptr) {
    const auto offsets = scope.get(bias->input("Y").name()).values<float>();
    for (size_t channel = 0; channel < offsets.size(); ++channel) {
      affine.b[channel] += offsets[channel] * affine.a[channel];
    }
  }
  return affine;
}

/// weight with its channels along `axis` multiplied by a.
Tensor scaled(const Tensor& weight, int axis, const std::vector<double>& a) {
  Tensor result = weight.clone();
  const int64_t inner = weight.shape().numel(axis + 1, weight.shape().rank());
  const int64_t outer = weight.shape().numel(0, axis);
  float* out = result.data<float>();
  for (int64_t i = 0; i < outer; ++i) {
    for (const double factor : a) {
      for (int64_t j = 0; j < inner; ++j, ++out) {
        *out = static_cast<float>(*out * factor);
      }
    }
  }
  return result;
}

/// A new persistable Var "<base>_folded_<n>" with this value in the Scope.
Var& add_constant(Block& block, Scope& scope, const std::string& base, Tensor value) {
  int number = 0;
  const auto name = [&] { return base + "_folded_" + std::to_string(number); };
  while (scope.contains(name()) || block.find_var(name()) != nullptr) {
    ++number;
  }
  Var& var = block.add_var(
      name(), value.dtype(), value.shape(), {.is_persistable = true, .stop_gradient = true});
  scope.set(var.name(), std::move(value));
  return var;
}

}  // namespace

PassReport fold_batch_norm(Program& program, Scope& scope) {
  const Pattern weighted = op_type({"conv2d", "depthwise_conv2d", "mul"}).capture("weighted");
  const Pattern biased = op_type({"elementwise_add"}).capture("bias").producer_of("X", weighted);
  const Pattern normalized =
      op_type({"batch_norm"}).capture("batch_norm").producer_of("X", weighted.or_else(biased));
  return rewrite_all(program, normalized, [&](Match& m, Rewriter& rewriter) -> RewriteResult {
    Op& batch_norm = m.op("batch_norm");
    Op& op = m.op("weighted");
    Op* bias = m.has("bias") ? &m.op("bias") : nullptr;
    const QuantTraits& traits = op.def().quant;
    if (const char* reason = why_not_batch_norm(batch_norm, scope)) {
      return skip(batch_norm, reason);
    }
    if (std::string reason = why_not_weighted(op, scope); !reason.empty()) {
      return skip(batch_norm, std::move(reason));
    }
    if (std::string reason = bias ? why_not_bias(*bias, scope) : ""; !reason.empty()) {
      return skip(batch_norm, std::move(reason));
    }

    const Var& weight = op.input(traits.weight);
    const BatchNormAffine affine = affine_of(batch_norm, bias, scope);
    std::set<Var*> constants;
    collect_constants(op, constants);
    collect_constants(batch_norm, constants);
    Var& folded = add_constant(op.block(),
                               scope,
                               weight.name(),
                               scaled(scope.get(weight.name()), traits.weight_axis, affine.a));
    const std::vector<float> shift = as_floats(affine.b);
    Var& offset =
        add_constant(op.block(),
                     scope,
                     bias ? bias->input("Y").name() : batch_norm.input("Bias").name(),
                     Tensor::from<float>(Shape{static_cast<int64_t>(shift.size())}, shift));
    Var& output = op.output(traits.outputs.front());
    Var& y = batch_norm.output("Y");
    rewriter.set_input(op, traits.weight, {&folded});
    rewriter.insert_before(batch_norm,
                           {.type = "elementwise_add",
                            .inputs = {{"X", {&output}}, {"Y", {&offset}}},
                            .outputs = {{"Out", {&y}}},
                            .attrs = {{"axis", 1}}});
    rewriter.erase(batch_norm);
    if (bias != nullptr) {
      collect_constants(*bias, constants);
      rewriter.erase(*bias);
    }
    remove_unused_constants(rewriter, constants);
    return changed();
  });
}

}  // namespace intact
