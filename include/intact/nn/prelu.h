#pragma once

#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

struct PreluOptions {
  std::string mode = "all";  // all: one slope; channel: one per channel; element: one per element
  std::string name = {};
  ParamAttr slope = {};  // default 0.25
};

/// x where it is positive, else slope * x with a learnt slope. Source: He et al. 2015.
Var& prelu(Var& x, const PreluOptions& options = {});

}  // namespace intact::nn
