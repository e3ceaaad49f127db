#include "intact/quant/quant_aware.h"

#include <set>

#include "base/check.h"
#include "base/nearest.h"
#include "quant/annotate.h"
#include "quant/argument_checks.h"
#include "quant/dry_run.h"
#include "quant/op_selection.h"
#include "quant/pipelines.h"
#include "quant/quant_trace.h"

namespace intact {
namespace {

void check_float_program(const Program& program) {
  for (const Op* op : program.ops()) {
    check(!is_quantize_op(*op) && !is_dequantize_op(*op),
          "quant_aware: the program is quantized already, it holds {}; pass the float program",
          op->label());
  }
}

void check_options(const QuantConfig& config, const QuantAwareOptions& options) {
  check(options.scope != nullptr, "quant_aware: the scope is null; pass one");
  check(!config.quant_post_first || !options.scale_dict.empty() || options.calibration,
        "quant_aware: quant_post_first is true but there are no calibration batches and scale_dict "
        "is empty; give one of them");
  check(config.quant_post_first || !options.calibration,
        "quant_aware: there are calibration batches but quant_post_first is false; set it");
  check_disabled("quant_aware", options.disabled_passes, quant_aware_passes());
  for (const auto& [name, scale] : options.scale_dict) {
    check(scale > 0,
          "quant_aware: scale_dict gives '{}' the scale {}; give an absolute maximum above 0",
          name,
          scale);
  }
}

std::vector<std::string> notes_on(const QuantConfig& config) {
  std::vector<std::string> notes;
  if (config.onnx_format && config.activation_quantize_type != QuantizeType::MovingAverageAbsMax) {
    notes.push_back(
        fmt::format("activation_quantize_type '{}' has no V2 form: moving_average_abs_max is used",
                    to_string(config.activation_quantize_type)));
  }
  return notes;
}

/// scale_dict, with what calibration finds for the tensors it lacks.
std::map<std::string, float> find_scales(const Program& program,
                                         const QuantConfig& config,
                                         const QuantAwareOptions& options) {
  if (!options.calibration) {
    return options.scale_dict;
  }
  const Program eval = program.clone_for_test();
  Scope trial = options.scope->clone();
  QuantConfig plain = config;
  plain.quant_post_first = false;
  const Program quantized =
      quant_aware(eval, CpuPlace{}, plain, {.for_test = true, .scope = &trial});
  const std::set<const Op*> losses = loss_and_metric_ops(eval);  // they would need labels
  std::set<std::string> tensors;
  for (const auto& [scale, tensor] : activation_scales(quantized)) {
    if (!losses.contains(eval.var(tensor).producer())) {
      tensors.insert(tensor);
    }
  }
  std::map<std::string, float> scales = options.scale_dict;
  scales.merge(calibrate(eval,
                         {tensors.begin(), tensors.end()},
                         options.calibration,
                         config,
                         {.algorithm = options.calibration_algorithm, .scope = options.scope}));
  return scales;
}

}  // namespace

Program quant_aware(const Program& program,
                    Place place,
                    const QuantConfig& config,
                    const QuantAwareOptions& given) {
  check_place("quant_aware", place);
  check_quant_config(config);
  check_options(config, given);
  check_float_program(program);
  QuantAwareOptions options = given;
  options.scale_dict = find_scales(program, config, given);
  options.calibration = {};

  Program quantized = program.clone();
  std::vector<std::string> notes = notes_on(config);
  FunctionSplicer functions(program, options);
  const QuantContext context{config, options, *options.scope, notes, functions};
  std::vector<PassReport> passes =
      run_passes(quant_aware_pipeline(), quantized, context, options.disabled_passes);
  annotate_reasons(quantized, passes);
  std::vector<CoverageGap> gaps;
  if (config.coverage != CoveragePolicy::Ignore && !options.for_test) {
    gaps = find_gaps(program, quantized, config, options);
    check(gaps.empty() || config.coverage == CoveragePolicy::Warn,
          "quant_aware: {} of the network cannot ship as it is trained: {}",
          gaps.size() == 1 ? "one part" : fmt::format("{} parts", gaps.size()),
          gaps.empty() ? "" : join_gaps(gaps));
  }
  if (options.used_scale_dict != nullptr) {
    *options.used_scale_dict = options.scale_dict;
  }
  if (options.report != nullptr) {
    *options.report = inspect_quantization(quantized, *options.scope);
    options.report->gaps = std::move(gaps);
    options.report->passes = std::move(passes);
    options.report->notes.insert(options.report->notes.begin(), notes.begin(), notes.end());
  }
  return quantized;
}

std::vector<std::string> quant_aware_passes() {
  return names_of(quant_aware_pipeline());
}

}  // namespace intact
