#include "intact/nn/matmul.h"

#include "nn/layer.h"

namespace intact::nn {

Var& matmul(Var& x, Var& y, const MatmulOptions& options) {
  Layer layer("matmul_v2");
  Var& out = layer.temporary();
  layer.append({.type = "matmul_v2",
                .inputs = {{"X", {&x}}, {"Y", {&y}}},
                .outputs = {{"Out", {&out}}},
                .attrs = {{"trans_x", options.transpose_x}, {"trans_y", options.transpose_y}}});
  return out;
}

}  // namespace intact::nn
