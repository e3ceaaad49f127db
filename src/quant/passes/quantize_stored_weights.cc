// Before:  Output = conv2d(Input=a, Filter=w)                    Scope: w float32
// After:   Output = conv2d(Input=a, Filter=w,                    Scope: w int8 or int16
//                          quantization_type="post_weight_channel_wise_abs_max",
//                          quantize_weight_bits=8, w_quant_scale=[...])
// code = rint(w / step), step = max|w| / B per output channel, or over the whole weight. Every
// reader of a weight must take its codes, or it stays float. Twice changes nothing. Source: spec
// 8.2.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "intact/tensor/quantize.h"
#include "ops/detail/fake_quantize.h"
#include "ops/detail/int8_weight.h"
#include "quant/passes/passes.h"

namespace intact {
namespace {

constexpr int kBins = 5000;

/// Upper edge of the bin that brings the share of |w| at or below it to 1 - rate.
/// Source: Paddle 2.6.2 WeightQuantization._calculate_threshold.
double clipped_abs_max(const Tensor& weight, double largest, double rate) {
  std::vector<int64_t> histogram(kBins, 0);
  for (float value : weight.values<float>()) {
    const auto bin = static_cast<int64_t>(std::abs(value) / largest * kBins);
    ++histogram[static_cast<size_t>(std::min<int64_t>(bin, kBins - 1))];
  }
  const auto total = static_cast<double>(weight.numel());
  int64_t below = 0;
  for (size_t bin = 0; bin < histogram.size(); ++bin) {
    below += histogram[bin];
    if (static_cast<double>(below) / total >= 1.0 - rate) {
      return static_cast<double>(bin + 1) * largest / kBins;
    }
  }
  return largest;
}

void check_finite(const Var& var, const Tensor& weight) {
  for (float value : weight.values<float>()) {
    check(std::isfinite(value),
          "quant_post_dynamic: weight '{}' holds {}; give finite weights",
          var.name(),
          value);
  }
}

/// A channel of zeros gets a step of 0 and codes of 0.
Floats find_steps(const Tensor& weight, const ChannelView& view, const DynamicContext& context) {
  std::vector<float> maxima(static_cast<size_t>(view.channels), 0.0f);
  find_abs_max(weight.data<float>(), view, maxima.data());
  const double rate = context.options.threshold_rate;
  if (rate > 0 && maxima.front() > 0) {
    maxima.front() = static_cast<float>(clipped_abs_max(weight, maxima.front(), rate));
  }
  const auto levels = static_cast<float>(max_code(context.options.weight_bits));
  Floats steps;
  for (float largest : maxima) {
    steps.push_back(largest / levels);
  }
  return steps;
}

Tensor codes_of(const Tensor& weight, const ChannelView& view, const Floats& steps, int bits) {
  Tensor codes(DType::Float32, weight.shape());
  const auto levels = static_cast<float>(max_code(bits));
  for_each_channel(view, [&](int64_t begin, int64_t end, int64_t channel) {
    const float step = steps[static_cast<size_t>(channel)];
    for (int64_t i = begin; i < end; ++i) {
      const float code = step == 0 ? 0 : std::nearbyint(weight.data<float>()[i] / step);
      codes.data<float>()[i] = std::clamp(code, -levels, levels);
    }
  });
  return codes.cast(bits == 8 ? DType::Int8 : DType::Int16);
}

bool is_selected(const Op& op, const QuantPostDynamicOptions& options) {
  return op.is_forward() && std::ranges::count(options.quantizable_op_type, op.type()) > 0;
}

/// Why the op's weight stays float; empty when it need not.
std::string objection(const Op& op, const QuantPostDynamicOptions& options) {
  const std::string& slot = op.def().quant.weight;
  const Var& weight = op.input(slot);
  if (!is_constant()(weight)) {
    return fmt::format("'{}' is computed, not stored", weight.name());
  }
  if (weight.dtype() != DType::Float32) {
    return fmt::format("weight '{}' is {}, not float32", weight.name(), to_string(weight.dtype()));
  }
  if (op.type() == "mul" && weight.shape().rank() != 2) {
    return fmt::format(
        "weight '{}' is {}, not a matrix", weight.name(), weight.shape().to_string());
  }
  for (const Op* reader : weight.consumers()) {
    const bool takes_codes = is_selected(*reader, options) &&
                             &reader->input(reader->def().quant.weight) == &weight &&
                             reader->def().quant.weight_axis == op.def().quant.weight_axis;
    if (!takes_codes) {
      return fmt::format(
          "weight '{}' is also read by {}, which needs floats", weight.name(), reader->label());
    }
  }
  return "";
}

}  // namespace

PassReport quantize_stored_weights(Program& program, DynamicContext& context) {
  const QuantPostDynamicOptions& options = context.options;
  const Pattern weighted =
      any_op().where([&](const Op& op) { return is_selected(op, options); }).capture("op");
  return rewrite_all(program, weighted, [&](Match& match, Rewriter&) -> RewriteResult {
    Op& op = match.op("op");
    Var& weight = op.input(op.def().quant.weight);
    if (op.has_attr(weight_steps_attribute(weight.name()))) {
      return skip(op, "quantized already");
    }
    if (const std::string reason = objection(op, options); !reason.empty()) {
      return skip(op, reason);
    }
    const bool is_channel_wise = options.weight_quantize_type == QuantizeType::ChannelWiseAbsMax;
    const Tensor& values = context.scope.get(weight.name());
    check_finite(weight, values);
    const ChannelView view =
        is_channel_wise ? channel_view(values.shape(), weight_steps_axis(op, values.shape()))
                        : whole_tensor(values.shape());
    const Floats steps = find_steps(values, view, context);
    context.scope.set(weight.name(), codes_of(values, view, steps, options.weight_bits));
    for (Op* reader : std::vector<Op*>(weight.consumers())) {
      reader->set_attr("quantization_type",
                       std::string("post_weight_") + to_string(options.weight_quantize_type));
      reader->set_attr("quantize_weight_bits", int32_t{options.weight_bits});
      reader->set_attr(weight_steps_attribute(weight.name()), steps);
      reader->set_attr("with_quant_attr", true);
    }
    weight.set_dtype(options.weight_bits == 8 ? DType::Int8 : DType::Int16);
    return changed();
  });
}

}  // namespace intact
