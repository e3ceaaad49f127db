#pragma once

#include <string>
#include <vector>

#include "intact/quant/coverage.h"
#include "intact/quant/quant_aware.h"

namespace intact {

/// What of `quantized`, made of the float `program` for training, cannot ship: layers that stay
/// float although nobody asked for it, and what a dry-run export of the untrained evaluation
/// program loses or refuses. Parameters the Scope lacks count as random.
std::vector<CoverageGap> find_gaps(const Program& program,
                                   const Program& quantized,
                                   const QuantConfig& config,
                                   const QuantAwareOptions& options);

/// "a: reason; remedy. b: ..."
std::string join_gaps(const std::vector<CoverageGap>& gaps);

}  // namespace intact
