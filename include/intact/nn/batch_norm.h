#pragma once

#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

struct BatchNormOptions {
  float momentum = 0.9f;  // of the moving statistics: running*momentum + batch*(1-momentum)
  float epsilon = 1e-5f;
  bool use_global_stats = false;
  // The strings stand before the ParamAttrs: the other order makes GCC 12 warn of its own making.
  std::string activation = {};
  std::string name = {};
  ParamAttr scale = {};            // [C], default 1
  ParamAttr offset = {};           // [C], default 0
  std::string mean_name = {};      // [C], starts at 0
  std::string variance_name = {};  // [C], starts at 1
};

/// x: [N,C,H,W] or [N,C]. Normalizes each channel by the batch's mean and biased variance when
/// training, by the moving statistics in a clone_for_test Program.
Var& batch_norm(Var& x, const BatchNormOptions& options = {});

}  // namespace intact::nn
