#include "intact/nn/dropout.h"

#include "base/check.h"
#include "nn/layer.h"
#include "nn/seed.h"

namespace intact::nn {

Var& dropout(Var& x, const DropoutOptions& options) {
  Layer layer("dropout");
  check(options.probability >= 0.0f && options.probability <= 1.0f,
        "{}: probability is {} but must be within 0 and 1; change it",
        layer.where(),
        options.probability);
  Var& out = layer.temporary();
  Var& mask = layer.temporary();
  const std::string implementation =
      options.upscale_in_train ? "upscale_in_train" : "downgrade_in_infer";
  layer.append({.type = "dropout",
                .inputs = {{"X", {&x}}},
                .outputs = {{"Out", {&out}}, {"Mask", {&mask}}},
                .attrs = {{"dropout_prob", options.probability},
                          {"dropout_implementation", implementation},
                          {"seed", op_seed(default_main_program(), out.name())}}});
  return out;
}

}  // namespace intact::nn
