#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// How calibration chooses the abs max that maps to the largest code (spec 8.1).
enum class PtqAlgorithm {
  AbsMax,  // of all data
  Avg,     // mean over batches of the mean over samples of the abs max
  Hist,    // quantile hist_percent of a histogram
  Kl,      // histogram range that loses least information
  Mse,     // least squared error of a batch
  Emd,     // least difference of mean and deviation of a batch
  Ptf,     // best power-of-two share of the last batch's abs max
};

/// How quant_post_static chooses between the two codes next to a weight.
enum class WeightRounding {
  Nearest,
  Learned,  // AdaRound: the choice that keeps the output of the weight's op
};

/// Calls its argument with the feeds of each batch, in order: the same batches each time.
using CalibrationBatches = std::function<void(const std::function<void(const TensorMap&)>&)>;

struct PtqOptions {
  PtqAlgorithm algorithm = PtqAlgorithm::Hist;
  double hist_percent = 0.9999;
  /// Shifts and stretches each channel's quantized weights to the mean and deviation of the float
  /// ones.
  bool bias_correction = false;
  /// Folds batch norm into the layers in front of it first. Their weights then have other scales.
  bool optimize_model = false;
  WeightRounding weight_rounding = WeightRounding::Nearest;
  /// Steps per weight, over the first 32 batches in turn.
  int rounding_steps = 1000;
  bool save_int8 = false;
  const Scope* scope = &global_scope();  // the float model's; never altered
};

/// "abs_max", "avg", "hist", "KL", "mse", "emd", "ptf".
const char* to_string(PtqAlgorithm algorithm);
/// Throws: InvalidArgument, listing the valid names.
PtqAlgorithm ptq_algorithm(const std::string& name);
/// "round", "adaround".
const char* to_string(WeightRounding rounding);
/// Throws: InvalidArgument, listing the valid names.
WeightRounding weight_rounding(const std::string& name);
/// All of them, in the order of PtqAlgorithm.
std::vector<std::string> ptq_algorithm_names();

/// The threshold of each tensor of a float Program. Memory does not grow with the number of
/// batches. Throws: InvalidArgument (no batch), NotFound (a tensor).
std::map<std::string, float> calibrate(const Program& program,
                                       const std::vector<std::string>& tensors,
                                       const CalibrationBatches& batches,
                                       const QuantConfig& config = {},
                                       const PtqOptions& options = {});

}  // namespace intact
