#pragma once

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {

/// Rows of a table by id, what lookup_table and lookup_table_v2 share. A table of int8 or int16
/// codes gives codes.
void check_lookup(const InferContext& op);
void look_up(const KernelContext& op);
/// W@GRAD: the rows of Out@GRAD added up by id.
void look_up_grad(const KernelContext& op);
void infer_look_up_grad(InferContext& op);

}  // namespace intact
