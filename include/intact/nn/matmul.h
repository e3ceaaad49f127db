#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

struct MatmulOptions {
  bool transpose_x = false;  // swaps the last two dimensions
  bool transpose_y = false;
};

/// Batched matrix product with broadcasting leading dimensions (`matmul_v2`).
Var& matmul(Var& x, Var& y, const MatmulOptions& options = {});

}  // namespace intact::nn
