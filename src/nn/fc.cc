#include "intact/nn/fc.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {

Var& fc(Var& x, const FcOptions& options) {
  Layer layer("fc", options.name);
  const int kept = options.num_flatten_dims;
  check(kept >= 1 && kept < x.shape().rank(),
        "{}: num_flatten_dims is {} but the input has shape {}; give 1 to rank-1",
        layer.where(),
        kept,
        x.shape().to_string());
  const int64_t features = x.shape().numel(kept, x.shape().rank());
  check(features > 0 && options.size > 0,
        "{}: input {} gives {} features and size is {}, both must be known and positive; set size "
        "or reshape the input",
        layer.where(),
        x.shape().to_string(),
        features,
        options.size);
  Var& weight = layer.parameter(options.weight, "w", {features, options.size}, XavierUniform{});
  Var& product = layer.temporary();
  layer.append({.type = "mul",
                .inputs = {{"X", {&x}}, {"Y", {&weight}}},
                .outputs = {{"Out", {&product}}},
                .attrs = {{"x_num_col_dims", int32_t{kept}}}});
  Var* out = &product;
  if (options.bias) {
    Var& bias = layer.parameter(*options.bias, "b", {options.size}, Constant{0.0f});
    out = &layer.add_bias(*out, bias, kept);
  }
  return layer.activate(*out, options.activation);
}

}  // namespace intact::nn
