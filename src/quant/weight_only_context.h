#pragma once

#include "intact/ir/scope.h"
#include "intact/quant/quant_embedding.h"
#include "intact/quant/quant_post_dynamic.h"

namespace intact {

/// What the pass of quant_post_dynamic works with.
struct DynamicContext {
  const QuantPostDynamicOptions& options;
  Scope& scope;  // the result's own
};

/// What the pass of quant_embedding works with.
struct EmbeddingContext {
  const QuantEmbeddingOptions& options;
  Scope& scope;  // the result's own
};

}  // namespace intact
