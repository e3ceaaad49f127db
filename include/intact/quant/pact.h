#pragma once

#include "intact/ir/program.h"

namespace intact {

struct PactOptions {
  float initial_threshold = 20.0f;
  float l2_decay = 1e-4f;
};

/// Clips x to [-t, t] with a learnable t, the parameter `<x>_pact` [1]: a ready act_preprocess_func
/// of quant_aware. Source: PACT, Choi et al. 2018, as PaddleSlim 2.6.0 ships it (spec 2.2), which
/// trains it with Momentum(1e-4, 0.9).
Var& pact(Var& x, const PactOptions& options = {});

}  // namespace intact
