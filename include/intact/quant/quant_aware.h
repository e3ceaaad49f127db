#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/calibrate.h"
#include "intact/quant/quant_config.h"
#include "intact/quant/report.h"
#include "intact/runtime/place.h"

namespace intact {

/// Builds ops that read `input` with layer functions, in the current main and startup Programs, and
/// returns the Var of its shape that takes its place. Parameters it makes are trained.
using QuantFunction = std::function<Var&(Var& input)>;
/// Calls minimize(loss) of an Optimizer.
using MinimizeFunction = std::function<void(Var& loss)>;

struct QuantAwareOptions {
  /// Evaluation: scales are read, not updated, and no moving-average state is made.
  bool for_test = false;
  /// Gets initial scales and states; what it holds already is kept.
  Scope* scope = &global_scope();
  /// Applied to a weight / an activation before it is quantized. Gradients flow through them.
  QuantFunction weight_preprocess_func = {};
  QuantFunction act_preprocess_func = {};
  /// In place of the built-in quantize and dequantize ops.
  QuantFunction weight_quantize_func = {};
  QuantFunction act_quantize_func = {};
  /// Trains the parameters of these functions; not needed for test, nor without parameters.
  MinimizeFunction optimizer_func = {};
  /// Gets the main and startup Programs each function appends to, before it is called. Without it
  /// they end with quant_aware, and the Vars a function kept with them.
  std::vector<std::shared_ptr<Program>>* function_programs = nullptr;
  /// Initial values of `<tensor>@scale`, by tensor name, where the Scope has none.
  std::map<std::string, float> scale_dict = {};
  /// With config.quant_post_first: data to find what scale_dict lacks, and how.
  CalibrationBatches calibration = {};
  PtqAlgorithm calibration_algorithm = PtqAlgorithm::Hist;
  /// Filled when given: the scale_dict used, for another call.
  std::map<std::string, float>* used_scale_dict = nullptr;
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
