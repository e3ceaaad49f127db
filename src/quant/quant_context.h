#pragma once

#include <string>
#include <vector>

#include "intact/ir/scope.h"
#include "intact/quant/quant_aware.h"
#include "intact/quant/quant_config.h"
#include "quant/function_splicer.h"

namespace intact {

/// What the passes of quant_aware share.
struct QuantContext {
  const QuantConfig& config;
  const QuantAwareOptions& options;
  Scope& scope;
  std::vector<std::string>& notes;
  FunctionSplicer& functions;
};

}  // namespace intact
