#include "intact/quant/calibrate.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "intact/runtime/executor.h"
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

/// The feeds that `needed`, a part of `program`, reads: a batch may hold labels too.
TensorMap feeds_for(const Program& needed, const Program& program, const TensorMap& batch) {
  TensorMap feeds;
  for (const auto& [name, tensor] : batch) {
    check(program.block().find_var(name) != nullptr,
          "calibrate: a batch holds '{}', which is no Var of the program; name its data Vars",
          name);
    if (needed.block().find_var(name) != nullptr) {
      feeds[name] = tensor;
    }
  }
  return feeds;
}

/// Runs every batch and hands out the tensors, one by one.
template <class Visit>
int64_t for_each_batch(const Program& program,
                       Scope& scope,
                       const std::vector<std::string>& tensors,
                       const CalibrationBatches& batches,
                       const Visit& visit) {
  Executor executor;
  const Program needed = program.prune({}, tensors);
  int64_t count = 0;
  batches([&](const TensorMap& batch) {
    const TensorMap feeds = feeds_for(needed, program, batch);
    const std::vector<Tensor> values = executor.run(needed, feeds, tensors, scope);
    for (size_t i = 0; i < tensors.size(); ++i) {
      visit(i, values[i]);
    }
    ++count;
  });
  return count;
}

}  // namespace

const char* to_string(PtqAlgorithm algorithm) {
  for (const auto& [name, known] : kAlgorithms) {
    if (known == algorithm) {
      return name;
    }
  }
  fail(ErrorCode::Internal, "ptq: unknown algorithm {}", static_cast<int>(algorithm));
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
    for_each_batch(program, scope, tensors, batches, [&](size_t i, const Tensor& values) {
      finders[i]->observe_range(values);
    });
  }
  const int64_t count =
      for_each_batch(program, scope, tensors, batches, [&](size_t i, const Tensor& values) {
        finders[i]->observe(values);
      });
  check(count > 0, "calibrate: there is no batch; give some data");
  std::map<std::string, float> thresholds;
  for (size_t i = 0; i < tensors.size(); ++i) {
    thresholds[tensors[i]] = static_cast<float>(finders[i]->threshold());
  }
  return thresholds;
}

}  // namespace intact
