#pragma once

#include "runtime/graph.h"

namespace intact {

// Each in a file of its own; the order is in runtime/fusions.cc.
void drop_shape_operands(Graph& graph);
void quantize_dequantize(Graph& graph);
void batch_norm_activation_grad(Graph& graph);
void batch_norm_residual_grad(Graph& graph);
void observe_in_batch_norm(Graph& graph);
void batch_norm_activation(Graph& graph);
void batch_norm_residual(Graph& graph);
void quantize_in_batch_norm(Graph& graph);
void add_activation(Graph& graph);
void carry_codes(Graph& graph);
void recompute_conv(Graph& graph);
void recompute_activation(Graph& graph);
void optimizer_updates(Graph& graph);

}  // namespace intact
