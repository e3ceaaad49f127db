#pragma once

#include <algorithm>
#include <string>

#include "intact/ir/program.h"
#include "intact/tensor/random.h"

namespace intact::nn {

/// `seed` attribute of the random op that writes `name`: positive, since 0 means "unset" in Paddle.
inline int32_t op_seed(const Program& program, const std::string& name) {
  const uint64_t seed = stream_seed(program.random_seed(), name);
  return std::max(1, static_cast<int32_t>(seed & 0x7fffffffu));
}

}  // namespace intact::nn
