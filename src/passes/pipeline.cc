#include "intact/passes/pipeline.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"

namespace intact {
namespace {

#ifdef NDEBUG
constexpr bool kVerifyByDefault = false;
#else
constexpr bool kVerifyByDefault = true;
#endif

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_disabled(const std::vector<Pass>& passes, const std::vector<std::string>& disabled) {
  std::vector<std::string> names;
  for (const Pass& pass : passes) {
    names.push_back(pass.name);
  }
  for (const std::string& name : disabled) {
    const std::string near = nearest(name, names);
    check(contains(names, name),
          "disabled_passes: there is no pass '{}'{}; the passes are {}",
          name,
          near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
          names);
  }
}

/// Adds the pass's name to what `action` throws.
template <class Action>
void named(const std::string& pass, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("pass {}: {}", pass, error.what()));
  }
}

PassReport run_pass(const Pass& pass, Program& program) {
  PassReport report;
  const auto start = std::chrono::steady_clock::now();
  named(pass.name, [&] { report = pass.run(program); });
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report.name = pass.name;
  report.seconds = elapsed.count();
  return report;
}

}  // namespace

std::vector<PassReport> run_pipeline(Program& program,
                                     const std::vector<Pass>& passes,
                                     const PipelineOptions& options) {
  check_disabled(passes, options.disabled_passes);
  const bool is_verified = options.verify.value_or(kVerifyByDefault);
  if (is_verified) {
    verify(program);
  }
  std::vector<PassReport> reports;
  for (const Pass& pass : passes) {
    if (contains(options.disabled_passes, pass.name)) {
      continue;
    }
    const std::string before = options.dump ? to_text(program) : std::string();
    reports.push_back(run_pass(pass, program));
    if (is_verified) {
      named(pass.name, [&] { verify(program); });
    }
    if (options.dump) {
      options.dump(reports.back(), before, to_text(program));
    }
  }
  return reports;
}

}  // namespace intact
