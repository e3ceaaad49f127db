#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/size2d.h"

namespace intact::nn {

enum class PoolType { Max, Average };

struct Pool2dOptions {
  PoolType type = PoolType::Max;
  Size2d kernel = 2;
  std::optional<Size2d> stride = {};  // default: the kernel
  Size2d padding = 0;
  bool ceil_mode = false;
  bool exclusive = true;  // averages divide by the number of valid elements
  bool adaptive = false;  // kernel is the output size: {1, 1} is a global pool
  std::string name = {};
};

/// x: [N,C,H,W].
Var& pool2d(Var& x, const Pool2dOptions& options);
/// Average over H and W: [N,C,1,1].
Var& global_average_pool(Var& x);

}  // namespace intact::nn
