#pragma once

#include <vector>

#include "runtime/graph.h"
#include "runtime/kernel.h"

namespace intact {

/// A Node and what runs it; kernel nullptr: the op's reference kernel.
struct SelectedNode {
  Node* node = nullptr;
  const Kernel* kernel = nullptr;
};

/// Picks a kernel for each node of the scheduled graph and fixes the layout of each Value: a kernel
/// gets the layout it asks for, and a to_nhwc or to_nchw node is put in front of the first reader
/// where the Value has the other one. Marks the outputs of views. Returns the nodes in running
/// order.
std::vector<SelectedNode> select_kernels(Graph& graph, const KernelRegistry& registry);

}  // namespace intact
