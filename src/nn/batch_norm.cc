#include "intact/nn/batch_norm.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {

Var& batch_norm(Var& x, const BatchNormOptions& options) {
  Layer layer("batch_norm", options.name);
  check(x.shape().rank() >= 2 && x.shape()[1] > 0,
        "{}: input has shape {} but must be [N,C,...] with known C; reshape it",
        layer.where(),
        x.shape().to_string());
  const Shape channels{x.shape()[1]};
  Var& scale = layer.parameter(options.scale, "w", channels, Constant{1.0f});
  Var& offset = layer.parameter(options.offset, "b", channels, Constant{0.0f});
  Var& mean = layer.statistic(options.mean_name, channels, 0.0f);
  Var& variance = layer.statistic(options.variance_name, channels, 1.0f);
  Var& saved_mean = layer.temporary();
  Var& saved_variance = layer.temporary();
  layer.skip_temporary();  // Paddle's ReserveSpace, which only cuDNN fills
  Var& y = layer.temporary();
  layer.append({.type = "batch_norm",
                .inputs = {{"X", {&x}},
                           {"Scale", {&scale}},
                           {"Bias", {&offset}},
                           {"Mean", {&mean}},
                           {"Variance", {&variance}}},
                .outputs = {{"Y", {&y}},
                            {"MeanOut", {&mean}},
                            {"VarianceOut", {&variance}},
                            {"SavedMean", {&saved_mean}},
                            {"SavedVariance", {&saved_variance}}},
                .attrs = {{"momentum", options.momentum},
                          {"epsilon", options.epsilon},
                          {"use_global_stats", options.use_global_stats}}});
  return layer.activate(y, options.activation);
}

}  // namespace intact::nn
