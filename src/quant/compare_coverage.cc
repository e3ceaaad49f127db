#include <map>

#include "base/check.h"
#include "intact/quant/coverage.h"
#include "quant/tensor_difference.h"

namespace intact {
namespace {

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
    } else if (const std::string difference = tensor_difference(a, b); !difference.empty()) {
      add("{}: {}", where, difference);
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
  return coverage_json(tensors());
}

}  // namespace intact
