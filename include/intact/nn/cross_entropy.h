#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

enum class Reduction { None, Mean };

struct CrossEntropyOptions {
  bool soft_label = false;  // label holds class probabilities [N,C], not indices [N,1]
  int ignore_index = -100;  // rows with this label have loss 0
  int axis = -1;
  bool use_softmax = true;  // false: x holds probabilities already
  Reduction reduction = Reduction::Mean;
};

/// -log softmax(logits)[label]. x: logits [N,C]; label: int64 [N,1].
/// A network that ends in softmax must not be passed with use_softmax, or softmax is applied twice
/// and the loss of 10 classes cannot go below 1.4612.
Var& cross_entropy(Var& x, Var& label, const CrossEntropyOptions& options = {});

}  // namespace intact::nn
