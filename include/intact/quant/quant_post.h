#pragma once

#include "intact/quant/calibrate.h"
#include "intact/quant/convert.h"

namespace intact {

/// Quantizes a float Program for evaluation without training: calibrates, inserts the quantizers
/// of quant_aware, converts. config says format, op types, weight type and skip patterns.
/// Throws: what calibrate, quant_aware and convert throw.
/// Source: PaddleSlim 2.6.0 quant_post_static.
Converted quant_post_static(const Program& program,
                            const CalibrationBatches& batches,
                            const QuantConfig& config = {},
                            const PtqOptions& options = {});

/// Names of the passes of optimize_model, in order; those of quant_aware and convert come after.
std::vector<std::string> optimize_model_passes();

}  // namespace intact
