#pragma once

#include <string>
#include <vector>

#include "support/plan_agrees.h"

namespace intact {

/// Names of the small classification networks below: "mobile" (depthwise, relu6), "residual" (max
/// pool, identity and projection shortcuts), "lenet" (biases, grouped convolution, average pool,
/// fully connected layers).
const std::vector<std::string>& small_net_names();

/// One of them with loss, backward and momentum, and three training batches, the last of another
/// size. Fetches the loss and the logits.
TestProgram small_net(const std::string& name);
/// The same for evaluation only.
TestProgram small_net_for_test(const std::string& name);

}  // namespace intact
