#include "quant/learn_rounding.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "intact/autodiff/append_backward.h"
#include "intact/ir/gradient_context.h"
#include "intact/nn/activation.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/runtime/executor.h"
#include "intact/tensor/quantize.h"
#include "quant/quant_trace.h"
#include "quant/run_batches.h"

namespace intact {
namespace {

constexpr size_t kKeptBatches = 32;
constexpr double kLearningRate = 1e-2;
constexpr double kRegularization = 0.01;
constexpr double kWarmUp = 0.2;  // share of the steps without regularization
constexpr const char* kTarget = "adaround_target";

/// The op alone, with the gradient of sum |output - target|^2 with respect to its weight.
struct Layer {
  Program program;
  Program startup;
  std::vector<std::string> inputs;  // fed
  std::string weight;
  std::string output;
  std::string loss;
};

Layer isolate(const Op& op, const Var& weight) {
  Layer layer{.weight = weight.name()};
  Block& block = layer.program.block();
  Slots inputs;
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* var : vars) {
      const bool is_weight = var == &weight;
      const bool is_fed = !var->is_persistable();
      Var* copy = block.find_var(var->name());
      if (copy == nullptr) {
        copy = &block.add_var(var->name(),
                              var->dtype(),
                              var->shape(),
                              {.is_persistable = !is_fed,
                               .is_parameter = is_weight,
                               .is_data = is_fed,
                               .stop_gradient = !is_weight});
        if (is_fed) {
          layer.inputs.push_back(var->name());
        }
      }
      inputs[slot].push_back(copy);
    }
  }
  const std::string slot = op.def().quant.outputs.front();
  const Var& output = op.output(slot);
  layer.output = output.name();
  Var& out = block.add_var(output.name(), output.dtype(), output.shape());
  Attributes attrs = op.attrs();
  attrs.erase("op_role");
  block.append_op({.type = op.type(),
                   .inputs = std::move(inputs),
                   .outputs = {{slot, {&out}}},
                   .attrs = std::move(attrs)});
  const ProgramGuard guard(layer.program, layer.startup);
  Var& target = block.add_var(
      kTarget, output.dtype(), output.shape(), {.is_data = true, .stop_gradient = true});
  Var& loss = nn::reduce_sum(nn::activation(nn::elementwise_sub(out, target), "square"), {}, false);
  append_backward(loss);
  layer.loss = loss.name();
  return layer;
}

/// Feeds of the Layer for the first batches: its inputs as the weights rounded so far make them,
/// and its output as the float weights do.
std::vector<TensorMap> record(const Layer& layer,
                              const Program& program,
                              const CalibrationBatches& batches,
                              Scope& floats,
                              Scope& rounded) {
  std::vector<TensorMap> kept;
  run_batches(program, rounded, layer.inputs, batches, [&](const std::vector<Tensor>& values) {
    if (kept.size() == kKeptBatches) {
      return;
    }
    TensorMap& feeds = kept.emplace_back();
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      feeds[layer.inputs[i]] = values[i];
    }
  });
  size_t batch = 0;
  run_batches(program, floats, {layer.output}, batches, [&](const std::vector<Tensor>& values) {
    if (batch < kept.size()) {
      kept[batch++][kTarget] = values[0];
    }
  });
  return kept;
}

/// The two codes of each weight and the choice between them.
class Rounding {
 public:
  Rounding(const Tensor& weight, const Tensor& scale, const Op& quantizer) {
    const bool is_v2 = quantizer.type() == "quantize_linear";
    const int bits = quantizer.attr_or<int32_t>("bit_length", 8);
    const double largest = max_code(bits);
    const int axis = scale.numel() == 1 ? -1 : quantizer.attr_or<int32_t>("quant_axis", -1);
    const Shape& shape = weight.shape();
    const int64_t channels = axis < 0 ? 1 : shape[axis];
    const int64_t inner = axis < 0 ? shape.numel() : shape.numel(axis + 1, shape.rank());
    shape_ = shape;
    const auto count = static_cast<size_t>(weight.numel());
    low_.resize(count);
    high_.resize(count);
    step_.resize(count);
    nearest_.resize(count);
    v_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const auto channel = static_cast<int64_t>(i) / inner % channels;
      step_[i] = std::max(scale.data<float>()[channel], 1e-8f) / largest;
      const double exact = weight.data<float>()[i] / step_[i];
      const double lowest = is_v2 ? -largest - 1 : -largest;
      low_[i] = std::clamp(std::floor(exact), lowest, largest);
      high_[i] = std::clamp(std::floor(exact) + 1, lowest, largest);
      nearest_[i] = exact - std::floor(exact) > 0.5 ? 1 : 0;
      const double share = std::clamp(exact - std::floor(exact), 1e-4, 1 - 1e-4);
      v_[i] = -std::log(1.2 / (share + 0.1) - 1);
    }
    mean_.resize(count);
    square_.resize(count);
  }

  Tensor nearest() const {
    return values([this](size_t i) { return nearest_[i]; });
  }
  Tensor soft() const {
    return values([this](size_t i) { return choice(i); });
  }
  Tensor chosen() const {
    return values([this](size_t i) { return choice(i) >= 0.5 ? 1.0 : 0.0; });
  }
  int64_t changed_count() const {
    int64_t count = 0;
    for (size_t i = 0; i < v_.size(); ++i) {
      count += (choice(i) >= 0.5) != (nearest_[i] == 1) && low_[i] != high_[i] ? 1 : 0;
    }
    return count;
  }

  /// One step of Adam. gradient: of the loss with respect to the weight, times `factor`;
  /// beta 0: without regularization.
  void update(const Tensor& gradient, double factor, double beta, int step) {
    const double rate =
        kLearningRate * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
    for (size_t i = 0; i < v_.size(); ++i) {
      const double sigmoid = 1 / (1 + std::exp(-v_[i]));
      const double h = 1.2 * sigmoid - 0.1;
      if (h <= 0 || h >= 1) {
        continue;
      }
      double slope = factor * gradient.data<float>()[i] * step_[i] * (high_[i] - low_[i]);
      if (beta > 0) {
        const double away = 2 * h - 1;
        slope -=
            kRegularization * 2 * beta * std::copysign(std::pow(std::abs(away), beta - 1), away);
      }
      slope *= 1.2 * sigmoid * (1 - sigmoid);
      mean_[i] = 0.9 * mean_[i] + 0.1 * slope;
      square_[i] = 0.999 * square_[i] + 0.001 * slope * slope;
      v_[i] -= rate * mean_[i] / (std::sqrt(square_[i]) + 1e-8);
    }
  }

 private:
  double choice(size_t i) const { return std::clamp(1.2 / (1 + std::exp(-v_[i])) - 0.1, 0.0, 1.0); }
  template <class Choice>
  Tensor values(const Choice& choice) const {
    Tensor result(DType::Float32, shape_);
    for (size_t i = 0; i < v_.size(); ++i) {
      const double code = low_[i] + choice(i) * (high_[i] - low_[i]);
      result.data<float>()[i] = static_cast<float>(code * step_[i]);
    }
    return result;
  }

  Shape shape_;
  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<double> step_;
  std::vector<double> nearest_;
  std::vector<double> v_;
  std::vector<double> mean_;
  std::vector<double> square_;
};

double error_of(const Layer& layer,
                const std::vector<TensorMap>& kept,
                const Tensor& weight,
                Executor& executor) {
  Scope scope;
  scope.set(layer.weight, weight);
  double error = 0;
  for (const TensorMap& feeds : kept) {
    error += executor.run(layer.program, feeds, {layer.loss}, scope)[0].values<float>()[0] /
             static_cast<double>(feeds.at(kTarget).numel());
  }
  return error / static_cast<double>(kept.size());
}

void learn(const Layer& layer,
           const std::vector<TensorMap>& kept,
           int64_t channels,
           int steps,
           Rounding& rounding,
           Executor& executor) {
  const double warm_up = kWarmUp * steps;
  Scope scope;
  for (int step = 0; step < steps; ++step) {
    const TensorMap& feeds = kept[static_cast<size_t>(step) % kept.size()];
    scope.set(layer.weight, rounding.soft());
    const Tensor gradient = executor.run(layer.program, feeds, {grad_name(layer.weight)}, scope)[0];
    const double share = (step - warm_up) / (steps - warm_up);
    const double beta =
        share < 0 ? 0 : 2 + 9 * (1 + std::cos(share * std::numbers::pi));  // from 20 to 2
    const double factor =
        static_cast<double>(channels) / static_cast<double>(feeds.at(kTarget).numel());
    rounding.update(gradient, factor, beta, step + 1);
  }
}

/// The first op of the float Program that reads this weight.
const Op* reader_of(const Program& program, const std::string& weight) {
  const Var* var = program.block().find_var(weight);
  for (const Op* op : var == nullptr ? std::vector<Op*>{} : var->consumers()) {
    const QuantTraits& traits = op->def().quant;
    if (op->is_forward() && !traits.weight.empty() && op->has_input(traits.weight) &&
        &op->input(traits.weight) == var && !traits.outputs.empty()) {
      return op;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> learn_rounding(const Program& program,
                                        const Program& quantized,
                                        const CalibrationBatches& batches,
                                        int steps,
                                        Scope& scope) {
  std::vector<std::string> notes;
  Scope floats = scope.clone();
  for (const Op* quantizer : quantized.ops()) {
    if (!is_weight_quantizer(*quantizer)) {
      continue;
    }
    const std::string name = quantizer->input("X").name();
    const Op* op = reader_of(program, name);
    const Tensor& weight = floats.get(name);
    if (op == nullptr || weight.dtype() != DType::Float32) {
      notes.push_back(
          fmt::format("adaround: '{}' is no float32 weight of one op; it is rounded", name));
      continue;
    }
    const Layer layer = isolate(*op, op->input(op->def().quant.weight));
    const std::vector<TensorMap> kept = record(layer, program, batches, floats, scope);
    const Var& scale = quantizer->has_output("OutScale") ? quantizer->output("OutScale")
                                                         : quantizer->input("Scale");
    Rounding rounding(weight, scope.get(scale.name()), *quantizer);
    Executor executor;
    const int64_t channels = weight.shape()[op->def().quant.weight_axis];
    learn(layer, kept, channels, steps, rounding, executor);
    const double before = error_of(layer, kept, rounding.nearest(), executor);
    const double after = error_of(layer, kept, rounding.chosen(), executor);
    const bool is_better = after < before;
    scope.set(name, is_better ? rounding.chosen() : rounding.nearest());
    notes.push_back(
        fmt::format("adaround: {}: {} of {} codes are not the nearest; mean squared error of the "
                    "output {:.3g}, "
                    "with the nearest {:.3g}",
                    op->label(),
                    is_better ? rounding.changed_count() : 0,
                    weight.numel(),
                    is_better ? after : before,
                    before));
  }
  return notes;
}

}  // namespace intact
