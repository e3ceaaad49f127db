#include "quant/op_selection.h"

#include <algorithm>

#include "intact/ir/op_registry.h"
#include "quant/function_splicer.h"

namespace intact {
namespace {

using Types = std::set<std::string>;

// Op types that quantize their activations on a backend. Source: PaddleSlim 2.6.0 presets
// (spec 2.3).
Types backend_types(DeployBackend backend) {
  if (backend == DeployBackend::TensorRt) {
    return {"pool2d",
            "elementwise_add",
            "elementwise_sub",
            "elementwise_mul",
            "elementwise_pow",
            "concat",
            "softmax",
            "argmax",
            "mean",
            "relu",
            "relu6",
            "leaky_relu",
            "tanh",
            "swish",
            "softplus",
            "gelu",
            "hard_sigmoid",
            "hard_swish",
            "sigmoid",
            "layer_norm",
            "matmul_v2",
            "split",
            "bilinear_interp",
            "bilinear_interp_v2",
            "nearest_interp",
            "nearest_interp_v2",
            "trilinear_interp",
            "trilinear_interp_v2",
            "clip",
            "pow",
            "reduce_mean",
            "reduce_sum",
            "reduce_max"};
  }
  return {"pool2d",
          "elementwise_add",
          "elementwise_mul",
          "concat",
          "nearest_interp",
          "nearest_interp_v2",
          "split"};
}

// Source: PaddleSlim 2.6.0 TENSORRT_OP_TYPES.
const Types kTensorRtTypes = {
    "mul", "conv2d", "pool2d", "depthwise_conv2d", "elementwise_add", "leaky_relu"};

}  // namespace

OpSelection select_op_types(const QuantConfig& config) {
  const Types wanted =
      config.for_tensorrt ? kTensorRtTypes
                          : Types(config.quantize_op_types.begin(), config.quantize_op_types.end());
  const bool has_preset = config.deploy_backend == DeployBackend::TensorRt ||
                          config.deploy_backend == DeployBackend::Mkldnn;
  Types preset = has_preset ? backend_types(config.deploy_backend) : wanted;
  if (config.is_portable()) {
    preset.merge(backend_types(DeployBackend::Mkldnn));  // so that no layer in between is float
  }
  OpSelection selection;
  for (const std::string& type : op_registry().types()) {
    const QuantTraits& traits = op_registry().get(type).quant;
    if (std::ranges::count(config.skip_op_types, type) > 0) {
      continue;
    }
    if (traits.in_weight_pass && (config.is_full_quantize || wanted.contains(type))) {
      selection.with_weight.insert(type);
    }
    if (traits.in_activation_pass && (config.is_full_quantize || preset.contains(type))) {
      selection.without_weight.insert(type);
    }
  }
  return selection;
}

bool is_observed(const Op& op) {
  return op.def().quant.in_weight_pass || op.def().quant.in_activation_pass;
}

bool is_marked_skipped(const Op& op) {
  return op.attr_or<bool>("skip_quant", false);
}

std::string why_marked_skipped(const Op& op) {
  const bool is_of_function = op.attr_or<std::string>("op_namescope", "") == kFunctionScope;
  return is_of_function ? "it belongs to a function that quant_aware was given"
                        : "not_quant_pattern excludes it";
}

std::string quantization_type(const Op& op) {
  return op.attr_or<std::string>("quantization_type", "");
}

std::set<const Op*> loss_and_metric_ops(const Program& program) {
  std::set<const Op*> found;
  std::set<const Var*> tainted;
  for (const Op* op : program.ops()) {
    bool is_loss = (op->role() & role::kLoss) != 0 || op->has_input("Label");
    for (const auto& [slot, vars] : op->inputs()) {
      for (const Var* var : vars) {
        is_loss = is_loss || tainted.contains(var);
      }
    }
    if (!is_loss || !op->is_forward()) {
      continue;
    }
    found.insert(op);
    for (const auto& [slot, vars] : op->outputs()) {
      tainted.insert(vars.begin(), vars.end());
    }
  }
  return found;
}

void copy_role(OpSpec& inserted, const Op& anchor) {
  if (anchor.has_attr("op_role")) {
    inserted.attrs["op_role"] = anchor.role();
  }
}

std::vector<std::string> quantizable_slots(const Op& op) {
  const QuantTraits& traits = op.def().quant;
  std::vector<std::string> slots = traits.inputs;
  if (!traits.weight.empty() && std::ranges::count(slots, traits.weight) == 0) {
    slots.push_back(traits.weight);
  }
  return slots;
}

int weight_axis(const Op& op) {
  const bool is_transposed =
      op.attr_or<bool>("trans_y", false) || op.attr_or<bool>("transpose_Y", false);
  return is_transposed ? 0 : op.def().quant.weight_axis;
}

}  // namespace intact
