#pragma once

#include <set>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/quant/quant_config.h"

namespace intact {

/// Op types each pass handles, from the config and the ops' traits.
struct OpSelection {
  std::set<std::string> with_weight;     // weights and the activations beside them
  std::set<std::string> without_weight;  // activations only
};

OpSelection select_op_types(const QuantConfig& config);

/// The op records the scale of its outputs: it is of a type that can be quantized.
bool is_observed(const Op& op);

/// Marked by mark_skipped_ops, or made by a QuantFunction.
bool is_marked_skipped(const Op& op);
/// Who marked it.
std::string why_marked_skipped(const Op& op);

/// quantization_type of an op the passes are done with; empty before.
std::string quantization_type(const Op& op);

/// Forward ops that read a label, follow such an op, or are marked as the loss: their numbers are
/// for people.
std::set<const Op*> loss_and_metric_ops(const Program& program);

/// Gives an op that is inserted for `anchor` its op_role, where it has one.
void copy_role(OpSpec& inserted, const Op& anchor);

/// Input slots that may hold something to quantize, the weight's included.
std::vector<std::string> quantizable_slots(const Op& op);

/// Channel axis of a weight op reads. Source: spec 2.4; matmul_v2 with trans_y has it in front.
int weight_axis(const Op& op);

}  // namespace intact
