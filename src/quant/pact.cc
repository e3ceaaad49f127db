#include "intact/quant/pact.h"

#include "intact/nn/activation.h"
#include "intact/nn/create_parameter.h"
#include "intact/nn/elementwise.h"

namespace intact {

Var& pact(Var& x, const PactOptions& options) {
  Var& threshold = nn::create_parameter({1},
                                        {.name = x.name() + "_pact",
                                         .initializer = nn::Constant{options.initial_threshold},
                                         .l2_decay = options.l2_decay});
  Var& above = nn::relu(nn::elementwise_sub(x, threshold));
  Var& clipped = nn::elementwise_sub(x, above);
  Var& below = nn::relu(nn::elementwise_sub(nn::scale(threshold, -1.0f), clipped));
  return nn::elementwise_add(clipped, below);
}

}  // namespace intact
