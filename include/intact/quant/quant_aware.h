#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"
#include "intact/quant/report.h"
#include "intact/runtime/place.h"

namespace intact {

/// Builds ops before `consumer` that read `input`, and returns the Var `consumer` shall read in its
/// place.
using QuantHook = std::function<Var&(Rewriter& rewriter, const Op& consumer, Var& input)>;

struct QuantAwareOptions {
  /// Evaluation: scales are read, not updated, and no moving-average state is made.
  bool for_test = false;
  /// Gets initial scales and states; what it holds already is kept.
  Scope* scope = &global_scope();
  /// Applied to a weight / an activation before it is quantized.
  QuantHook weight_preprocess = {};
  QuantHook activation_preprocess = {};
  /// In place of the built-in quantize and dequantize ops.
  QuantHook weight_quantize = {};
  QuantHook activation_quantize = {};
  /// Initial values of `<tensor>@scale`, by tensor name, where the Scope has none.
  std::map<std::string, float> scale_dict = {};
  /// Passes of quant_aware_passes() to leave out.
  std::vector<std::string> disabled_passes = {};
  /// Filled when given.
  QuantReport* report = nullptr;
};

/// Copy of `program` whose quantizable ops read fake-quantized inputs, and whose outputs' ranges
/// are recorded. Works on a program for training (its gradient ops then read the quantized values:
/// the straight-through estimator) or for evaluation. Calling it before or after fine-tuning makes
/// no difference: scales the Scope has are never overwritten.
/// Throws: InvalidArgument (config, or the program is quantized already), Unsupported (place).
/// Source: PaddleSlim 2.6.0 quant_aware.
Program quant_aware(const Program& program,
                    Place place = CpuPlace{},
                    const QuantConfig& config = {},
                    const QuantAwareOptions& options = {});

/// Names of the passes, in order.
std::vector<std::string> quant_aware_passes();

}  // namespace intact
