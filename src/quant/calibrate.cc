#include "intact/quant/calibrate.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "quant/run_batches.h"
#include "quant/threshold.h"

namespace intact {
namespace {

constexpr std::array<std::pair<const char*, PtqAlgorithm>, 7> kAlgorithms = {
    {{"abs_max", PtqAlgorithm::AbsMax},
     {"avg", PtqAlgorithm::Avg},
     {"hist", PtqAlgorithm::Hist},
     {"KL", PtqAlgorithm::Kl},
     {"mse", PtqAlgorithm::Mse},
     {"emd", PtqAlgorithm::Emd},
     {"ptf", PtqAlgorithm::Ptf}}};

}  // namespace

const char* to_string(PtqAlgorithm algorithm) {
  for (const auto& [name, known] : kAlgorithms) {
    if (known == algorithm) {
      return name;
    }
  }
  fail(ErrorCode::Internal, "ptq: unknown algorithm {}", static_cast<int>(algorithm));
}

const char* to_string(WeightRounding rounding) {
  return rounding == WeightRounding::Nearest ? "round" : "adaround";
}

WeightRounding weight_rounding(const std::string& name) {
  check(name == "round" || name == "adaround",
        "ptq: weight rounding '{}' is not known; use round or adaround",
        name);
  return name == "round" ? WeightRounding::Nearest : WeightRounding::Learned;
}

std::vector<std::string> ptq_algorithm_names() {
  std::vector<std::string> names;
  for (const auto& [name, algorithm] : kAlgorithms) {
    names.emplace_back(name);
  }
  return names;
}

PtqAlgorithm ptq_algorithm(const std::string& name) {
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (name == known) {
      return algorithm;
    }
  }
  fail(ErrorCode::InvalidArgument,
       "ptq: '{}' is no algorithm; use one of {}",
       name,
       fmt::join(ptq_algorithm_names(), ", "));
}

std::map<std::string, float> calibrate(const Program& program,
                                       const std::vector<std::string>& tensors,
                                       const CalibrationBatches& batches,
                                       const QuantConfig& config,
                                       const PtqOptions& options) {
  check(options.scope != nullptr, "calibrate: the scope is null; pass one");
  check(options.hist_percent > 0 && options.hist_percent <= 1,
        "calibrate: hist_percent is {}; give a share above 0, up to 1",
        options.hist_percent);
  Scope scope = options.scope->clone();
  std::vector<std::unique_ptr<ThresholdFinder>> finders;
  for (size_t i = 0; i < tensors.size(); ++i) {
    finders.push_back(make_threshold_finder(options, config));
  }
  const bool needs_range =
      std::ranges::any_of(finders, [](const auto& f) { return f->needs_range(); });
  if (needs_range) {
    run_batches(program, scope, tensors, batches, [&](const std::vector<Tensor>& values) {
      for (size_t i = 0; i < tensors.size(); ++i) {
        finders[i]->observe_range(values[i]);
      }
    });
  }
  const int64_t count =
      run_batches(program, scope, tensors, batches, [&](const std::vector<Tensor>& values) {
        for (size_t i = 0; i < tensors.size(); ++i) {
          finders[i]->observe(values[i]);
        }
      });
  check(count > 0, "calibrate: there is no batch; give some data");
  std::map<std::string, float> thresholds;
  for (size_t i = 0; i < tensors.size(); ++i) {
    thresholds[tensors[i]] = static_cast<float>(finders[i]->threshold());
  }
  return thresholds;
}

}  // namespace intact
