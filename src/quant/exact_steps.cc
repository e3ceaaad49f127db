// Why these steps: products of codes, times steps of few bits, are sums of integers below 2^24
// times a power of two, which float32 holds exactly in any order; dividing by a power of two is
// exact; then rint sees the same number, ties included, as the integer program. A runtime may add a
// zero point of 128 in front of rint: what it is added to must then be a multiple of 2^-16.
#include "intact/quant/exact_steps.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"
#include "intact/passes/deployment_form.h"
#include "ir/quantizer_range.h"
#include "quant/deployed_layer.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"
#include "tensor/short_step.h"

namespace intact {
namespace {

/// A step is not doubled to keep the last percent of the range.
constexpr double kClipped = 1.01;

float power_of_two_scale(float scale, int32_t levels) {
  const double step = double{scale} / levels;
  return static_cast<float>(levels * std::exp2(std::ceil(std::log2(step / kClipped))));
}

int choose_activation_steps(const Program& quantized, Scope& scope) {
  std::set<std::string> chosen;
  for (const Op* op : quantized.ops()) {
    if (!is_quantize_op(*op) || is_only_observer(*op) || !op->has_attr(kZeroPointAttribute)) {
      continue;
    }
    const std::string& name = op->input(op->has_input("InScale") ? "InScale" : "Scale").name();
    float& scale = scope.get(name).values<float>()[0];
    if (scale > 0) {
      scale = power_of_two_scale(scale, quantizer_range(*op).levels);
      chosen.insert(name);
    }
  }
  return static_cast<int>(chosen.size());
}

/// The batch norm that alone follows an op, behind biases; observers beside and between.
const Op* batch_norm_behind(const Op& op) {
  const Var* result = &op.output(op.def().quant.outputs.front());
  while (result != nullptr) {
    const Var* next = nullptr;
    for (const Op* reader : result->consumers()) {
      if (reader->type() == "batch_norm") {
        return reader;
      }
      if (is_only_observer(*reader)) {
        next = &reader->output("Y");
      } else if (reader->type() == "elementwise_add" && reader->input("Y").is_persistable()) {
        next = &reader->output("Out");
      }
    }
    result = next;
  }
  return nullptr;
}

/// Elements of `values` whose index along `axis` is c, times ratios[c].
void scale_channels(Tensor& values, int axis, const std::vector<double>& ratios) {
  const int64_t inner = values.shape().numel(axis + 1, values.shape().rank());
  float* data = values.data<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    data[i] = static_cast<float>(data[i] * ratios[static_cast<size_t>(i / inner) % ratios.size()]);
  }
}

/// What `op` takes its weight's codes from, in float.
Tensor* float_weight(const Op& op, Scope& scope) {
  for (const QuantizedInput& input : quantized_inputs(op)) {
    if (input.slot == op.def().quant.weight && input.original->is_persistable()) {
      return scope.find(input.original->name());
    }
  }
  return nullptr;
}

/// The onnx_quantize_linear of an op's result, behind what its sum passes on the way.
const Op* quantizer_behind(const Op& op) {
  const std::set<std::string> passed = {"elementwise_add", "relu", "relu6", "pool2d"};
  const Op* next = &op;
  do {
    const Var& result =
        next->output(next->def().quant.outputs.empty() ? "Out" : next->def().quant.outputs.front());
    next = result.consumers().size() == 1 ? result.consumers().front() : nullptr;
  } while (next != nullptr && passed.contains(next->type()));
  return next != nullptr && next->type() == "onnx_quantize_linear" ? next : nullptr;
}

constexpr double kFinestProduct = 1.0 / 65536;

class WeightSteps {
 public:
  WeightSteps(const Program& quantized, Scope& scope, const std::vector<std::string>& targets)
      : scope_(scope), form_(deployment_form(quantized, scope, targets)) {
    for (const Op* op : form_.program.ops()) {
      if (const auto layer = deployed_layer(*op)) {
        steps_[op->label()] = {.steps = form_.scope.get(layer->weight->input("Step").name()),
                               .unit = unit_of(*op, *layer)};
      }
    }
  }

  /// Channels changed.
  int choose(const Op& op) {
    const auto found = steps_.find(op.label());
    if (found == steps_.end()) {
      return 0;
    }
    std::vector<double> ratios;
    for (const float step : found->second.steps.values<float>()) {
      ratios.push_back(short_step(step, found->second.unit) / double{step});
    }
    if (const Op* batch_norm = batch_norm_behind(op)) {
      scale_channels(scope_.get(batch_norm->input("Scale").name()), 0, ratios);
    } else if (Tensor* weight = float_weight(op, scope_)) {
      scale_channels(*weight, weight_axis(op), ratios);
    }
    return static_cast<int>(ratios.size());
  }

  std::vector<std::string> inexact() const {
    std::vector<std::string> ops;
    for (const auto& [op, layer] : steps_) {
      if (!std::ranges::all_of(layer.steps.values<float>(),
                               [](float step) { return short_step(step) == step; })) {
        ops.push_back(op);
      }
    }
    return ops;
  }

 private:
  struct Layer {
    Tensor steps;
    double unit = 0;  // steps are multiples of it
  };

  float step_of(const Op& op) const {
    return form_.scope.get(op.input("Step").name()).values<float>()[0];
  }

  double unit_of(const Op& op, const DeployedLayer& layer) const {
    const Op* quantizer = quantizer_behind(op);
    if (quantizer == nullptr || form_.scope.get(quantizer->input("ZeroPoint").name())
                                        .cast(DType::Int32)
                                        .values<int32_t>()[0] == 0) {
      return 0;
    }
    return kFinestProduct * step_of(*quantizer) / step_of(*layer.activation);
  }

  Scope& scope_;
  DeploymentForm form_;
  std::map<std::string, Layer> steps_;  // by op
};

}  // namespace

ExactSteps choose_exact_steps(const Program& quantized,
                              Scope& scope,
                              const std::vector<std::string>& targets) {
  ExactSteps result{.activations = choose_activation_steps(quantized, scope)};
  check(result.activations > 0,
        "choose_exact_steps: the Program has no activation quantizer of the portable profile; "
        "quantize with deploy = portable");
  WeightSteps weights(quantized, scope, targets);
  for (const Op* op : quantized.ops()) {
    result.channels += weights.choose(*op);
  }
  result.inexact = WeightSteps(quantized, scope, targets).inexact();
  return result;
}

}  // namespace intact
