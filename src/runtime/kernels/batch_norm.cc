// batch_norm and what is fused into it: observers of X, of the normalized values and of Y, the
// residual add, the activation, the quantizer of Y. X is read once for statistics and once to be
// applied.
#include "backend/cpu/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/batch_norm_quantize.h"
#include "runtime/activation_of.h"
#include "runtime/batch_norm_node.h"
#include "runtime/kernel.h"
#include "runtime/scratch.h"

namespace intact {
namespace {

struct Layout {
  int64_t pixels = 0;
  int64_t channels = 0;
};

Layout layout_of(const Graph& graph, ValueId x) {
  const Shape& shape = graph[x].shape;
  return {shape.numel() / shape[1], shape[1]};
}

bool has_affine(const Node& node) {
  return node.in("Scale") != kNoValue && node.in("Bias") != kNoValue &&
         node.in("MomentumTensor") == kNoValue;
}

bool accepts_forward(const Graph& graph, const Node& node) {
  const int rank = graph[node.in("X")].shape.rank();
  return (rank == 2 || rank == 4) && has_affine(node) &&
         is_float32(graph, node, {"X", "Scale", "Bias", "Mean", "Variance"});
}

/// The forward step: where each per-channel array lies.
struct Forward {
  Layout size;
  bool uses_running = false;
  float momentum = 0;
  float epsilon = 0;
  cpu::Activation activation = cpu::Activation::None;
  ValueId x, gamma, beta, running_mean_in, running_variance_in, running_mean, running_variance;
  ValueId residual, saved_mean, saved_inv_std, y, codes;
  std::vector<BatchNormObserver> observers;
  std::optional<Quantizer> quantizer;
  int64_t mean, variance, inv_std, min, max, a, b, workspace;

  void run(const Run& run) const;

 private:
  void normalize_by_batch(const Run& run) const;
  void observe(const Run& run) const;
  void apply(const Run& run) const;
};

void Forward::run(const Run& run) const {
  float* scratch = run.scratch();
  float* mean_at = saved_mean != kNoValue ? run.at(saved_mean) : scratch + mean;
  float* inv_std_at = saved_inv_std != kNoValue ? run.at(saved_inv_std) : scratch + inv_std;
  if (uses_running) {
    std::copy_n(run.at(running_mean_in), size.channels, mean_at);
    std::copy_n(run.at(running_variance_in), size.channels, scratch + variance);
  } else {
    cpu::batch_norm_statistics(size.pixels,
                               size.channels,
                               run.at(x),
                               {.mean = mean_at,
                                .variance = scratch + variance,
                                .min = scratch + min,
                                .max = scratch + max},
                               scratch + workspace);
  }
  cpu::batch_norm_inverse_std(size.channels, scratch + variance, epsilon, inv_std_at);
  cpu::batch_norm_coefficients(
      size.channels, run.at(gamma), run.at(beta), mean_at, inv_std_at, scratch + a, scratch + b);
  if (running_mean != running_mean_in && run.at(running_mean) != run.at(running_mean_in)) {
    std::copy_n(run.at(running_mean_in), size.channels, run.at(running_mean));
    std::copy_n(run.at(running_variance_in), size.channels, run.at(running_variance));
  }
  if (!uses_running) {
    cpu::batch_norm_update_running(size.channels,
                                   momentum,
                                   mean_at,
                                   scratch + variance,
                                   run.at(running_mean),
                                   run.at(running_variance));
  }
  observe(run);
  apply(run);
}

void Forward::observe(const Run& run) const {
  const float* scratch = run.scratch();
  for (const BatchNormObserver& observer : observers) {
    float abs_max = 0;
    if (observer.point == ObservedPoint::X) {
      for (int64_t c = 0; c < size.channels; ++c) {
        abs_max = std::max({abs_max, std::abs(scratch[min + c]), std::abs(scratch[max + c])});
      }
    } else {
      abs_max = cpu::abs_max_after(
          size.channels,
          scratch + min,
          scratch + max,
          scratch + a,
          scratch + b,
          observer.point == ObservedPoint::Y ? activation : cpu::Activation::None);
    }
    observer.average.update(run, abs_max);
  }
}

void Forward::apply(const Run& run) const {
  float* scratch = run.scratch();
  if (!quantizer.has_value()) {
    if (y == kNoValue) {
      return;  // only the statistics are wanted
    }
    cpu::scale_shift_activation(size.pixels,
                                size.channels,
                                run.at(x),
                                scratch + a,
                                scratch + b,
                                run.at(residual),
                                activation,
                                run.at(y));
    return;
  }
  float scale = 0;
  if (quantizer->source == ScaleSource::MovingAverage) {
    scale = quantizer->average.update(
        run,
        cpu::abs_max_after(
            size.channels, scratch + min, scratch + max, scratch + a, scratch + b, activation));
  } else {
    scale = *run.at(quantizer->scale_in);
    if (quantizer->scale_out != kNoValue) {
      *run.at(quantizer->scale_out) = scale;
    }
  }
  const cpu::BatchNormQuantize pass{.pixels = size.pixels,
                                    .channels = size.channels,
                                    .x = run.at(x),
                                    .a = scratch + a,
                                    .b = scratch + b,
                                    .activation = activation,
                                    .scale = scale,
                                    .bits = quantizer->bits,
                                    .round = quantizer->round,
                                    .activation_out = run.at(y)};
  if (codes != kNoValue) {
    cpu::batch_norm_codes(pass, run.at<int8_t>(codes));
  } else {
    cpu::batch_norm_values(pass, run.at(quantizer->out));
  }
}

Step prepare_forward(const Graph& graph, const Node& node) {
  Forward step;
  step.size = layout_of(graph, node.in("X"));
  step.uses_running = uses_running_statistics(node);
  step.momentum = node.attr<float>("momentum");
  step.epsilon = node.attr<float>("epsilon");
  step.activation = *activation_of(node.attr_or<std::string>("activation", ""), node);
  step.x = node.in("X");
  step.gamma = node.in("Scale");
  step.beta = node.in("Bias");
  step.running_mean_in = node.in("Mean");
  step.running_variance_in = node.in("Variance");
  step.running_mean = node.out("MeanOut");
  step.running_variance = node.out("VarianceOut");
  step.residual = node.in("Residual");
  step.saved_mean = node.out("SavedMean");
  step.saved_inv_std = node.out("SavedVariance");
  step.y = graph.needed(node.out("Y"));
  step.codes = node.out("Codes");
  step.observers = batch_norm_observers(node);
  step.quantizer = batch_norm_quantizer(node);
  const int64_t channels = step.size.channels;
  Scratch scratch;
  for (int64_t* array :
       {&step.mean, &step.variance, &step.inv_std, &step.min, &step.max, &step.a, &step.b}) {
    *array = scratch.take(channels);
  }
  step.workspace =
      scratch.take(cpu::batch_norm_statistics_workspace_floats(step.size.pixels, channels));
  return {.run = [step](const Run& run) { step.run(run); },
          .workspace_bytes = scratch.size_bytes()};
}

}  // namespace

void register_batch_norm(KernelRegistry& registry) {
  for (const char* kind : {"batch_norm", "fused_batch_norm"}) {
    registry.add({.kind = kind,
                  .name = "nhwc",
                  .nhwc = {"X", "Y", "Residual", "Quantized", "Codes"},
                  .in_place = {{"Y", "X"}, {"Quantized", "X"}, {"Y", "Residual"}},
                  .accepts = accepts_forward,
                  .prepare = prepare_forward});
  }
}

}  // namespace intact
