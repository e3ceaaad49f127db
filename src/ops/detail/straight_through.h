#pragma once

#include "intact/ir/gradient_context.h"

namespace intact {

/// Gradient rule of the quantize-dequantize ops: dX = dOut, not clipped (spec 3.3).
inline void straight_through(GradientContext& op) {
  Var* dout = op.output_grad("Out");
  if (dout == nullptr) {
    return;
  }
  if (Var* dx = op.input_grad("X")) {
    op.append({.type = "straight_through_estimator_grad",
               .inputs = {{"Out@GRAD", {dout}}},
               .outputs = {{"X@GRAD", {dx}}}});
  }
}

}  // namespace intact
