#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/graph.h"
#include "runtime/quantizer.h"

namespace intact {

// A fused_batch_norm node is a batch_norm node with more: attribute `activation`; inputs Residual,
// ObservedState and ObservedAccum, QuantState, QuantAccum, QuantScale; outputs ObservedOutScale,
// ObservedOutState and ObservedOutAccum, Quantized, QuantOutScale, QuantOutState, QuantOutAccum.
// Y = act(a*X + b + Residual); Quantized is Y quantized and dequantized, Codes is Y as int8 codes.

/// What an observer fused into a batch norm looks at.
enum class ObservedPoint { X, Normalized, Y };

struct BatchNormObserver {
  ObservedPoint point = ObservedPoint::X;
  MovingAverage average;
};

/// True in test mode and with use_global_stats: the running statistics normalize, nothing moves.
bool uses_running_statistics(const Node& node);

/// Adds an observer node's work to a batch norm. Only MovingAverage's Values are taken over.
void add_observer(Node& batch_norm, ObservedPoint point, const Node& observer);
std::vector<BatchNormObserver> batch_norm_observers(const Node& batch_norm);

/// Adds a per-tensor quantizer of Y.
void set_quantizer(Node& batch_norm, const Quantizer& quantizer);
std::optional<Quantizer> batch_norm_quantizer(const Node& batch_norm);

}  // namespace intact
