#include "quant/dry_run.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "intact/quant/convert.h"
#include "interop/paddle/params_file.h"
#include "quant/annotate.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

/// Why the user's configuration, and not the op, keeps it float.
bool is_chosen(const std::string& reason) {
  return reason.find("not_quant_pattern") != std::string::npos ||
         reason.find("not among the op types") != std::string::npos;
}

std::string remedy_for(const std::string& reason) {
  if (reason.find("not persistable") != std::string::npos) {
    return "make its weight a parameter, or name it in not_quant_pattern to ship it as float";
  }
  return "change the layer, or name it in not_quant_pattern to ship it as float";
}

/// Ops with a weight that would be quantized but for a reason of their own.
void add_float_layers(const Program& quantized, std::vector<CoverageGap>& gaps) {
  for (const Op* op : quantized.ops()) {
    const QuantTraits& traits = op->def().quant;
    if (!op->is_forward() || !traits.in_weight_pass || !quantization_type(*op).empty()) {
      continue;
    }
    const std::string reason = op->attr_or<std::string>(kReasonAttribute, "");
    const bool is_product =
        op->has_input(traits.weight) && !op->input(traits.weight).is_persistable();
    const bool is_matrix_product = op->type().starts_with("matmul") || op->type() == "mul";
    if (!reason.empty() && !is_chosen(reason) && !(is_product && is_matrix_product)) {
      gaps.push_back({op->label(), reason, remedy_for(reason)});
    }
  }
}

bool is_metric(const Op& op, const std::set<const Op*>& losses) {
  return losses.contains(&op) || op.type() == "top_k_v2";
}

/// Float Vars that the network computes for the loss, for metrics, or for nobody in the program.
std::vector<std::string> outputs_of(const Program& program) {
  const std::set<const Op*> losses = loss_and_metric_ops(program);
  std::vector<std::string> outputs;
  for (const Op* op : program.ops()) {
    if (!op->is_forward() || is_metric(*op, losses)) {
      continue;
    }
    for (const SlotDef& slot : op->def().outputs) {
      for (const Var* var : op->output_list(slot.name)) {
        const bool is_inner = std::ranges::any_of(
            var->consumers(), [&](const Op* reader) { return !is_metric(*reader, losses); });
        if (!slot.is_intermediate && is_float(var->dtype()) && !var->is_persistable() &&
            !is_inner && is_observed(*op)) {
          outputs.push_back(var->name());
        }
      }
    }
  }
  return outputs;
}

std::vector<std::string> feeds_of(const Program& program, const std::vector<std::string>& fetches) {
  std::vector<std::string> feeds;
  const Program needed = program.prune({}, fetches);
  for (const Var* var : needed.block().vars()) {
    if (var->is_data() && !var->consumers().empty()) {
      feeds.push_back(var->name());
    }
  }
  return feeds;
}

/// Different everywhere, so that a mix-up of two tensors shows.
Tensor placeholder(const Var& var) {
  Tensor tensor = filled(var.dtype(), var.shape(), 0);
  if (var.dtype() == DType::Float32) {
    uint32_t state = 12345 + static_cast<uint32_t>(std::hash<std::string>{}(var.name()) % 1000003);
    for (float& value : tensor.values<float>()) {
      state = state * 1664525 + 1013904223;
      value = 0.5f + static_cast<float>(state >> 9) / (1 << 23);
    }
  }
  return tensor;
}

/// What the untrained model would be saved from: the Scope's tensors, others made up.
Scope trial_scope(const Program& program, const Scope& from) {
  Scope scope;
  for (const Var* var : program.block().vars()) {
    if (!var->is_persistable() || var->kind() != VarKind::Tensor || !var->shape().is_known()) {
      continue;
    }
    if (const Tensor* known = from.find(var->name())) {
      scope.set(var->name(), *known);  // shared: a trial replaces tensors, it writes to none
    } else if (is_float(var->dtype()) || var->dtype() == DType::Int32 ||
               var->dtype() == DType::Int64) {
      scope.set(var->name(), placeholder(*var));
    }
  }
  return scope;
}

/// "conv2d 'c1'" of "conv2d 'c1' reads ..." and of "write_onnx: conv2d 'c1': why".
std::string subject_of(const std::string& sentence) {
  const size_t quote = sentence.find('\'');
  const size_t end = quote == std::string::npos ? quote : sentence.find('\'', quote + 1);
  if (end == std::string::npos) {
    return "the network";
  }
  const size_t colon = sentence.rfind(": ", quote);
  const size_t begin = colon == std::string::npos ? 0 : colon + 2;
  return sentence.substr(begin, end + 1 - begin);
}

void add_gaps(const std::vector<std::string>& differences,
              const std::string& reason,
              const std::string& remedy,
              std::vector<CoverageGap>& gaps) {
  for (const std::string& difference : differences) {
    gaps.push_back({subject_of(difference), reason + difference, remedy});
  }
}

void add_onnx_gaps(const InferenceModel& trained, std::vector<CoverageGap>& gaps) {
  const std::string remedy =
      "change the layer, name it in not_quant_pattern, or train with deploy = \"paddle\"";
  try {
    add_gaps(onnx_export_differences(trained), "the ONNX file differs: ", remedy, gaps);
  } catch (const Error& error) {
    gaps.push_back({subject_of(error.what()), std::string("ONNX: ") + error.what(), remedy});
  }
}

void export_untrained(const Program& program,
                      const QuantConfig& config,
                      const QuantAwareOptions& options,
                      std::vector<CoverageGap>& gaps) {
  const Program eval = program.clone_for_test();
  Scope scope = trial_scope(eval, *options.scope);
  QuantAwareOptions trial = options;
  trial.for_test = true;
  trial.scope = &scope;
  trial.report = nullptr;
  trial.used_scale_dict = nullptr;
  const Program quantized = quant_aware(eval, CpuPlace{}, config, trial);
  const std::vector<std::string> fetches = outputs_of(eval);
  const bool has_quantizer =
      std::ranges::any_of(quantized.ops(), [](const Op* op) { return is_quantize_op(*op); });
  if (fetches.empty() || !has_quantizer) {
    return;
  }
  const auto feeds = feeds_of(quantized, fetches);
  add_gaps(export_differences(quantized, scope, config, feeds, fetches),
           "the exported file differs: ",
           "export in the other format (onnx_format), or name it in not_quant_pattern",
           gaps);
  if (config.is_portable()) {
    const InferenceModel trained = {.program = quantized.prune(feeds, fetches),
                                    .feeds = feeds,
                                    .fetches = fetches,
                                    .scope = std::move(scope)};
    add_onnx_gaps(trained, gaps);
  }
}

}  // namespace

std::vector<CoverageGap> find_gaps(const Program& program,
                                   const Program& quantized,
                                   const QuantConfig& config,
                                   const QuantAwareOptions& options) {
  std::vector<CoverageGap> gaps;
  add_float_layers(quantized, gaps);
  const bool is_custom = options.weight_quantize_func || options.act_quantize_func ||
                         options.weight_preprocess_func || options.act_preprocess_func;
  if (is_custom || !options.disabled_passes.empty()) {
    return gaps;  // what hooks build is theirs to export
  }
  try {
    export_untrained(program, config, options, gaps);
  } catch (const Error& error) {
    gaps.push_back({"the network", error.what(), "change what it names"});
  }
  return gaps;
}

std::string join_gaps(const std::vector<CoverageGap>& gaps) {
  std::string text;
  for (const CoverageGap& gap : gaps) {
    text += (text.empty() ? "" : ". ") + gap.to_text();
  }
  return text;
}

namespace {

/// The tensors of `written` as a reader of its file gives them to `read`: by position. One after
/// another, so that a large model is not there three times.
Scope through_file(const Program& written, Scope scope, const Program& read) {
  const std::vector<std::string> from = param_names(written);
  const std::vector<std::string> to = param_names(read);
  check(from.size() == to.size(),
        "dry run: {} tensors are written but {} read; report this program",
        from.size(),
        to.size());
  Scope tensors;
  for (size_t i = 0; i < from.size(); ++i) {
    const std::string bytes = write_params({from[i]}, scope);
    scope.erase(from[i]);
    TensorMap one = paddle::read_tensors(bytes, {to[i]}, "dry run");
    tensors.set(to[i], std::move(one.at(to[i])));
  }
  return tensors;
}

}  // namespace

std::vector<std::string> export_differences(const Program& quant_val_program,
                                            const Scope& scope,
                                            const QuantConfig& config,
                                            const std::vector<std::string>& feeds,
                                            const std::vector<std::string>& fetches) {
  const CoverageLedger trained = coverage_ledger(quant_val_program, scope, feeds, fetches);
  Scope scope_of_file;
  const Program pruned = [&] {
    Converted converted = convert(quant_val_program, CpuPlace{}, config, {.scope = &scope});
    scope_of_file = std::move(converted.scope);
    return converted.float_program.prune(feeds, fetches);
  }();
  const Program read = read_program(write_program(pruned), "dry run");
  const Scope tensors = through_file(pruned, std::move(scope_of_file), read);
  return compare_coverage(trained, coverage_ledger(read, tensors, feeds, fetches));
}

}  // namespace intact
