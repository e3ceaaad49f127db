#include "intact/nn/accuracy.h"

#include "nn/layer.h"

namespace intact::nn {

TopK topk(Var& x, int k) {
  Layer layer("top_k_v2");
  Var& values = layer.temporary();
  Var& indices = layer.temporary();
  indices.set_stop_gradient(true);
  layer.append({.type = "top_k_v2",
                .inputs = {{"X", {&x}}},
                .outputs = {{"Out", {&values}}, {"Indices", {&indices}}},
                .attrs = {{"k", int32_t{k}}}});
  return {values, indices};
}

Var& accuracy(Var& x, Var& label, int k) {
  const TopK top = topk(x, k);
  Layer layer("accuracy");
  Var& accuracy = layer.temporary();
  Var& correct = layer.temporary();
  Var& total = layer.temporary();
  layer.append(
      {.type = "accuracy",
       .inputs = {{"Out", {&top.values}}, {"Indices", {&top.indices}}, {"Label", {&label}}},
       .outputs = {{"Accuracy", {&accuracy}}, {"Correct", {&correct}}, {"Total", {&total}}}});
  return accuracy;
}

}  // namespace intact::nn
