#include "intact/nn/cross_entropy.h"

#include "intact/nn/reduce.h"
#include "nn/layer.h"

namespace intact::nn {

Var& cross_entropy(Var& x, Var& label, const CrossEntropyOptions& options) {
  Layer layer("softmax_with_cross_entropy");
  Var& softmax = layer.temporary();
  Var& loss = layer.temporary();
  layer.append({.type = "softmax_with_cross_entropy",
                .inputs = {{"Logits", {&x}}, {"Label", {&label}}},
                .outputs = {{"Softmax", {&softmax}}, {"Loss", {&loss}}},
                .attrs = {{"soft_label", options.soft_label},
                          {"use_softmax", options.use_softmax},
                          {"ignore_index", int32_t{options.ignore_index}},
                          {"axis", int32_t{options.axis}}}});
  return options.reduction == Reduction::Mean ? mean(loss) : loss;
}

}  // namespace intact::nn
