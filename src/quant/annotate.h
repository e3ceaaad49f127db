#pragma once

#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"

namespace intact {

/// Attribute with the reason an op was left in float: saved programs explain themselves.
inline constexpr const char* kReasonAttribute = "quant_skip_reason";

/// The op could be quantized, or carries a parameter: it is listed in reports.
bool is_report_worthy(const Op& op);

/// Writes kReasonAttribute on every such op that was not quantized, from the passes' skips.
void annotate_reasons(Program& program, const std::vector<PassReport>& passes);

}  // namespace intact
