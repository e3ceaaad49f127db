#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

struct DropoutOptions {
  float probability = 0.5f;      // of an element becoming 0
  bool upscale_in_train = true;  // divide kept elements by 1-p in training; false: multiply by 1-p
                                 // in test
};

/// Its mask is drawn from the main Program's random_seed, the Var's name and the run index.
Var& dropout(Var& x, const DropoutOptions& options = {});

}  // namespace intact::nn
