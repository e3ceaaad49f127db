#pragma once

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {

/// What top_k (along the last axis) and top_k_v2 share.
void infer_top_k(InferContext& op, int axis);
/// The k largest, or smallest, sorted; equal elements keep the order of their indices.
void find_top_k(const KernelContext& op, int axis, bool largest);
/// X@GRAD: Out@GRAD where Indices say, else 0.
void infer_top_k_grad(InferContext& op);
void scatter_top_k_grad(const KernelContext& op, int axis);

}  // namespace intact
