#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/coverage.h"
#include "intact/quant/quant_post.h"
#include "intact/tensor/shape.h"

namespace intact {

/// How the values of a quantized tensor fall on its codes.
struct TensorAnalysis {
  QuantizedTensor tensor;
  int64_t count = 0;         // values seen
  int64_t clipped_low = 0;   // of them, those below the lowest code's value
  int64_t clipped_high = 0;  // and above the highest's
  float smallest = 0;
  float largest = 0;
  /// 10 log10(sum x^2 / sum (x - its code's value)^2); nothing when all are equal.
  std::optional<double> sqnr_db = {};
  /// Values on each code, from tensor.low on; with more than 8 bits on groups of them.
  std::vector<int64_t> histogram = {};
  int codes_per_bin = 1;

  int64_t codes_used() const;  // bins that are not empty
  double clip_share() const;
};

/// An op that reads quantized tensors.
struct LayerAnalysis {
  std::string op;  // Op::label()
  std::string type;
  std::string weight = {};               // name of a quantized one; "": none
  Shape weight_shape = {};               // as stored
  std::vector<std::string> inputs = {};  // other quantized tensors
  Shape output_shape = {};
  /// Of the op's output against the same network's without quantizers: what all layers so far have
  /// added up to. Nothing when there is no difference.
  std::optional<double> sqnr_db = {};
};

struct QuantizationAnalysis {
  std::vector<TensorAnalysis> tensors;  // each once, in order of their first use
  std::vector<LayerAnalysis> layers;
  std::optional<double> output_sqnr_db;  // of the first fetch
  int64_t images = 0;                    // that the activations are from

  const TensorAnalysis& tensor(const std::string& name) const;
};

struct AnalysisInput {
  const Program& quantized;  // of quant_aware, for evaluation
  const Program& original;   // what it was made of
  const Scope& scope;        // never altered
  std::vector<std::string> feeds;
  std::vector<std::string> fetches;
};

/// Runs both programs on the batches. Throws: NotFound (a feed, fetch or parameter).
QuantizationAnalysis analyze_quantization(const AnalysisInput& input,
                                          const CalibrationBatches& batches);

}  // namespace intact
