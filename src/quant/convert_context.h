#pragma once

#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"

namespace intact {

/// What the passes of convert share.
struct ConvertContext {
  const QuantConfig& config;
  Scope& scope;  // the converted model's own
};

}  // namespace intact
