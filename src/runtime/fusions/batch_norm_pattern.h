#pragma once

#include "runtime/graph.h"
#include "runtime/kernel.h"

namespace intact {

/// True for a batch_norm or fused_batch_norm that the fused kernel takes.
inline bool is_fusible_batch_norm(const Graph& graph, const Node& node) {
  if (node.kind != "batch_norm" && node.kind != "fused_batch_norm") {
    return false;
  }
  const int rank = graph[node.in("X")].shape.rank();
  return (rank == 2 || rank == 4) && node.in("Scale") != kNoValue && node.in("Bias") != kNoValue &&
         node.in("MomentumTensor") == kNoValue &&
         is_float32(graph, node, {"X", "Scale", "Bias", "Mean", "Variance"});
}

/// True when more can be fused behind it: so far it only normalizes.
inline bool is_open_batch_norm(const Graph& graph, const Node& node) {
  return is_fusible_batch_norm(graph, node) && !node.attrs.contains("activation") &&
         node.in("Residual") == kNoValue && node.out("Quantized") == kNoValue;
}

inline Node as_fused(const Node& batch_norm) {
  Node fused = batch_norm;
  fused.kind = "fused_batch_norm";
  fused.op = nullptr;
  return fused;
}

}  // namespace intact
