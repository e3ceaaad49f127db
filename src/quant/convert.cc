#include "intact/quant/convert.h"

#include "base/check.h"
#include "intact/ir/rewriter.h"
#include "quant/argument_checks.h"
#include "quant/op_selection.h"
#include "quant/pipelines.h"
#include "quant/quant_trace.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

void check_is_for_test(const Program& program) {
  for (const Op* op : program.ops()) {
    check(op->is_forward(),
          "convert: the program is for training, it holds {}; pass quant_aware(val_program, ..., "
          "for_test = true)",
          op->label());
    const bool is_activation = is_quantize_op(*op) && !is_weight_quantizer(*op);
    check(!is_activation || op->attr_or<bool>("is_test", true),
          "convert: {} still updates its scale; pass quant_aware(val_program, ..., for_test = "
          "true)",
          op->label());
  }
}

void check_format(const Program& program, bool onnx_format) {
  bool is_quantized = false;
  for (const Op* op : program.ops()) {
    if (!is_quantize_op(*op)) {
      continue;
    }
    is_quantized = true;
    const bool is_v2 = op->type() == "quantize_linear";
    check(is_v2 == onnx_format,
          "convert: the program holds {}, which is {}, but the config says onnx_format = {}; use "
          "the config of quant_aware",
          op->label(),
          is_v2 ? "V2 (onnx_format = true)" : "V1 (onnx_format = false)",
          onnx_format);
  }
  check(is_quantized,
        "convert: the program holds no quantizer; pass the result of quant_aware(..., for_test = "
        "true)");
}

void check_fits_int8(const Program& program) {
  for (const Op* op : program.ops()) {
    const int32_t bits = op->attr_or<int32_t>("bit_length", 8);
    check(!is_weight_quantizer(*op) || bits <= 8,
          "convert: {} makes codes of {} bits, which int8 cannot hold; leave out save_int8, or use "
          "weight_bits up to 8",
          op->label(),
          bits);
  }
}

void drop_unused(Program& program) {
  Rewriter rewriter(program.block());
  rewriter.remove_unused_vars(/*also_persistable=*/true);
}

void keep_only(Scope& scope, const Program& first, const Program* second) {
  for (const std::string& name : scope.names()) {
    const bool is_used = first.block().find_var(name) != nullptr ||
                         (second != nullptr && second->block().find_var(name) != nullptr);
    if (!is_used) {
      scope.erase(name);
    }
  }
}

void append(std::vector<PassReport>& all, std::vector<PassReport> more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

Converted convert(const Program& quant_val_program,
                  Place place,
                  const QuantConfig& config,
                  const ConvertOptions& options) {
  check_place("convert", place);
  check(options.scope != nullptr, "convert: the scope is null; pass one");
  check_disabled(
      "convert", options.disabled_passes, convert_passes(config.onnx_format, options.exact));
  check_format(quant_val_program, config.onnx_format);
  check_is_for_test(quant_val_program);
  if (options.save_int8) {
    check_fits_int8(quant_val_program);
  }

  Converted result;
  result.float_program = quant_val_program.clone();
  result.scope = share_persistables(quant_val_program, *options.scope);  // passes replace tensors
  ConvertContext context{config, result.scope};
  std::vector<PassReport> passes = run_passes(convert_pipeline(config.onnx_format, options.exact),
                                              result.float_program,
                                              context,
                                              options.disabled_passes);
  drop_unused(result.float_program);
  if (options.save_int8) {
    result.int8_program = result.float_program.clone();
    append(passes,
           run_passes(int8_pipeline(config.onnx_format),
                      *result.int8_program,
                      context,
                      options.disabled_passes));
    drop_unused(*result.int8_program);
  }
  keep_only(
      result.scope, result.float_program, result.int8_program ? &*result.int8_program : nullptr);
  own_tensors(result.scope, *options.scope);
  result.report = inspect_quantization(result.float_program, result.scope);
  result.report.passes = std::move(passes);
  return result;
}

std::vector<std::string> convert_passes(bool onnx_format, bool exact) {
  std::vector<std::string> names = names_of(convert_pipeline(onnx_format, exact));
  for (const std::string& name : names_of(int8_pipeline(onnx_format))) {
    names.push_back(name);
  }
  return names;
}

}  // namespace intact
