#include "intact/quant/quant_post_dynamic.h"

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "ops/detail/int8_weight.h"
#include "quant/passes/passes.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

void check_options(const QuantPostDynamicOptions& options) {
  const std::vector<std::string> known = {"conv2d", "depthwise_conv2d", "mul"};
  check(options.scope != nullptr, "quant_post_dynamic: the scope is null; pass one");
  for (const std::string& type : options.quantizable_op_type) {
    check(std::ranges::count(known, type) > 0,
          "quant_post_dynamic: quantizable_op_type holds '{}'; use some of {}",
          type,
          fmt::join(known, ", "));
  }
  check(options.weight_bits == 8 || options.weight_bits == 16,
        "quant_post_dynamic: weight_bits is {}; use 8 or 16",
        options.weight_bits);
  const bool is_channel_wise = options.weight_quantize_type == QuantizeType::ChannelWiseAbsMax;
  check(is_channel_wise || options.weight_quantize_type == QuantizeType::AbsMax,
        "quant_post_dynamic: weight_quantize_type is '{}'; use channel_wise_abs_max or abs_max",
        to_string(options.weight_quantize_type));
  check(options.threshold_rate >= 0 && options.threshold_rate < 1,
        "quant_post_dynamic: threshold_rate is {}; give a share from 0 to below 1",
        options.threshold_rate);
  check(options.threshold_rate == 0 || !is_channel_wise,
        "quant_post_dynamic: threshold_rate is {} but weight_quantize_type is "
        "channel_wise_abs_max, which clips nothing; use abs_max or leave it 0",
        options.threshold_rate);
}

void save(const std::string& dir,
          const std::string& name,
          const InferenceModel& model,
          const Program& program,
          const Scope& scope) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    fail(ErrorCode::Io, "{}: {}; give a folder that can be made", dir, error.message());
  }
  save_inference_model(dir + "/" + name, model.feeds, model.fetches, program, scope);
}

}  // namespace

void dequantize_weights(Program& program, Scope& scope) {
  for (const Op* op : program.ops()) {
    if (op->def().quant.weight.empty() || !op->has_input(op->def().quant.weight)) {
      continue;
    }
    Var& weight = op->input(op->def().quant.weight);
    const std::string attribute = weight_steps_attribute(weight.name());
    if (!op->has_attr(attribute) || weight.dtype() == DType::Float32) {
      continue;
    }
    Tensor values = scope.get(weight.name()).cast(DType::Float32);
    const int axis = weight_steps_axis(*op, values.shape());
    scale_by_steps(op->label(), op->attr<Floats>(attribute), axis, values);
    scope.set(weight.name(), values);
    weight.set_dtype(DType::Float32);
  }
}

QuantPostDynamic quant_post_dynamic(const Program& program,
                                    const QuantPostDynamicOptions& options) {
  check_options(options);
  QuantPostDynamic result;
  result.program = program.clone();
  result.scope = copy_persistables(program, *options.scope);
  DynamicContext context{options, result.scope};
  result.report = quantize_stored_weights(result.program, context);
  result.report.name = quant_post_dynamic_passes().front();
  if (options.generate_test_model) {
    result.test_program = result.program.clone();
    result.test_scope = result.scope.clone();
    dequantize_weights(*result.test_program, *result.test_scope);
  }
  return result;
}

std::vector<std::string> quant_post_dynamic_passes() {
  return {"quantize_stored_weights"};
}

QuantPostDynamic quant_post_dynamic(const std::string& model,
                                    const std::string& save_dir,
                                    const QuantPostDynamicOptions& options,
                                    const std::string& name) {
  const InferenceModel loaded = load_inference_model(model);
  QuantPostDynamicOptions used = options;
  used.scope = &loaded.scope;
  QuantPostDynamic result = quant_post_dynamic(loaded.program, used);
  save(save_dir + "/quantized_model", name, loaded, result.program, result.scope);
  if (result.test_program.has_value()) {
    save(save_dir + "/test_model", name, loaded, *result.test_program, *result.test_scope);
  }
  return result;
}

}  // namespace intact
