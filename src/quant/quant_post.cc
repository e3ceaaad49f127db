#include "intact/quant/quant_post.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "intact/passes/passes.h"
#include "intact/passes/pipeline.h"
#include "intact/quant/quant_aware.h"
#include "intact/tensor/quantize.h"
#include "quant/learn_rounding.h"
#include "quant/quant_trace.h"
#include "quant/weight_codes.h"

namespace intact {
namespace {

struct Moments {
  double sum = 0;
  double squares = 0;
  double count = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean())); }
};

/// w' = (v + mean(w - v)) * std(w) / (std(v) + 1e-8) for each channel, v the values of w's codes
/// (spec 8.1).
void correct_weight(Tensor& weight, const Tensor& scale, const Op& quantizer) {
  const Tensor codes = weight_codes(weight, scale, quantizer, {});
  const auto levels = static_cast<float>(max_code(quantizer.attr_or<int32_t>("bit_length", 8)));
  const int axis = scale.numel() == 1 ? -1 : quantizer.attr_or<int32_t>("quant_axis", -1);
  const Shape& shape = weight.shape();
  const int64_t channels = axis < 0 ? 1 : shape[axis];
  const int64_t inner = axis < 0 ? shape.numel() : shape.numel(axis + 1, shape.rank());
  const auto channel_of = [&](int64_t i) { return i / inner % channels; };
  const float* code = codes.data<float>();
  float* w = weight.data<float>();
  const auto value = [&](int64_t i) {
    return code[i] * scale.data<float>()[channel_of(i)] / levels;
  };
  std::vector<Moments> floats(static_cast<size_t>(channels));
  std::vector<Moments> quantized(static_cast<size_t>(channels));
  for (int64_t i = 0; i < weight.numel(); ++i) {
    floats[static_cast<size_t>(channel_of(i))].add(w[i]);
    quantized[static_cast<size_t>(channel_of(i))].add(value(i));
  }
  for (int64_t i = 0; i < weight.numel(); ++i) {
    const Moments& f = floats[static_cast<size_t>(channel_of(i))];
    const Moments& q = quantized[static_cast<size_t>(channel_of(i))];
    w[i] = static_cast<float>((value(i) + f.mean() - q.mean()) *
                              (f.deviation() / (q.deviation() + 1e-8)));
  }
}

/// Records the scales of the weights as they are and hands out each weight with its scale.
template <class Visit>
void with_weight_scales(const Program& quantized, Scope& scope, const Visit& visit) {
  for (const Op* op : quantized.ops()) {
    if (!is_weight_quantizer(*op)) {
      continue;
    }
    Tensor& weight = scope.get(op->input("X").name());
    const int axis =
        op->type() == "fake_quantize_abs_max" ? -1 : op->attr_or<int32_t>("quant_axis", -1);
    const Tensor scale = abs_max(weight, axis);
    const Var& var = op->has_output("OutScale") ? op->output("OutScale") : op->input("Scale");
    scope.set(var.name(), scale);
    visit(weight, scale, *op);
  }
}

/// The Program to quantize and its values: the caller's, or a copy without batch norm.
struct FloatModel {
  Program program;
  Scope scope;
  std::vector<PassReport> passes;
};

FloatModel float_model(const Program& program, const PtqOptions& options) {
  FloatModel model{program.clone(), options.scope->clone(), {}};
  if (options.optimize_model) {
    model.passes =
        run_pipeline(model.program, {{optimize_model_passes().front(), [&model](Program& subject) {
                                        return fold_batch_norm(subject, model.scope);
                                      }}});
  }
  return model;
}

QuantConfig config_for(const QuantConfig& config, const PtqOptions& options) {
  const bool is_learned = options.weight_rounding == WeightRounding::Learned;
  check(!options.bias_correction || !config.is_portable(),
        "quant_post_static: bias_correction clips weights to their old scales, which the portable "
        "profile cannot prove; leave one of them out");
  check(
      !is_learned || !config.is_portable(),
      "quant_post_static: adaround chooses codes that the portable profile's scales cannot limit; "
      "leave one of them out");
  check(
      !is_learned || !options.bias_correction,
      "quant_post_static: bias_correction rounds anew what adaround chose; leave one of them out");
  check(options.rounding_steps > 0,
        "quant_post_static: rounding_steps is {}; give at least 1",
        options.rounding_steps);
  check(
      !is_learned || config.weight_quantize_type == QuantizeType::ChannelWiseAbsMax,
      "quant_post_static: adaround needs scales per channel, but weight_quantize_type is '{}'; use "
      "channel_wise_abs_max",
      to_string(config.weight_quantize_type));
  check(!options.bias_correction || config.weight_quantize_type == QuantizeType::ChannelWiseAbsMax,
        "quant_post_static: bias_correction needs scales per channel, but weight_quantize_type is "
        "'{}'; use channel_wise_abs_max",
        to_string(config.weight_quantize_type));
  QuantConfig result = config;
  if (options.bias_correction || is_learned) {
    result.weight_scales = WeightScales::Recorded;
  }
  return result;
}

}  // namespace

Converted quant_post_static(const Program& program,
                            const CalibrationBatches& batches,
                            const QuantConfig& config,
                            const PtqOptions& options) {
  check(options.scope != nullptr, "quant_post_static: the scope is null; pass one");
  const QuantConfig used = config_for(config, options);
  FloatModel model = float_model(program, options);
  Scope& scope = model.scope;
  const Program quantized =
      quant_aware(model.program, CpuPlace{}, used, {.for_test = true, .scope = &scope});
  const std::map<std::string, std::string> scales = activation_scales(quantized);
  std::vector<std::string> tensors;
  for (const auto& [scale, tensor] : scales) {
    if (std::ranges::find(tensors, tensor) == tensors.end()) {
      tensors.push_back(tensor);
    }
  }
  PtqOptions on_model = options;
  on_model.scope = &scope;
  const std::map<std::string, float> thresholds =
      calibrate(model.program, tensors, batches, used, on_model);
  for (const auto& [scale, tensor] : scales) {
    scope.set(scale, Tensor::from<float>({1}, {thresholds.at(tensor)}));
  }
  std::vector<std::string> notes;
  if (options.bias_correction) {
    with_weight_scales(quantized, scope, correct_weight);
  }
  if (options.weight_rounding == WeightRounding::Learned) {
    with_weight_scales(quantized, scope, [](const Tensor&, const Tensor&, const Op&) {});
    notes = learn_rounding(model.program, quantized, batches, options.rounding_steps, scope);
  }
  Converted converted =
      convert(quantized, CpuPlace{}, used, {.save_int8 = options.save_int8, .scope = &scope});
  for (Op* op : converted.float_program.ops()) {
    if (op->has_attr("quantization_type")) {
      op->set_attr("quantization_type", std::string("post_") + to_string(options.algorithm));
    }
  }
  QuantReport& report = converted.report;
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  report.passes.insert(report.passes.begin(), model.passes.begin(), model.passes.end());
  return converted;
}

std::vector<std::string> optimize_model_passes() {
  return {"fold_batch_norm"};
}

}  // namespace intact
