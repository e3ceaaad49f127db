// Before:  Output=%c = conv2d(Input=%x@values, Filter=%w@values);  Out=%d = elementwise_add(%c,
// %b);
//          Y=%y = batch_norm(X=%d, ...) {is_test=true}
// After:   Output=%c = conv2d(Input=%x@values, Filter=%w_folded@values);
//          Out=%y = elementwise_add(X=%c, Y=%w_folded_bias@values) {axis=1}
// and the like for other ops with a weight, and with less behind it, or with batch norm written out
// as elementwise_mul and elementwise_add: a weight has its op's name in any case, so that all files
// of one network have the same names. With a of batch_norm_affine, per output channel:
//   s_w' = fl32(s_w * |a|), codes change sign where a < 0: no code is rounded again; a step that
//   choose_exact_steps() has brought next to a number of few bits is that number
//   b_q = rint(shift / fl32(s_x * s_w')), int32, of step fl32(s_x * s_w')
// Where a is 0 or so small that b_q would exceed 2^30, the codes' contribution is below what the
// bias can hold: the step grows until the bias fits and the codes are rounded to it; reported.
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/check.h"
#include "intact/ir/pattern.h"
#include "intact/tensor/quantize.h"
#include "passes/batch_norm_affine.h"
#include "passes/deployment/deployment.h"
#include "tensor/short_step.h"

namespace intact::deployment {
namespace {

constexpr double kLargestBias = 1 << 30;

/// y = a * x + shift for each output channel, and the ops that say so.
struct Affine {
  std::vector<double> a;
  std::vector<double> shift;
  std::vector<Op*> ops;
  Var* result = nullptr;
};

/// Folded weight and bias of an op.
struct Folded {
  Tensor codes;
  std::vector<float> steps;
  Tensor bias;
  std::vector<float> bias_steps;
  int rounded_channels = 0;
};

Op* only_consumer(const Var& var) {
  return var.consumers().size() == 1 ? var.consumers().front() : nullptr;
}

/// x times, or plus, a float constant for each channel, in shape [C] or [C,1,..].
bool is_channel_op(const char* type, const Op& op, const Var& x, const Scope& scope) {
  if (op.type() != type || &op.input("X") != &x || !is_constant()(op.input("Y"))) {
    return false;
  }
  const Shape& y = op.input("Y").shape();
  const int32_t given = op.attr<int32_t>("axis");
  const int axis = given == -1 ? x.shape().rank() - y.rank() : given;
  return axis == 1 && y.rank() >= 1 && y[0] == x.shape()[1] && y.numel() == y[0] &&
         scope.get(op.input("Y").name()).dtype() == DType::Float32;
}

bool has_float_scale(const Op& batch_norm, const Scope& scope) {
  return scope.get(batch_norm.input("Scale").name()).dtype() == DType::Float32;
}

class FoldAffine {
 public:
  FoldAffine(Program& program, Scope& scope)
      : program_(program), scope_(scope), rewriter_(program.block()) {}

  PassReport run() {
    for (Op* op : program_.block().ops()) {
      if (Rewriter::is_erased(*op) || op->def().quant.weight.empty() ||
          !op->has_input(op->def().quant.weight)) {
        continue;
      }
      if (std::string reason = why_not(*op); !reason.empty()) {
        report_.skipped.push_back({op->label(), std::move(reason)});
      } else {
        fold(*op, affine_behind(*op));
      }
    }
    rewriter_.remove_unused_vars(true);
    return std::move(report_);
  }

 private:
  static const Var& activation_of(const Op& op) {
    for (const std::string& slot : op.def().quant.inputs) {
      if (slot != op.def().quant.weight && op.has_input(slot)) {
        return op.input(slot);
      }
    }
    return op.input(op.def().quant.inputs.front());
  }

  /// The weight's axis of output channels, -1 when it is not one of its axes.
  static int channel_axis(const Op& op, const Tensor& codes) {
    const int64_t channels = result_of(op).shape()[1];
    if (op.type() == "matmul_v2" || op.type() == "matmul") {
      const bool is_transposed =
          op.attr_or<bool>("trans_y", op.attr_or<bool>("transpose_Y", false));
      return codes.shape().rank() == 2 && result_of(op).shape().rank() == 2 ? !is_transposed : -1;
    }
    const int axis = op.def().quant.weight_axis;
    return codes.shape()[axis] == channels ? axis : -1;
  }

  static Var& result_of(const Op& op) { return op.output(op.def().quant.outputs.front()); }

  std::string why_not(const Op& op) const {
    if (op.has_input("Bias")) {
      return "its bias is an input of its own";
    }
    const Op* weight = constant_codes(op.input(op.def().quant.weight));
    if (weight == nullptr) {
      return "its weight '" + op.input(op.def().quant.weight).name() + "' is not quantized";
    }
    const Op* x = activation_codes(activation_of(op));
    if (x == nullptr) {
      return "its input '" + activation_of(op).name() + "' is not quantized";
    }
    if (scope_.get(x->input("Step").name()).numel() != 1) {
      return "its input '" + activation_of(op).name() + "' has a step per channel";
    }
    if (channel_axis(op, scope_.get(weight->input("X").name())) < 0) {
      return "its output channels are no axis of its weight";
    }
    return {};
  }

  Affine affine_behind(const Op& op) const {
    const auto channels = static_cast<size_t>(result_of(op).shape()[1]);
    Affine affine{.a = std::vector<double>(channels, 1),
                  .shift = std::vector<double>(channels, 0),
                  .result = &result_of(op)};
    for (Op* next = only_consumer(*affine.result); next != nullptr;
         next = only_consumer(*affine.result)) {
      if (is_channel_op("elementwise_add", *next, *affine.result, scope_)) {
        append({}, scope_.get(next->input("Y").name()).values<float>(), affine);
        affine.result = &next->output("Out");
      } else if (is_channel_op("elementwise_mul", *next, *affine.result, scope_)) {
        append(scope_.get(next->input("Y").name()).values<float>(), {}, affine);
        affine.result = &next->output("Out");
      } else if (is_test_batch_norm(*next) && has_float_scale(*next, scope_) &&
                 &next->input("X") == affine.result) {
        const BatchNormAffine last = batch_norm_affine(*next, scope_);
        append(as_floats(last.a), as_floats(last.b), affine);
        affine.result = &next->output("Y");
      } else {
        break;
      }
      affine.ops.push_back(next);
    }
    return affine;
  }

  /// y = a * (what affine says) + b; an empty a is 1, an empty b is 0.
  static void append(std::span<const float> a, std::span<const float> b, Affine& affine) {
    for (size_t c = 0; c < affine.a.size(); ++c) {
      affine.a[c] *= a.empty() ? 1 : double{a[c]};
      affine.shift[c] = affine.shift[c] * (a.empty() ? 1 : double{a[c]}) + (b.empty() ? 0 : b[c]);
    }
  }

  void fold(Op& op, const Affine& affine) {
    const std::string& slot = op.def().quant.weight;
    const std::string name = result_of(op).name() + ".weight";
    if (affine.ops.empty() && op.input(slot).name() == name + "@values") {
      return;  // folded before
    }
    ++report_.changed;
    Op& dequantize = *constant_codes(op.input(slot));
    const Tensor codes = scope_.get(dequantize.input("X").name());
    const int axis = channel_axis(op, codes);
    const float x_step =
        scope_.get(activation_codes(activation_of(op))->input("Step").name()).values<float>()[0];
    const Folded folded =
        folded_weight(codes, axis, scope_.get(dequantize.input("Step").name()), x_step, affine);
    if (folded.rounded_channels > 0) {
      report_.skipped.push_back(
          {op.label(),
           fmt::format("{} of its channels have a batch norm of scale 0 or nearly so: their codes "
                       "were rounded to the bias's step",
                       folded.rounded_channels)});
    }
    Var& values =
        add_constant_codes(rewriter_, program_, scope_, op, name, folded.codes, folded.steps, axis);
    rewriter_.set_input(op, slot, {&values});
    if (!affine.ops.empty()) {
      add_bias(op, folded, affine);
    }
    if (dequantize.output("Y").consumers().empty()) {
      rewriter_.erase(dequantize);
    }
  }

  void add_bias(const Op& op, const Folded& folded, const Affine& affine) {
    Op& last = *affine.ops.back();
    const std::string name = result_of(op).name() + ".bias";
    Var& bias = add_constant_codes(
        rewriter_, program_, scope_, last, name, folded.bias, folded.bias_steps, 0);
    Var& sum = program_.block().add_var(
        name + ".sum", DType::Float32, affine.result->shape(), affine.result->options());
    Op& add = rewriter_.insert_after(last,
                                     {.type = "elementwise_add",
                                      .inputs = {{"X", {&result_of(op)}}, {"Y", {&bias}}},
                                      .outputs = {{"Out", {&sum}}},
                                      .attrs = {{"axis", 1}}});
    // The sum takes the place, and the name, of what it is equal to.
    for (Op* old : affine.ops) {
      rewriter_.erase(*old);
    }
    rewriter_.set_output(add, "Out", {affine.result});
  }

  /// codes [.., channels, inner], each times its channel's factor.
  static void scale_codes(const std::vector<double>& factors, int64_t inner, Tensor& codes) {
    int8_t* code = codes.data<int8_t>();
    const int8_t* end = code + codes.numel();
    for (size_t c = 0; code != end; c = (c + 1) % factors.size(), code += inner) {
      if (factors[c] == 1) {
        continue;
      }
      std::transform(code, code + inner, code, [factor = factors[c]](int8_t value) {
        return static_cast<int8_t>(std::clamp(std::nearbyint(factor * value), -128.0, 127.0));
      });
    }
  }

  static Folded folded_weight(
      const Tensor& codes, int axis, const Tensor& old_steps, float x_step, const Affine& affine) {
    const size_t channels = affine.a.size();
    Folded folded{.codes = codes,
                  .steps = std::vector<float>(channels),
                  .bias = Tensor(DType::Int32, {static_cast<int64_t>(channels)}),
                  .bias_steps = std::vector<float>(channels)};
    std::vector<double> factors(channels, 1);  // of the codes
    for (size_t c = 0; c < channels; ++c) {
      const auto old_all = old_steps.values<float>();
      const double wanted = double{old_all[old_all.size() == 1 ? 0 : c]} * std::fabs(affine.a[c]);
      const double least = std::fabs(affine.shift[c]) / kLargestBias / double{x_step};
      folded.steps[c] = exact_step(wanted);
      factors[c] = affine.a[c] < 0 ? -1 : 1;
      if (!(folded.steps[c] * x_step > 0) || wanted < least) {
        folded.steps[c] = static_cast<float>(least > 0 ? least * 1.001 : 1.0);
        factors[c] *= wanted / double{folded.steps[c]};
        ++folded.rounded_channels;
      }
      folded.bias_steps[c] = x_step * folded.steps[c];
      folded.bias.values<int32_t>()[c] =
          static_cast<int32_t>(std::nearbyint(affine.shift[c] / double{folded.bias_steps[c]}));
    }
    if (std::ranges::any_of(factors, [](double factor) { return factor != 1; })) {
      folded.codes = codes.clone();
      scale_codes(factors, codes.shape().numel(axis + 1, codes.shape().rank()), folded.codes);
    }
    return folded;
  }

  Program& program_;
  Scope& scope_;
  Rewriter rewriter_;
  PassReport report_;
};

}  // namespace

PassReport fold_affine(Program& program, Scope& scope) {
  return FoldAffine(program, scope).run();
}

}  // namespace intact::deployment
