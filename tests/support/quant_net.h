#pragma once

#include <string>

#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// Text of a program: two convolutions around a relu, a fully connected layer, cross entropy.
/// Data x [-1,3,4,4] and label [-1,1]; logits y, loss mean.
extern const char* const kQuantNet;
/// Its parameters, the same on every run.
Scope quant_net_scope();
/// A batch of two; another seed, other images.
TensorMap quant_net_batch(uint64_t seed);

}  // namespace intact
