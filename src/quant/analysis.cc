#include "intact/quant/analysis.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.h"
#include "intact/runtime/executor.h"
#include "tensor/affine_quantize.h"

namespace intact {
namespace {

constexpr int kMaxBins = 512;

/// Energy of a signal and of its error.
struct Noise {
  double signal = 0;
  double noise = 0;

  void add(double exact, double approximate) {
    signal += exact * exact;
    noise += (exact - approximate) * (exact - approximate);
  }
  void add(const Tensor& exact, const Tensor& approximate) {
    const auto a = exact.values<float>();
    const auto b = approximate.values<float>();
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      add(a[i], b[i]);
    }
  }
  std::optional<double> decibels() const {
    return noise > 0 && signal > 0 ? std::optional(10 * std::log10(signal / noise)) : std::nullopt;
  }
};

/// Adds a tensor's values up, batch by batch.
class TensorSum {
 public:
  explicit TensorSum(QuantizedTensor tensor) {
    const int codes = tensor.high - tensor.low + 1;
    result_.codes_per_bin = (codes + kMaxBins - 1) / kMaxBins;
    result_.histogram.resize(
        static_cast<size_t>((codes + result_.codes_per_bin - 1) / result_.codes_per_bin));
    result_.tensor = std::move(tensor);
  }

  void add(const Tensor& values) {
    const QuantizedTensor& tensor = result_.tensor;
    const int64_t channels = tensor.steps.size() == 1 ? 1 : values.shape()[tensor.axis];
    check(channels == static_cast<int64_t>(tensor.steps.size()),
          "analysis: '{}' has {} channels but {} steps",
          tensor.name,
          channels,
          tensor.steps.size());
    const int64_t inner =
        channels == 1 ? 1 : values.shape().numel(tensor.axis + 1, values.shape().rank());
    const float* data = values.data<float>();
    for (int64_t i = 0; i < values.numel(); ++i) {
      add(data[i], tensor.steps[static_cast<size_t>(i / inner % channels)]);
    }
  }

  TensorAnalysis result() const {
    TensorAnalysis result = result_;
    result.sqnr_db = noise_.decibels();
    return result;
  }

 private:
  void add(float value, float step) {
    const QuantizedTensor& tensor = result_.tensor;
    const float smallest_step = std::max(step, 1e-30f);  // a channel of zeros has step 0
    const float wanted =
        std::nearbyint(value / smallest_step) + static_cast<float>(tensor.zero_point);
    const int32_t code =
        quantize_affine(value, smallest_step, tensor.zero_point, {tensor.low, tensor.high});
    noise_.add(value, dequantize_affine(code, step, tensor.zero_point));
    result_.clipped_low += wanted < static_cast<float>(tensor.low) ? 1 : 0;
    result_.clipped_high += wanted > static_cast<float>(tensor.high) ? 1 : 0;
    ++result_.histogram[static_cast<size_t>((code - tensor.low) / result_.codes_per_bin)];
    result_.smallest = result_.count == 0 ? value : std::min(result_.smallest, value);
    result_.largest = result_.count == 0 ? value : std::max(result_.largest, value);
    ++result_.count;
  }

  TensorAnalysis result_;
  Noise noise_;
};

/// The Var that holds an op's result: what its label names.
const Var& result_of(const Op& op) {
  for (const SlotDef& slot : op.def().outputs) {
    if (!slot.is_intermediate && op.has_output(slot.name)) {
      return op.output(slot.name);
    }
  }
  fail(ErrorCode::Internal, "{}: has no output", op.label());
}

const Op* find_op(const Program& program, const std::string& label) {
  for (const Op* op : program.ops()) {
    if (op->label() == label) {
      return op;
    }
  }
  return nullptr;
}

LayerAnalysis layer_of(const LedgerOp& entry, const AnalysisInput& input) {
  const Op* op = find_op(input.quantized, entry.label);
  LayerAnalysis layer{
      .op = entry.label, .type = op->type(), .output_shape = result_of(*op).shape()};
  for (const LedgerInput& read : entry.inputs) {
    if (read.quantized && read.quantized->is_weight) {
      layer.weight = read.quantized->name;
      layer.weight_shape = input.scope.get(layer.weight).shape();
    } else if (read.quantized) {
      layer.inputs.push_back(read.quantized->name);
    }
  }
  return layer;
}

bool reads_codes(const LedgerOp& entry) {
  return std::ranges::any_of(entry.inputs,
                             [](const LedgerInput& read) { return read.quantized.has_value(); });
}

/// Sums over the batches.
class Sums {
 public:
  Sums(const AnalysisInput& input, const CoverageLedger& ledger) : input_(input) {
    for (const QuantizedTensor& tensor : ledger.tensors()) {
      if (!tensor.is_weight && !tensor.steps.empty()) {
        activations_.emplace(tensor.name, TensorSum(tensor));
      }
    }
    for (const LedgerOp& entry : ledger.ops) {
      if (reads_codes(entry)) {
        outputs_[result_of(*find_op(input.quantized, entry.label)).name()] = {};
      }
    }
    outputs_[input.fetches.front()] = {};
  }

  void add(const TensorMap& batch) {
    std::vector<std::string> outputs;
    for (const auto& [name, noise] : outputs_) {
      outputs.push_back(name);
    }
    std::vector<std::string> wanted = outputs;
    for (const auto& [name, sum] : activations_) {
      wanted.push_back(name);
    }
    const std::vector<Tensor> got = executor_.run(input_.quantized, batch, wanted, scope_);
    const std::vector<Tensor> exact = executor_.run(input_.original, batch, outputs, scope_);
    for (size_t i = 0; i < outputs.size(); ++i) {
      outputs_.at(outputs[i]).add(exact[i], got[i]);
    }
    for (size_t i = outputs.size(); i < wanted.size(); ++i) {
      activations_.at(wanted[i]).add(got[i]);
    }
  }

  TensorAnalysis activation(const std::string& name) const {
    return activations_.at(name).result();
  }
  std::optional<double> decibels(const std::string& output) const {
    return outputs_.at(output).decibels();
  }

 private:
  const AnalysisInput& input_;
  Executor executor_;
  Scope scope_ = input_.scope.clone();
  std::map<std::string, TensorSum> activations_;
  std::map<std::string, Noise> outputs_;  // of ops both programs have
};

}  // namespace

int64_t TensorAnalysis::codes_used() const {
  return std::ranges::count_if(histogram, [](int64_t count) { return count > 0; });
}

double TensorAnalysis::clip_share() const {
  return count == 0 ? 0
                    : static_cast<double>(clipped_low + clipped_high) / static_cast<double>(count);
}

const TensorAnalysis& QuantizationAnalysis::tensor(const std::string& name) const {
  const auto found = std::ranges::find_if(
      tensors, [&](const TensorAnalysis& entry) { return entry.tensor.name == name; });
  check(found != tensors.end(), "analysis: there is no quantized tensor '{}'", name);
  return *found;
}

QuantizationAnalysis analyze_quantization(const AnalysisInput& input,
                                          const CalibrationBatches& batches) {
  const CoverageLedger ledger =
      coverage_ledger(input.quantized, input.scope, input.feeds, input.fetches);
  QuantizationAnalysis analysis;
  Sums sums(input, ledger);
  batches([&](const TensorMap& batch) {
    sums.add(batch);
    analysis.images += batch.begin()->second.shape()[0];
  });
  for (const QuantizedTensor& tensor : ledger.tensors()) {
    if (tensor.steps.empty()) {
      continue;  // never seen a value
    }
    if (tensor.is_weight) {
      TensorSum sum(tensor);
      sum.add(input.scope.get(tensor.name));
      analysis.tensors.push_back(sum.result());
    } else {
      analysis.tensors.push_back(sums.activation(tensor.name));
    }
  }
  for (const LedgerOp& entry : ledger.ops) {
    if (reads_codes(entry)) {
      LayerAnalysis layer = layer_of(entry, input);
      layer.sqnr_db = sums.decibels(result_of(*find_op(input.quantized, entry.label)).name());
      analysis.layers.push_back(std::move(layer));
    }
  }
  analysis.output_sqnr_db = sums.decibels(input.fetches.front());
  return analysis;
}

}  // namespace intact
