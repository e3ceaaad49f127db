#include "quant/tensor_difference.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"

namespace intact {
namespace {

/// A scale folded into another number comes back within its rounding.
constexpr float kFoldedTolerance = 1e-6f;

std::string describe_steps(const std::vector<float>& steps) {
  return steps.empty()       ? "no step"
         : steps.size() == 1 ? fmt::format("step {}", steps.front())
                             : fmt::format("{} steps from {}", steps.size(), steps.front());
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

}  // namespace

std::string describe(const QuantizedTensor& tensor) {
  return fmt::format("{} bits, codes {}..{}, zero point {}, {}",
                     tensor.bits,
                     tensor.low,
                     tensor.high,
                     tensor.zero_point,
                     describe_steps(tensor.steps));
}

std::string tensor_difference(const QuantizedTensor& trained, const QuantizedTensor& shipped) {
  if (!same_range(trained, shipped) || !same_steps(trained, shipped)) {
    return fmt::format("'{}' has {} in training but {} ({})",
                       trained.name,
                       describe(trained),
                       describe(shipped),
                       shipped.source);
  }
  if (trained.flaw != shipped.flaw) {
    return fmt::format("'{}': {}",
                       shipped.name,
                       shipped.flaw.empty() ? "is sound, unlike in training" : shipped.flaw);
  }
  if (trained.codes_digest != shipped.codes_digest) {
    return fmt::format("the codes of '{}' differ from training's", trained.name);
  }
  return "";
}

std::string coverage_json(const std::vector<QuantizedTensor>& tensors) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const QuantizedTensor& tensor : tensors) {
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
