#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "intact/quant/coverage.h"

namespace intact {
namespace {

/// A scale folded into another number comes back within its rounding.
constexpr float kFoldedTolerance = 1e-6f;

std::string describe_steps(const std::vector<float>& steps) {
  return steps.empty()       ? "no step"
         : steps.size() == 1 ? fmt::format("step {}", steps.front())
                             : fmt::format("{} steps from {}", steps.size(), steps.front());
}

std::string describe(const QuantizedTensor& tensor) {
  return fmt::format("{} bits, codes {}..{}, zero point {}, {}",
                     tensor.bits,
                     tensor.low,
                     tensor.high,
                     tensor.zero_point,
                     describe_steps(tensor.steps));
}

bool same_steps(const QuantizedTensor& a, const QuantizedTensor& b) {
  if (a.bits != 0 && b.bits != 0) {
    return a.steps == b.steps && a.axis == b.axis;
  }
  return a.steps.size() == 1 && b.steps.size() == 1 &&
         std::abs(a.steps[0] - b.steps[0]) <= kFoldedTolerance * std::abs(a.steps[0]);
}

bool same_range(const QuantizedTensor& a, const QuantizedTensor& b) {
  const bool is_unknown = a.bits == 0 || b.bits == 0;
  return a.zero_point == b.zero_point &&
         (is_unknown || (a.bits == b.bits && a.low == b.low && a.high == b.high));
}

/// Collects the differences of one place.
class Comparison {
 public:
  void compare(const std::string& where, const LedgerInput& a, const LedgerInput& b) {
    if (a.quantized.has_value() != b.quantized.has_value()) {
      add("{} reads '{}' {} in training but {}",
          where,
          a.tensor,
          a.quantized ? "quantized" : "as floats",
          b.quantized ? "quantized" : "as floats");
    } else if (a.quantized) {
      compare(where, *a.quantized, *b.quantized);
    } else if (a.tensor != b.tensor) {
      add("{} reads '{}' in training but '{}'", where, a.tensor, b.tensor);
    } else if (a.digest != b.digest) {
      add("{} reads '{}', whose values differ from training's or are missing", where, a.tensor);
    }
    if (a.flaw != b.flaw) {
      add("{} reads '{}': {}",
          where,
          b.tensor,
          b.flaw.empty() ? "sound, unlike in training" : b.flaw);
    }
  }

  void compare(const std::string& where, const QuantizedTensor& a, const QuantizedTensor& b) {
    if (a.name != b.name) {
      add("{} reads the codes of '{}' in training but of '{}'", where, a.name, b.name);
    } else if (!same_range(a, b) || !same_steps(a, b)) {
      add("{}: '{}' has {} in training but {} ({})",
          where,
          a.name,
          describe(a),
          describe(b),
          b.source);
    } else if (a.flaw != b.flaw) {
      add("{}: '{}': {}", where, b.name, b.flaw.empty() ? "is sound, unlike in training" : b.flaw);
    } else if (a.codes_digest != b.codes_digest) {
      add("{}: the codes of '{}' differ from training's", where, a.name);
    }
  }

  void compare(const LedgerOp& a, const LedgerOp& b) {
    if (a.attrs != b.attrs) {
      add("{} has other attributes than in training", a.label);
    }
    if (a.inputs.size() != b.inputs.size()) {
      add("{} has {} inputs in training but {}", a.label, a.inputs.size(), b.inputs.size());
    } else {
      for (size_t i = 0; i < a.inputs.size(); ++i) {
        compare(a.label, a.inputs[i], b.inputs[i]);
      }
    }
    if (a.output_scale && a.output_scale != b.output_scale) {
      add("{}: the scale {} of its output {}",
          a.label,
          *a.output_scale,
          b.output_scale ? fmt::format("has become {}", *b.output_scale) : "is missing");
    }
  }

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    differences.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  std::vector<std::string> differences;
};

std::map<std::string, const LedgerOp*> by_label(const CoverageLedger& ledger) {
  std::map<std::string, const LedgerOp*> ops;
  for (const LedgerOp& op : ledger.ops) {
    ops[op.label] = &op;
  }
  return ops;
}

}  // namespace

std::vector<std::string> compare_coverage(const CoverageLedger& trained,
                                          const CoverageLedger& shipped) {
  Comparison comparison;
  const auto there = by_label(shipped);
  for (const LedgerOp& op : trained.ops) {
    const auto it = there.find(op.label);
    if (it == there.end()) {
      comparison.add("{} is missing", op.label);
    } else {
      comparison.compare(op, *it->second);
    }
  }
  const auto here = by_label(trained);
  for (const LedgerOp& op : shipped.ops) {
    if (!here.contains(op.label)) {
      comparison.add("{} is not in training", op.label);
    }
  }
  if (trained.outputs.size() != shipped.outputs.size()) {
    comparison.add("{} outputs in training but {}", trained.outputs.size(), shipped.outputs.size());
    return comparison.differences;
  }
  for (size_t i = 0; i < trained.outputs.size(); ++i) {
    comparison.compare("the caller", trained.outputs[i], shipped.outputs[i]);
  }
  return comparison.differences;
}

std::string CoverageLedger::to_text() const {
  std::string text;
  for (const QuantizedTensor& tensor : tensors()) {
    text += fmt::format("{} '{}': {}; {}\n",
                        tensor.is_weight ? "weight" : "activation",
                        tensor.name,
                        describe(tensor),
                        tensor.source);
  }
  return text;
}

std::string CoverageLedger::to_json() const {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const QuantizedTensor& tensor : tensors()) {
    json.push_back({{"tensor", tensor.name},
                    {"weight", tensor.is_weight},
                    {"bits", tensor.bits},
                    {"zero_point", tensor.zero_point},
                    {"low", tensor.low},
                    {"high", tensor.high},
                    {"axis", tensor.axis},
                    {"steps", tensor.steps},
                    {"source", tensor.source},
                    {"codes", tensor.codes_digest}});
  }
  return json.dump(2);
}

}  // namespace intact
