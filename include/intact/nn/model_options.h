#pragma once

namespace intact::nn {

struct ModelOptions {
  int class_dim = 1000;
  float scale = 1.0f;  // multiplies the channel counts, truncating; where a model has it
  /// false: the result is the logits, which is what cross_entropy wants. true: the literal zoo
  /// network, which ends in softmax; trained with cross_entropy it applies softmax twice and learns
  /// slowly.
  bool softmax_output = false;
};

}  // namespace intact::nn
